//! axum.

#[path = "suite/mod.rs"]
mod suite;

mod serve;

use std::convert::Infallible;
use std::time::Duration;

use apply_cookies::{PendingCookies, SetCookie};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{ErrorResponse, IntoResponse, Response};
use axum::routing::any;
use futures_util::StreamExt;

use crate::harness::{
    Adapter, Ask, BETWEEN, Chunks, ENCODE, FAIL, Reply, Running, STATUS, Server, Site,
    Surroundings, extractors,
};

pub(crate) struct Tested;

impl Adapter for Tested {
    // An error is an answer here: only its status shows what it was.
    const FAILED_ERRORS: &'static [u16] = &[500, 503];
    const FAILED_ANSWERS: &'static [u16] = &[500, 503];
    const LAYER: &'static str = ".layer(apply.layer())";

    fn serve(site: Site) -> Running {
        serve::serve(router(site))
    }
}

fn router(site: Site) -> Router {
    let mut router = Router::new()
        .route(extractors::EVERY_CLASS, any(extractors::every_class))
        .route(extractors::REQUIRED, any(extractors::required))
        .route(extractors::OPTIONAL, any(extractors::optional))
        .route(extractors::RENEWED, any(extractors::renewed))
        .route(extractors::UNTOUCHED, any(extractors::untouched));
    for (path, handler) in site.script.into_pages() {
        let notes = site.notes.clone();
        let page = move |pending: PendingCookies, upgrade: Upgrade| {
            let notes = notes.clone();
            let reply = handler(Ask { pending, notes });
            async move { answer(reply.await, upgrade) }
        };
        router = router.route(path, any(page));
    }
    let layer = site.cookies.layer();
    match site.surroundings {
        Surroundings::Bare => router,
        Surroundings::Layer => router.layer(layer),
        Surroundings::LayerTwice => router
            .layer(layer.clone())
            .layer(from_fn(set_between))
            .layer(layer),
        Surroundings::LayerOverOthers => router.layer(from_fn(rework)).layer(layer),
        Surroundings::LayerInHaste => router.layer(layer).layer(from_fn(hurry)),
    }
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

fn answer(reply: Reply, upgrade: Upgrade) -> Response {
    let code = |status| StatusCode::from_u16(status).unwrap();
    match reply {
        Reply::Answer {
            status,
            fields,
            body,
        } => whole(code(status), fields, body.into()),
        Reply::Streamed { fields, chunks } => {
            let chunks = chunks.map(Ok::<_, Infallible>);
            whole(StatusCode::OK, fields, Body::from_stream(chunks))
        }
        Reply::Sse(events) => events.into_response(),
        Reply::Html(page) => page.into_response(),
        Reply::Socket(messages) => match upgrade {
            Ok(upgrade) => socket(messages, upgrade),
            Err(rejection) => rejection.into_response(),
        },
        Reply::Fails(status) => {
            Err::<(), _>(ErrorResponse::from((code(status), "half-way"))).into_response()
        }
        Reply::Refused(error) => error.into_response(),
    }
}

fn whole(status: StatusCode, fields: Vec<(&'static str, &'static str)>, body: Body) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(name, value);
    }
    response.body(body).unwrap()
}

fn socket(mut messages: Chunks<String>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |mut socket| {
        while let Some(message) = messages.next().await {
            if socket.send(Message::Text(message.into())).await.is_err() {
                break;
            }
        }
    })
}

/// Sets a cookie, as some middleware does.
async fn set_between(cookies: PendingCookies, request: Request, next: Next) -> Response {
    let (name, value) = BETWEEN;
    match cookies.set(SetCookie::new(name, value)) {
        Ok(_) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Changes the answer as the request asks.
async fn rework(cookies: PendingCookies, request: Request, next: Next) -> Response {
    let [coding, answered, failed] = [ENCODE, STATUS, FAIL].map(|name| {
        let value = request.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    });
    let status = |code: String| StatusCode::from_bytes(code.as_bytes()).unwrap();
    if let Some(code) = failed {
        let _ = cookies.get_raw("a");
        return Err::<(), _>(ErrorResponse::from((status(code), "half-way"))).into_response();
    }
    drop(cookies);
    let mut response = next.run(request).await;
    if let Some(coding) = coding {
        let fields = response.headers_mut();
        fields.insert("content-encoding", coding.parse().unwrap());
    }
    if let Some(code) = answered {
        *response.status_mut() = status(code);
        *response.body_mut() = Body::empty();
    }
    response
}

/// Limits the time of a request, as some middleware does.
async fn hurry(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(Duration::from_millis(50), next.run(request)).await;
    answer.unwrap_or_else(|_| StatusCode::GATEWAY_TIMEOUT.into_response())
}

#[test]
fn without_the_layer_an_optional_cookie_is_an_error_and_not_none() {
    let server = Server::<Tested>::in_surroundings(Surroundings::Bare).bare();
    let response = server.get(extractors::OPTIONAL, &[]);
    assert_eq!((response.status, &*response.body), (500, ""));
}
