//! Reads texts as JSON, a line each, and prints the `Location` to which a sign-in with each as its
//! `return_to` leads, as JSON: with it, a browser can be sent where the crate would send it.
//!
//!     echo '"/reports"' | cargo run -p apply-cookies-auth --features axum --example return_to http://app.example

use std::io::{BufRead, stdin};
use std::net::{Ipv4Addr, SocketAddr};

use apply_cookies::{ApplyCookies, Secrets};
use apply_cookies_auth::{AccessToken, Auth};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use tower_service::Service;

const TOKEN: &str = "0123456789abcdef-of-the-app";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let origin = std::env::args().nth(1).ok_or("usage: return_to ORIGIN")?;
    let apply = ApplyCookies::builder(Secrets::random())
        .origin(&origin)
        .allow_insecure_http()
        .build()?;
    let token = AccessToken::chosen(TOKEN)?;
    let auth = Auth::builder(&apply).access_token(token).build()?;
    let mut app = Router::new().layer(auth.layer()).layer(apply.layer());
    for (number, line) in (1..).zip(stdin().lock().lines()) {
        let text: String = serde_json::from_str(&line?)?;
        let form = form_urlencoded::Serializer::new(format!("access_token={TOKEN}"))
            .append_pair("return_to", &text)
            .finish();
        let request = http::Request::post("/auth/sign-in")
            .header("origin", &origin)
            .header("sec-fetch-mode", "navigate")
            .header("content-type", "application/x-www-form-urlencoded")
            // A network for each: one alone may not sign in so often.
            .extension(ConnectInfo(SocketAddr::from((
                Ipv4Addr::from_bits(number),
                1,
            ))))
            .body(Body::from(form))?;
        let response = app.call(request).await?;
        let location = response.headers().get("location").ok_or("no Location")?;
        println!("{}", serde_json::json!({ "location": location.to_str()? }));
    }
    Ok(())
}
