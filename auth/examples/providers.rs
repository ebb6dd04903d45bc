//! Sign-ins with providers: who is signed in, a stream that ends with the sign-in, and a stream and a
//! socket that sign in with a popup. On axum, or with `FRAMEWORK=actix` on actix-web.
//!
//! ```sh
//! export ORIGIN=http://localhost:8080 LISTEN=127.0.0.1:8080 APPLY_COOKIES_SECRET_KEY=…
//! export ISSUER=https://id.example CLIENT_ID=… CLIENT_SECRET=…    # and ISSUER_2 …, a second provider
//! cargo run -p apply-cookies-auth --all-features --example providers
//! ```
//!
//! `REPLAY=file:PATH` and `REVOCATIONS=file:PATH` keep across a restart what was used, and who has signed
//! out. What the tests turn on: `USER_INFO`, `VERIFIED` (a gate), `PASSWORDS` (a form beside the buttons).

#[path = "common/mod.rs"]
mod common;

use std::env;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use apply_cookies::replay::FileRevocations;
use apply_cookies::{ApplyCookies, Clock, Event, PendingCookies};
use apply_cookies_auth::{Auth, ClientSecret, Gate, Identity, Oidc, Refusal, Visitor};
use async_stream::stream;
use futures_util::stream::select;
use futures_util::{Stream, StreamExt};
use serde_json::json;

fn sign_ins(apply: &ApplyCookies) -> Result<Auth, Box<dyn Error>> {
    let is_set = |name: &str| env::var_os(name).is_some();
    let mut auth = Auth::builder(apply).name("Example");
    if let Some(path) = common::file("REVOCATIONS")? {
        let store = FileRevocations::open(path, Clock::system())?;
        auth = auth.revocations(Arc::new(store));
    }
    for (name, title, end) in [("one", "Provider One", ""), ("two", "Provider Two", "_2")] {
        let Ok(issuer) = env::var(format!("ISSUER{end}")) else {
            continue;
        };
        let id = env::var(format!("CLIENT_ID{end}"))?;
        let secret = ClientSecret::from_env(&format!("CLIENT_SECRET{end}"))?;
        let mut provider = Oidc::discover(name, issuer, id, secret)
            .title(title)
            // Where several vouch for addresses, each for its own.
            .email_domains(["example.com"]);
        if is_set("USER_INFO") {
            provider = provider.user_info();
        }
        auth = auth.provider(provider);
    }
    if is_set("VERIFIED") {
        auth = auth.gate(Gate::new().verified_email());
    }
    if is_set("PASSWORDS") {
        auth = auth.passwords(common::ada()?);
    }
    Ok(auth.build()?)
}

fn who(me: Option<&Identity>) -> String {
    match me {
        Some(me) => format!("Signed in as {}", me.subject()),
        None => "Nobody is signed in".to_owned(),
    }
}

fn home(me: Option<&Identity>) -> String {
    format!(
        "<!doctype html><title>Example</title><h1>{}</h1>\
         <a href=/account>Account</a> <a href=/auth/sign-out>Sign out</a>",
        who(me)
    )
}

fn until_ended(me: Identity) -> impl Stream<Item = Event> {
    stream! {
        yield Event::data("open");
        me.ended().await;
        yield Event::data("ended");
    }
}

const POPUP: &str = r#"<!doctype html><title>Popup</title>
<button data-sign-in="one" disabled>Sign in</button> <output></output>
<script type="module">
import { listen } from "/__apply-cookies/client.js";
import { popupSignIn } from "/auth/sign-in.js";
const say = (text) => {
  document.querySelector("output").append(text, " ");
  stop();
};
const again = () => {
  stop();
  stop = listen(open);
};
const open = () => {
  if (location.search === "?socket") {
    const socket = new WebSocket("/socket");
    socket.addEventListener("message", ({ data }) => {
      const { provider, said } = JSON.parse(data);
      if (provider) popupSignIn(data, again);
      if (said) say(said);
    });
    return socket;
  }
  const source = new EventSource("/popup-events");
  source.addEventListener("sign-in", ({ data }) => popupSignIn(data, again));
  source.addEventListener("message", ({ data }) => say(data));
  return source;
};
let stop = listen(open);
</script>"#;

fn welcome(signed_in: Result<&Identity, &Refusal>) -> String {
    match signed_in {
        Ok(me) => format!("welcome {}", me.subject()),
        Err(refusal) => refusal.to_string(),
    }
}

fn in_a_popup(visitor: Visitor, cookies: PendingCookies) -> impl Stream<Item = Event> {
    stream! {
        if let Some(me) = visitor.identity() {
            return yield Event::data(welcome(Ok(me)));
        }
        let popup = match visitor.auth().popup_sign_in("one", &cookies) {
            Ok(popup) => popup,
            Err(error) => return yield Event::data(error.to_string()),
        };
        yield popup.event();
        yield Event::data(welcome(popup.identity().await.as_ref()));
    }
}

/// The same, as the texts of a socket.
fn in_a_socket(visitor: Visitor, cookies: PendingCookies) -> impl Stream<Item = String> {
    let say = |text: String| json!({"said": text}).to_string();
    let frames = cookies.frames(); // before the handler returns
    let texts = stream! {
        if let Some(me) = visitor.identity() {
            return yield say(welcome(Ok(me)));
        }
        let popup = match visitor.auth().popup_sign_in("one", &cookies) {
            Ok(popup) => popup,
            Err(error) => return yield say(error.to_string()),
        };
        yield popup.data();
        yield say(welcome(popup.identity().await.as_ref()));
    };
    select(frames.map(|frame| frame.to_websocket_text()), texts)
}

mod with_axum {
    use std::pin::pin;

    use apply_cookies_auth::{Identity, Visitor};
    use axum::Router;
    use axum::extract::ws::{Message, WebSocketUpgrade};
    use axum::response::{Html, IntoResponse};
    use axum::routing::{any, get};
    use futures_util::StreamExt;

    use super::{ApplyCookies, Auth, POPUP, PendingCookies, home, until_ended, who};
    use super::{in_a_popup, in_a_socket};

    async fn stream(me: Identity, cookies: PendingCookies) -> impl IntoResponse {
        cookies.sse(|_| until_ended(me))
    }

    async fn popup_events(visitor: Visitor, cookies: PendingCookies) -> impl IntoResponse {
        cookies.sse(|cookies| in_a_popup(visitor, cookies))
    }

    async fn socket(
        visitor: Visitor,
        cookies: PendingCookies,
        upgrade: WebSocketUpgrade,
    ) -> impl IntoResponse {
        let texts = in_a_socket(visitor, cookies);
        upgrade.on_upgrade(|mut socket| async move {
            let mut texts = pin!(texts);
            loop {
                tokio::select! {
                    Some(text) = texts.next() => {
                        if socket.send(Message::Text(text.into())).await.is_err() {
                            break;
                        }
                    }
                    message = socket.recv() => match message {
                        Some(Ok(_)) => {}
                        _ => break, // ends the wait
                    },
                }
            }
        })
    }

    pub(super) fn app(apply: &ApplyCookies, auth: &Auth) -> Router {
        Router::new()
            .route(
                "/",
                get(async |me: Option<Identity>| Html(home(me.as_ref()))),
            )
            .route("/account", get(async |me: Identity| who(Some(&me))))
            .route("/stream", get(stream))
            .route("/popup", get(Html(POPUP)))
            .route("/popup-events", get(popup_events))
            .route("/socket", any(socket))
            .layer(auth.layer())
            .layer(apply.layer())
    }
}

mod with_actix {
    use std::pin::pin;

    use actix_web::web::{Html, Payload};
    use actix_web::{HttpRequest, HttpResponse, Responder, get, rt};
    use actix_ws::Message;
    use apply_cookies_auth::{Identity, Visitor};
    use futures_util::StreamExt;

    use super::{POPUP, PendingCookies, in_a_popup, in_a_socket, until_ended, who};

    #[get("/")]
    pub(super) async fn home(me: Option<Identity>) -> Html {
        Html::new(super::home(me.as_ref()))
    }

    #[get("/account")]
    pub(super) async fn account(me: Identity) -> String {
        who(Some(&me))
    }

    #[get("/stream")]
    pub(super) async fn stream(me: Identity, cookies: PendingCookies) -> impl Responder {
        cookies.sse(|_| until_ended(me))
    }

    #[get("/popup")]
    pub(super) async fn popup() -> Html {
        Html::new(POPUP)
    }

    #[get("/popup-events")]
    pub(super) async fn popup_events(visitor: Visitor, cookies: PendingCookies) -> impl Responder {
        cookies.sse(|cookies| in_a_popup(visitor, cookies))
    }

    #[get("/socket")]
    pub(super) async fn socket(
        visitor: Visitor,
        cookies: PendingCookies,
        request: HttpRequest,
        body: Payload,
    ) -> actix_web::Result<HttpResponse> {
        let (response, mut socket, mut messages) = actix_ws::handle(&request, body)?;
        let texts = in_a_socket(visitor, cookies);
        rt::spawn(async move {
            let mut texts = pin!(texts);
            loop {
                tokio::select! {
                    Some(text) = texts.next() => {
                        if socket.text(text).await.is_err() {
                            break;
                        }
                    }
                    message = messages.next() => match message {
                        Some(Ok(Message::Ping(bytes))) if socket.pong(&bytes).await.is_ok() => {}
                        _ => break, // ends the wait
                    },
                }
            }
        });
        Ok(response)
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let apply = common::deployment()?;
    let auth = sign_ins(&apply)?;
    let listen = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    if env::var("FRAMEWORK").is_ok_and(|name| name == "actix") {
        let server = actix_web::HttpServer::new(move || {
            actix_web::App::new()
                .service(with_actix::home)
                .service(with_actix::account)
                .service(with_actix::stream)
                .service(with_actix::popup)
                .service(with_actix::popup_events)
                .service(with_actix::socket)
                .wrap(auth.middleware())
                .wrap(apply.middleware())
        })
        .bind(listen)?;
        for address in server.addrs() {
            println!("http://{address}/");
        }
        server.shutdown_timeout(1).run().await?;
    } else {
        let app = with_axum::app(&apply, &auth);
        let listener = tokio::net::TcpListener::bind(listen).await?;
        println!("http://{}/", listener.local_addr()?);
        axum::serve(
            listener,
            app.into_make_service_with_connect_info::<SocketAddr>(),
        )
        .await?;
    }
    Ok(())
}
