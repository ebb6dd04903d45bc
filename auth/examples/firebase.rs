//! People sign in with Firebase in the page, and then have a session of the app's own: by a form, or
//! inside a stream. Against Firebase's emulator, which needs no account:
//!
//! ```sh
//! cd auth/tests/firebase && npm ci && npx firebase emulators:start --only auth --project demo-example &
//! npx esbuild ../../examples/page/firebase-app.js --bundle --format=esm '--external:/auth/*' '--external:/__apply-cookies/*' --outfile=/tmp/app.js
//! BUNDLE=/tmp/app.js cargo run -p apply-cookies-auth --features axum,providers --example firebase
//! ```

use std::net::SocketAddr;

use apply_cookies::{ApplyCookies, Event, Outcome, PendingCookies};
use apply_cookies_auth::{Auth, Firebase, Gate, Identity, Refusal, Visitor};
use async_stream::stream;
use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use tokio::net::TcpListener;

/// What no script of the page can read.
async fn account(me: Identity) -> String {
    format!("Signed in as {}", me.name())
}

/// The ID token is the body.
async fn sign_in(visitor: Visitor, cookies: PendingCookies, id_token: String) -> impl IntoResponse {
    cookies.sse(|cookies| {
        stream! {
            yield Event::data("checking");
            let auth = visitor.auth();
            let said = match auth.check_firebase(&visitor, &id_token).await {
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
    let apply = ApplyCookies::dev();
    let emulator = std::env::var("FIREBASE_AUTH_EMULATOR_HOST");
    let emulator = emulator.unwrap_or_else(|_| "127.0.0.1:9099".to_owned());
    // In production: Firebase::project("my-project").
    let firebase = Firebase::emulator("demo-example", &emulator).page("/");
    let mut auth = Auth::builder(&apply).firebase(firebase);
    if std::env::var_os("VERIFIED").is_some() {
        auth = auth.gate(Gate::new().verified_email());
    }
    let auth = auth.build()?;
    let page = include_str!("page/firebase.html").replace("{emulator}", &emulator);
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; \
         connect-src 'self' http://{emulator}"
    );
    let bundle = std::fs::read_to_string(std::env::var("BUNDLE")?)?;
    let app = Router::new()
        .route(
            "/",
            get(async move || ([(CONTENT_SECURITY_POLICY, policy)], Html(page))),
        )
        .route(
            "/app.js",
            get(async move || ([(CONTENT_TYPE, "text/javascript")], bundle)),
        )
        .route("/account", get(account))
        .route("/stream", post(sign_in))
        .layer(auth.layer())
        .layer(apply.layer()); // the last one, and so the outermost
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(listen).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await?;
    Ok(())
}
