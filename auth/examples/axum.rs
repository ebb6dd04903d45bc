//! Sign-ins on axum: a page with a password, two pages that need it, and a sign-in inside a stream.
//!
//! ```sh
//! cargo run -p apply-cookies-auth --features axum,password --example sign-ins-axum
//! ```

#[path = "common/mod.rs"]
mod common;

use std::net::SocketAddr;

use apply_cookies::{Event, Outcome, PendingCookies};
use apply_cookies_auth::{Auth, Identity, Refusal, Visitor};
use async_stream::stream;
use axum::Router;
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use tokio::net::TcpListener;

async fn account(me: Identity) -> String {
    format!("Signed in as {}", me.name())
}

async fn reports(me: Identity) -> String {
    format!("Reports for {}", me.name())
}

async fn sign_in(visitor: Visitor, cookies: PendingCookies, body: String) -> impl IntoResponse {
    let field = |name: &str| {
        let mut fields = form_urlencoded::parse(body.as_bytes());
        let found = fields.find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    };
    let name = field("name").unwrap_or_default();
    let password = field("password").unwrap_or_default();
    cookies.sse(|cookies| {
        stream! {
            yield Event::data("checking");
            let auth = visitor.auth();
            let said = match auth.check_password(&visitor, &name, &password).await {
                Ok(who) => match auth.sign_in(&cookies, who).push().await {
                    Ok(receipt) => match receipt.await {
                        Outcome::Released => "welcome".to_owned(),
                        _ => "your browser did not take the sign-in".to_owned(),
                    },
                    Err(error) => Refusal::from(error).to_string(),
                },
                Err(refusal) => refusal.to_string(),
            };
            yield Event::data(said);
        }
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let apply = common::deployment()?;
    let auth = Auth::builder(&apply)
        .passwords(common::ada()?)
        .name("Example")
        .build()?;
    let app = Router::new()
        .route("/", get(Html(include_str!("page/sign-in.html"))))
        .route("/account", get(account))
        .route("/reports", get(reports))
        .route("/stream", post(sign_in))
        .layer(auth.layer())
        .layer(apply.layer()); // the last one, and so the outermost
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(listen).await?;
    println!("http://{}/", listener.local_addr()?);
    // With the peers' addresses, by which guessing is slowed down.
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await?;
    Ok(())
}
