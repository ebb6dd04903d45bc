//! Prints the pages as JSON, a line each: name, status, header fields, HTML. For looking at them. An
//! app that nobody serves answers each as it would answer a browser.

use std::net::{Ipv4Addr, SocketAddr};

use apply_cookies::{ApplyCookies, Secrets};
use apply_cookies_auth::{AccessToken, Auth, AuthBuilder, Refusal, RefusalCode, Visitor};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Path};
use axum::routing::get;
use tower_service::Service;

#[allow(dead_code, reason = "this one needs the account alone")]
mod common;

type Failed = Box<dyn std::error::Error>;

/// A visitor of an app that nobody serves.
struct Browser {
    app: Router,
    cookies: String,
}

impl Browser {
    fn of(sign_ins: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Result<Self, Failed> {
        let apply = ApplyCookies::builder(Secrets::random())
            .origin("http://localhost:8080")
            .build()?;
        let auth = sign_ins(Auth::builder(&apply)).name("Reports").build()?;
        Ok(Self::with(&apply, &auth))
    }

    fn with(apply: &ApplyCookies, auth: &Auth) -> Self {
        let refused = async |Path(code): Path<String>, visitor: Visitor| {
            let code = RefusalCode::ALL.iter().find(|one| one.as_str() == code);
            visitor.refuse(&Refusal::new(*code.expect("a code")))
        };
        let app = Router::new().route("/refused/{code}", get(refused));
        Self {
            app: app.layer(auth.layer()).layer(apply.layer()),
            cookies: String::new(),
        }
    }

    /// Shows the page at this path, for a GET, or a POST of a form.
    async fn show(&mut self, name: &str, path: &str, form: Option<&str>) -> Result<(), Failed> {
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1024));
        let method = if form.is_some() { "POST" } else { "GET" };
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .extension(ConnectInfo(peer))
            .header("host", "localhost:8080")
            .header("origin", "http://localhost:8080")
            .header("sec-fetch-mode", "navigate")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &self.cookies)
            .body(Body::from(form.unwrap_or_default().to_owned()))?;
        let (head, body) = self.app.call(request).await?.into_parts();
        for line in head.headers.get_all("set-cookie") {
            let pair = line.to_str()?.split(';').next().unwrap_or_default();
            self.cookies = format!("{}; {pair}", self.cookies);
        }
        let fields = head.headers.iter();
        let fields = fields.map(|(name, value)| Ok([name.as_str(), value.to_str()?]));
        let fields = fields.collect::<Result<Vec<_>, Failed>>()?;
        let body = to_bytes(body, usize::MAX).await?;
        let body = std::str::from_utf8(&body)?;
        if !name.is_empty() {
            let line = serde_json::json!([name, head.status.as_u16(), fields, body]);
            println!("{line}");
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    const TO_REPORTS: &str = "/auth/sign-in?return_to=%2Freports%3Fyear%3D2026";
    const WRONG: &str = "return_to=%2Freports%3Fyear%3D2026&name=ada&password=hunter2";
    let ada = common::ada()?;
    let mut browser = Browser::of(|auth| auth.passwords(ada))?;
    browser.show("sign-in", TO_REPORTS, None).await?;
    browser
        .show("sign-in-wrong", "/auth/sign-in", Some(WRONG))
        .await?;
    let right = "name=ada&password=correct+horse";
    browser.show("", "/auth/sign-in", Some(right)).await?;
    browser.show("sign-out", "/auth/sign-out", None).await?;
    browser
        .show("signed-out", "/auth/sign-out", Some(""))
        .await?;
    for _ in 0..5 {
        browser.show("", "/auth/sign-in", Some(WRONG)).await?;
    }
    browser
        .show("sign-in-throttled", "/auth/sign-in", Some(WRONG))
        .await?;
    for code in RefusalCode::ALL {
        let (name, path) = (
            format!("refusal-{}", code.as_str()),
            format!("/refused/{}", code.as_str()),
        );
        // Nobody who is merely signed out is refused a page.
        if *code != RefusalCode::SignedOut {
            browser.show(&name, &path, None).await?;
        }
    }
    let (ada, token) = (common::ada()?, AccessToken::random());
    let mut either = Browser::of(|auth| auth.passwords(ada).access_token(token))?;
    either.show("sign-in-either", TO_REPORTS, None).await?;
    let mut token = Browser::of(|auth| auth.access_token(AccessToken::random()))?;
    token.show("sign-in-token", TO_REPORTS, None).await?;
    let ada = common::ada()?;
    let mut basic = Browser::of(|auth| auth.passwords(ada).basic("Reports"))?;
    basic.show("sign-out-basic", "/auth/sign-out", None).await?;
    let apply = ApplyCookies::dev();
    let mut dev = Browser::with(&apply, &Auth::dev(&apply)?);
    dev.show("sign-in-dev", TO_REPORTS, None).await
}
