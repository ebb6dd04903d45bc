//! Cookies from inside streams, on actix-web: sign in and out over server-sent events, choose a
//! theme over a WebSocket.
//!
//! ```sh
//! cargo run --example actix --features actix
//! ```

use std::time::Duration;

use actix_web::web::{self, Query};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Responder, rt};
use actix_ws::Message;
use apply_cookies::{
    ApplyCookies, Cookie, CookieClass, CookieOrDefault, Event, Outcome, PendingCookies,
    SecretError, Secrets,
};
use async_stream::stream;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

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
async fn account(session: Cookie<Session>) -> impl Responder {
    format!("Signed in as {}", session.user)
}

async fn theme(theme: CookieOrDefault<Theme>) -> impl Responder {
    if theme.dark { "dark" } else { "light" }
}

async fn sign_in(query: Query<SignIn>, cookies: PendingCookies) -> impl Responder {
    let session = Session {
        user: query.into_inner().name,
    };
    cookies.sse(|cookies| {
        stream! {
            yield Event::data("checking the password");
            rt::time::sleep(Duration::from_millis(300)).await; // the headers are gone by now
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

async fn sign_out(cookies: PendingCookies) -> impl Responder {
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

async fn socket(
    cookies: PendingCookies,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let (response, mut socket, mut messages) = actix_ws::handle(&request, body)?;
    // Attached before the handler returns, to carry what is pushed below.
    let mut frames = cookies.frames();
    rt::spawn(async move {
        loop {
            tokio::select! {
                Some(frame) = frames.next() => {
                    if socket.text(frame.to_websocket_text()).await.is_err() {
                        break;
                    }
                }
                message = messages.next() => match message {
                    Some(Ok(Message::Text(theme))) => {
                        if let Err(error) = cookies.set(&Theme { dark: theme == "dark" }) {
                            tracing::error!(%error, "the theme was not saved");
                        }
                    }
                    Some(Ok(Message::Ping(bytes))) if socket.pong(&bytes).await.is_ok() => {}
                    // Drops `cookies`, which ends the carrier.
                    _ => break,
                },
            }
        }
    });
    Ok(response)
}

async fn page() -> impl Responder {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(include_str!("page/index.html"))
}

async fn script() -> impl Responder {
    HttpResponse::Ok()
        .content_type("text/javascript")
        .body(include_str!("page/app.js"))
}

#[actix_web::main]
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
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let server = HttpServer::new(move || {
        App::new()
            .route("/", web::get().to(page))
            .route("/app.js", web::get().to(script))
            .route("/account", web::get().to(account))
            .route("/theme", web::get().to(theme))
            .route("/sign-in", web::get().to(sign_in))
            .route("/sign-out", web::get().to(sign_out))
            .route("/socket", web::get().to(socket))
            .wrap(apply.middleware()) // the last one, and so the outermost
    })
    .bind(listen)?;
    for address in server.addrs() {
        println!("http://{address}/");
    }
    server.shutdown_timeout(1).run().await?;
    Ok(())
}
