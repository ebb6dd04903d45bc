//! Sign-ins on actix-web: a page with a password, two pages that need it, and a sign-in inside a
//! stream.
//!
//! ```sh
//! cargo run -p apply-cookies-auth --features actix,password --example sign-ins-actix
//! ```

#[path = "common/mod.rs"]
mod common;

use actix_web::web::{self, Form, Html};
use actix_web::{App, HttpServer, Responder};
use apply_cookies::{Event, Outcome, PendingCookies};
use apply_cookies_auth::{Auth, Identity, Refusal, Visitor};
use async_stream::stream;
use serde::Deserialize;

#[derive(Deserialize)]
struct SignIn {
    name: String,
    password: String,
}

async fn page() -> Html {
    Html::new(include_str!("page/sign-in.html"))
}

async fn account(me: Identity) -> String {
    format!("Signed in as {}", me.name())
}

async fn reports(me: Identity) -> String {
    format!("Reports for {}", me.name())
}

async fn sign_in(form: Form<SignIn>, visitor: Visitor, cookies: PendingCookies) -> impl Responder {
    cookies.sse(|cookies| {
        stream! {
            yield Event::data("checking");
            let auth = visitor.auth();
            let said = match auth.check_password(&visitor, &form.name, &form.password).await {
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

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let apply = common::deployment()?;
    let auth = Auth::builder(&apply)
        .passwords(common::ada()?)
        .name("Example")
        .build()?;
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let server = HttpServer::new(move || {
        App::new()
            .route("/", web::get().to(page))
            .route("/account", web::get().to(account))
            .route("/reports", web::get().to(reports))
            .route("/stream", web::post().to(sign_in))
            .wrap(auth.middleware())
            .wrap(apply.middleware()) // the last one, and so the outermost
    })
    .bind(listen)?;
    for address in server.addrs() {
        println!("http://{address}/");
    }
    server.shutdown_timeout(1).run().await?;
    Ok(())
}
