//! Cookies from inside streams, on axum: sign in and out over server-sent events, choose a theme
//! over a WebSocket.
//!
//! ```sh
//! cargo run --example axum --features axum
//! ```

use std::time::Duration;

use apply_cookies::{
    ApplyCookies, Cookie, CookieClass, CookieOrDefault, Event, Outcome, PendingCookies,
    SecretError, Secrets,
};
use async_stream::stream;
use axum::Router;
use axum::extract::Query;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::response::{Html, IntoResponse};
use axum::routing::{any, get};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

#[derive(CookieClass, Serialize, Deserialize)]
#[cookie(name = "signed_in", encrypted, max_age = "1h", same_site = "Strict")]
struct Session {
    user: String,
}

#[derive(CookieClass, Serialize, Deserialize, Default)]
#[cookie(max_age = "365d")]
struct Theme {
    dark: bool,
}

#[derive(Deserialize)]
struct SignIn {
    name: String,
}

/// 401 for anyone who is not signed in.
async fn account(session: Cookie<Session>) -> impl IntoResponse {
    format!("Signed in as {}", session.user)
}

async fn theme(theme: CookieOrDefault<Theme>) -> impl IntoResponse {
    if theme.dark { "dark" } else { "light" }
}

async fn sign_in(Query(query): Query<SignIn>, cookies: PendingCookies) -> impl IntoResponse {
    let session = Session { user: query.name };
    cookies.sse(|cookies| {
        stream! {
            yield Event::data("checking the password");
            tokio::time::sleep(Duration::from_millis(300)).await; // the headers are gone by now
            match cookies.set(&session) {
                Ok(receipt) => yield Event::data(match receipt.await {
                    Outcome::Released => "welcome",
                    _ => "your browser did not take the sign-in",
                }),
                Err(error) => yield Event::data(error.to_string()),
            }
            yield Event::data("").named("done");
        }
    })
}

async fn sign_out(cookies: PendingCookies) -> impl IntoResponse {
    cookies.sse(|cookies| {
        stream! {
            // A sign-in that is still on its way cannot undo it. An app that keeps sessions must
            // also end this one there: copies of the cookie are not deleted.
            match cookies.sign_out().delete::<Session>().push() {
                Ok(receipt) => yield Event::data(match receipt.await {
                    Outcome::Released => "goodbye",
                    _ => "your browser did not take the sign-out",
                }),
                Err(error) => yield Event::data(error.to_string()),
            }
            yield Event::data("").named("done");
        }
    })
}

async fn socket(cookies: PendingCookies, upgrade: WebSocketUpgrade) -> impl IntoResponse {
    // Attached before the handler returns, to carry what is pushed below.
    let mut frames = cookies.frames();
    upgrade.on_upgrade(move |mut socket| async move {
        loop {
            tokio::select! {
                Some(frame) = frames.next() => {
                    let text = Message::Text(frame.to_websocket_text().into());
                    if socket.send(text).await.is_err() {
                        break;
                    }
                }
                message = socket.recv() => match message {
                    Some(Ok(Message::Text(theme))) => {
                        if let Err(error) = cookies.set(&Theme { dark: theme == "dark" }) {
                            tracing::error!(%error, "the theme was not saved");
                        }
                    }
                    Some(Ok(Message::Ping(_))) => {}
                    // Drops `cookies`, which ends the carrier.
                    _ => break,
                },
            }
        }
    })
}

async fn page() -> impl IntoResponse {
    Html(include_str!("page/index.html"))
}

async fn script() -> impl IntoResponse {
    let media_type = [("content-type", "text/javascript")];
    (media_type, include_str!("page/app.js"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Logs why something was refused.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    // With APPLY_COOKIES_SECRET_KEY: production, for pages of this origin. Without: development.
    let apply = match Secrets::from_env() {
        Ok(secrets) => ApplyCookies::builder(secrets)
            .origin("https://app.example")
            .build()?,
        Err(SecretError::Missing) => ApplyCookies::dev(),
        Err(error) => return Err(error.into()),
    };
    let app = Router::new()
        .route("/", get(page))
        .route("/app.js", get(script))
        .route("/account", get(account))
        .route("/theme", get(theme))
        .route("/sign-in", get(sign_in))
        .route("/sign-out", get(sign_out))
        .route("/socket", any(socket)) // over HTTP/2 a socket begins with CONNECT
        .layer(apply.layer()); // the last one, and so the outermost
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(listen).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
