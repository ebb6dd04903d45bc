//! Mesop's recipe of names and passwords, with hashes that werkzeug has made, and a second page.
//!
//! ```sh
//! ALICE_PASSWORD_HASH='scrypt:32768:8:1$…' SESSION_SECRET_KEY=$(apply-cookies keygen) \
//! APP_USERS="alice:$ALICE_PASSWORD_HASH" \
//!     cargo run -p apply-cookies-auth --features actix,password --example mesop_recipe
//! ```

use std::time::Duration;

use actix_web::{App, HttpServer, web};
use apply_cookies::{ApplyCookies, Secrets};
use apply_cookies_auth::{Accounts, Auth, Identity};

async fn app(me: Identity) -> String {
    format!("Welcome, {}!", me.name())
}

async fn reports(me: Identity) -> String {
    format!("Reports for {}", me.name())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secrets = Secrets::new(&std::env::var("SESSION_SECRET_KEY")?)?;
    let apply = ApplyCookies::builder(secrets)
        .origin("http://localhost:8080")
        .build()?;
    let auth = Auth::builder(&apply)
        .passwords(Accounts::from_env("APP_USERS")?)
        .session_length(Duration::from_secs(8 * 60 * 60))
        .build()?;
    HttpServer::new(move || {
        App::new()
            .route("/app", web::get().to(app))
            .route("/reports", web::get().to(reports))
            .wrap(auth.middleware())
            .wrap(apply.middleware())
    })
    .bind("127.0.0.1:8080")?
    .run()
    .await?;
    Ok(())
}
