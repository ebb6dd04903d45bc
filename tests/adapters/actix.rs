//! actix-web.

#[path = "suite/mod.rs"]
mod suite;

use std::sync::mpsc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::Cookie;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::middleware::{Condition, Next, from_fn};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, rt};
use apply_cookies::{ApplyCookies, PendingCookies, Secrets, SetCookie};
use futures_util::StreamExt;

use crate::harness::{
    Adapter, Ask, BETWEEN, Chunks, ENCODE, FAIL, Reply, Running, STATUS, Script, Server, Site,
    Surroundings, extractors,
};

pub(crate) struct Tested;

impl Adapter for Tested {
    const FAILED_ERRORS: &'static [u16] = &[400, 403, 404, 500, 503];
    // The framework says for each answer whether it was an error.
    const FAILED_ANSWERS: &'static [u16] = &[];
    const LAYER: &'static str = ".wrap(apply.middleware())";

    fn serve(site: Site) -> Running {
        let (started, starting) = mpsc::channel();
        std::thread::spawn(move || {
            rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    let around = site.surroundings;
                    let layered = around != Surroundings::Bare;
                    let twice = around == Surroundings::LayerTwice;
                    let over_others = around == Surroundings::LayerOverOthers;
                    App::new()
                        .wrap(Condition::new(over_others, from_fn(rework)))
                        .wrap(Condition::new(twice, site.cookies.middleware()))
                        .wrap(Condition::new(twice, from_fn(set_between)))
                        .wrap(Condition::new(layered, site.cookies.middleware()))
                        .wrap(Condition::new(
                            around == Surroundings::LayerInHaste,
                            from_fn(hurry),
                        ))
                        .configure(pages(site.clone()))
                })
                .workers(2)
                .shutdown_timeout(1)
                .bind(("127.0.0.1", 0))
                .unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                started.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = starting.recv().unwrap();
        // Sent at once; the server's own thread acts on it.
        Running::new(address, move || drop(handle.stop(false)))
    }
}

fn pages(site: Site) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .route(extractors::EVERY_CLASS, web::to(extractors::every_class))
            .route(extractors::REQUIRED, web::to(extractors::required))
            .route(extractors::OPTIONAL, web::to(extractors::optional))
            .route(extractors::RENEWED, web::to(extractors::renewed))
            .route(extractors::UNTOUCHED, web::to(extractors::untouched));
        for (path, handler) in site.script.into_pages() {
            let notes = site.notes.clone();
            let page = move |request: HttpRequest, body: Payload, pending: PendingCookies| {
                let notes = notes.clone();
                let reply = handler(Ask { pending, notes });
                async move { answer(reply.await, &request, body) }
            };
            config.route(path, web::to(page));
        }
    }
}

fn answer(reply: Reply, request: &HttpRequest, body: Payload) -> Result<HttpResponse, Error> {
    let status = |status| StatusCode::from_u16(status).unwrap();
    Ok(match reply {
        Reply::Answer {
            status: code,
            fields,
            body,
        } => {
            let mut response = HttpResponse::build(status(code));
            for field in fields {
                response.append_header(field);
            }
            response.body(body)
        }
        Reply::Streamed { fields, chunks } => {
            let mut response = HttpResponse::Ok();
            for field in fields {
                response.append_header(field);
            }
            response.streaming(chunks.map(Ok::<_, Error>))
        }
        Reply::Sse(events) => events.into(),
        Reply::Html(page) => page.into(),
        Reply::Socket(messages) => socket(messages, request, body)?,
        Reply::Fails(code) => return Err(InternalError::new("half-way", status(code)).into()),
        Reply::Refused(error) => return Err(error.into()),
    })
}

fn socket(
    mut messages: Chunks<String>,
    request: &HttpRequest,
    body: Payload,
) -> Result<HttpResponse, Error> {
    let (response, mut socket, _) = actix_ws::handle(request, body)?;
    rt::spawn(async move {
        while let Some(message) = messages.next().await {
            if socket.text(message).await.is_err() {
                break;
            }
        }
    });
    Ok(response)
}

/// Sets a cookie, as some middleware does.
async fn set_between<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let (name, value) = BETWEEN;
    let cookies = request.extract::<PendingCookies>().await?;
    cookies.set(SetCookie::new(name, value))?;
    drop(cookies);
    next.call(request).await
}

/// Changes the answer as the request asks.
async fn rework<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let [coding, answered, failed] = [ENCODE, STATUS, FAIL].map(|name| {
        let value = request.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    });
    let status = |code: String| StatusCode::from_bytes(code.as_bytes()).unwrap();
    if let Some(code) = failed {
        let cookies = request.extract::<PendingCookies>().await?;
        let _ = cookies.get_raw("a");
        return Err(InternalError::new("half-way", status(code)).into());
    }
    let mut response = next.call(request).await?.map_into_boxed_body();
    if let Some(coding) = coding {
        let name = HeaderName::from_static("content-encoding");
        (response.headers_mut()).insert(name, coding.parse().unwrap());
    }
    if let Some(code) = answered {
        *response.response_mut().status_mut() = status(code);
        response = response.map_body(|_, _| BoxBody::new(()));
    }
    Ok(response)
}

/// Limits the time of a request, as some middleware does.
async fn hurry<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    match rt::time::timeout(Duration::from_millis(50), next.call(request)).await {
        Ok(answered) => answered,
        Err(_) => Err(InternalError::new("too late", StatusCode::GATEWAY_TIMEOUT).into()),
    }
}

#[test]
fn a_cookie_of_the_framework_is_pushed_with_safe_attributes() {
    let script = Script::at("/", |ask: Ask| async move {
        ask.pending.set(Cookie::new("theme", "dark"))?;
        Ok(Reply::done())
    });
    let response = Server::<Tested>::start(script.clone()).get("/", &[]);
    let safe = "theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(response.all("set-cookie"), [safe]);
    let plain = Server::<Tested>::with(|_| {
        ApplyCookies::builder(Secrets::random()).origin("http://localhost:8080")
    });
    let response = plain.start(script).get("/", &[]);
    assert_eq!(response.all("set-cookie"), [safe.replace(" Secure;", "")]);
}

/// The framework makes `None` of the error of an optional argument, so the log has to say it.
#[test]
fn without_the_layer_an_optional_cookie_is_none() {
    let server = Server::<Tested>::in_surroundings(Surroundings::Bare).bare();
    let response = server.get(extractors::OPTIONAL, &[]);
    assert_eq!((response.status, &*response.body), (200, "nobody"));
}
