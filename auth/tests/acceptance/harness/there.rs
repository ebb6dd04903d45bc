//! A provider of the tests, and what a browser and it say to each other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies::Clock;
use apply_cookies_auth::{ClientSecret, Oidc};
use serde_json::{Value, json};

use super::browser::Browser;
use crate::hostile::signer::RSA;
use crate::hostile::{Answer, Hostile};
use crate::support::http::Response;

/// A person follows a link, or a redirect, of another site.
pub(crate) const FROM_ELSEWHERE: [&str; 4] = [
    "Accept: text/html",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Site: cross-site",
];

/// The cookie of an attempt begins so.
pub(crate) const ATTEMPT: &str = "__Host-sign-in-";

/// A provider that is called `acme`, unless a test calls it otherwise.
pub(crate) struct There {
    pub(crate) server: Hostile,
    /// How far its clock is ahead, in seconds.
    ahead: AtomicU64,
}

/// What the browser was sent to the provider with.
#[derive(Clone)]
pub(crate) struct Asked(pub(crate) BTreeMap<String, String>);

impl Asked {
    /// By the answer that sends it there.
    pub(crate) fn of(response: &Response) -> Self {
        assert_eq!(response.status, 303, "{}", response.body);
        let location = response.header("location").unwrap();
        let (address, query) = location.split_once('?').unwrap();
        assert!(address.ends_with("/authorize"), "{location}");
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        Self(pairs.collect())
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value)
    }
}

impl There {
    pub(crate) fn start() -> Self {
        Self {
            server: Hostile::start(),
            ahead: AtomicU64::new(0),
        }
    }

    /// Its settings, as the app has them.
    pub(crate) fn called(&self, name: &str) -> Oidc {
        let secret = ClientSecret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").unwrap();
        Oidc::discover(name, self.server.issuer(), "the-app", secret)
    }

    pub(crate) fn oidc(&self) -> Oidc {
        self.called("acme")
    }

    /// Its clock goes ahead.
    pub(crate) fn forward(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The claims of a good token for this sign-in.
    pub(crate) fn claims(&self, asked: &Asked) -> Value {
        let now = Clock::system().now().get() / 1000 + self.ahead.load(Ordering::SeqCst);
        json!({
            "iss": self.server.issuer(), "aud": "the-app", "sub": "ada", "nonce": asked.get("nonce"),
            "iat": now, "exp": now + 300, "sid": "there-1", "auth_time": now,
            "email": "ada@example.com", "email_verified": true, "name": "Ada",
        })
    }

    /// The next token has these claims too, or instead.
    pub(crate) fn gives(&self, asked: &Asked, changed: &Value) {
        let mut claims = self.claims(asked);
        let changed = changed.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(changed);
        self.server.gives(&RSA.token("RS256", &claims));
    }

    pub(crate) fn answers(&self, path: &str, answer: Answer) {
        self.server.set(path, answer);
    }

    /// Where it sends the browser back to.
    pub(crate) fn back(&self, asked: &Asked) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("code", "a-code");
        query.append_pair("state", asked.get("state"));
        query.append_pair("iss", &self.server.issuer());
        let callback = asked.get("redirect_uri");
        let path = callback.strip_prefix("https://app.example").unwrap();
        format!("{path}?{}", query.finish())
    }

    /// How often a code was exchanged.
    pub(crate) fn exchanges(&self) -> usize {
        self.server.asked("/token").len()
    }

    /// A logout token, with these claims too, or instead.
    pub(crate) fn logout_token(&self, changed: &Value) -> String {
        let now = Clock::system().now().get() / 1000 + self.ahead.load(Ordering::SeqCst);
        let mut claims = json!({
            "iss": self.server.issuer(), "aud": "the-app", "iat": now, "exp": now + 60, "jti": "1",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        });
        let changed = changed.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(changed);
        RSA.sign(
            "RS256",
            r#"{"alg":"RS256","typ":"logout+jwt","kid":"rsa"}"#,
            claims.to_string(),
        )
    }
}

impl Browser {
    /// The person goes to the provider.
    pub(crate) fn leave(&mut self, path: &str) -> Asked {
        Asked::of(&self.get(path))
    }

    /// Another site sends the person here.
    pub(crate) fn come(&mut self, path: &str) -> Response {
        self.ask("GET", path, &FROM_ELSEWHERE, "")
    }

    /// Signs in at the provider, as Ada.
    pub(crate) fn sign_in_there(&mut self, there: &There, path: &str) -> Response {
        let asked = self.leave(path);
        there.gives(&asked, &json!({}));
        self.come(&there.back(&asked))
    }

    /// The attempts under way.
    pub(crate) fn attempts(&self) -> usize {
        self.jar
            .keys()
            .filter(|name| name.starts_with(ATTEMPT))
            .count()
    }
}
