//! A sign-in that succeeds, and one change to it at a time.

#![allow(
    clippy::semicolon_if_nothing_returned,
    clippy::too_many_lines,
    reason = "tables of changes"
)]

mod discovery;
mod exchange;
mod file_vault;
mod id_token;
mod logout_token;
mod person;
mod requests;
mod settings;
mod shapes;
mod user_info;
mod vault;

use std::collections::BTreeMap;
use std::time::Duration;

use apply_cookies::UnixMillis;
use serde_json::{Value, json};

use super::logout_token::LoggedOut;
use super::{Authenticated, AuthorizationRequest, ClientSecret, Expected, Oidc, Provider};
use crate::outgoing::Outgoing;
use crate::refusal::{Refusal, RefusalCode};
use hostile::signer::{self, RSA, TestKey};
use hostile::{Answer, Hostile};

#[allow(dead_code, unreachable_pub, reason = "for other tests")]
#[path = "../../../tests/hostile/mod.rs"]
mod hostile;

/// Seconds since 1970.
const NOW: u64 = 1_795_000_000;

fn at(seconds: u64) -> UnixMillis {
    UnixMillis::from_secs(seconds).unwrap()
}

/// A provider, and our way to it.
struct Stage {
    provider: Hostile,
    outgoing: Outgoing,
}

impl Stage {
    fn new() -> Self {
        Self {
            provider: Hostile::start(),
            outgoing: Outgoing::new(None).unwrap(),
        }
    }

    /// With a setting of each kind.
    fn settings(&self) -> Oidc {
        let secret = ClientSecret::new("s3~cr8/t5wq").unwrap();
        Oidc::discover("test", self.provider.issuer(), "the-client", secret)
            .roles(["realm_access", "roles"])
            .claims(["department"])
            .audiences(["an-api"])
            .user_info()
    }

    fn provider(&self) -> Provider {
        self.settings().build(self.outgoing.clone()).unwrap()
    }
}

/// What a provider answers during one sign-in. The good one has every claim that is looked at.
struct Scene {
    document: Value,
    keys: Vec<Value>,
    header: Value,
    claims: Value,
    key: TestKey,
    /// Changes to the text of the claims, and to the signed token.
    claims_text: fn(String) -> String,
    id_token: fn(String) -> String,
    tokens: Value,
    user_info: Value,
    /// Changes to whole answers, by path.
    answers: BTreeMap<&'static str, fn(&mut Answer)>,
}

const DOCUMENT: &str = "/.well-known/openid-configuration";

impl Scene {
    fn good(stage: &Stage) -> Self {
        Self {
            document: stage.provider.document(),
            keys: vec![RSA.jwk(), signer::P256.jwk()],
            header: json!({"alg": "RS256", "typ": "JWT", "kid": "rsa"}),
            claims: json!({
                "iss": stage.provider.issuer(), "sub": "248289761001", "aud": ["the-client", "an-api"],
                "azp": "the-client", "iat": NOW - 1, "nbf": NOW - 1, "exp": NOW + 300,
                "nonce": "n-0S6_WzA2Mj", "at_hash": "YiHPD2T9DaX5B837XJXtow", "auth_time": NOW - 20,
                "acr": "urn:mfa", "sid": "08a5019c", "email": "ada@example.com",
                "email_verified": true, "name": "Ada Lovelace",
                "realm_access": {"roles": ["editor"]},
            }),
            key: RSA,
            claims_text: |text| text,
            id_token: |token| token,
            tokens: json!({
                "access_token": "an-access-token", "token_type": "Bearer", "expires_in": 3600,
            }),
            user_info: json!({"sub": "248289761001", "department": "engines"}),
            answers: BTreeMap::new(),
        }
    }

    /// The same without a member of the ID token's claims.
    fn without(&mut self, claim: &str) {
        self.claims.as_object_mut().unwrap().remove(claim).unwrap();
    }

    fn answer(&mut self, path: &'static str, change: fn(&mut Answer)) {
        self.answers.insert(path, change);
    }

    fn token(&self) -> String {
        let claims = (self.claims_text)(self.claims.to_string());
        let algorithm = self.header["alg"].as_str().unwrap_or_default();
        // The key signs with its own algorithm where the header has none that exists.
        let algorithm = if algorithm.starts_with(['R', 'P', 'E']) {
            algorithm
        } else {
            "RS256"
        };
        (self.id_token)(self.key.sign(algorithm, &self.header.to_string(), claims))
    }

    /// Puts everything onto the stage.
    fn play(&self, stage: &Stage) {
        let mut tokens = self.tokens.clone();
        if tokens.is_object() && tokens.get("id_token").is_none() {
            tokens["id_token"] = self.token().into();
        }
        for (path, value) in [
            (DOCUMENT, self.document.clone()),
            ("/keys", json!({"keys": self.keys})),
            ("/token", tokens),
            ("/userinfo", self.user_info.clone()),
        ] {
            let mut answer = Answer::json(&value);
            if let Some(change) = self.answers.get(path) {
                change(&mut answer);
            }
            stage.provider.set(path, answer);
        }
    }

    async fn sign_in(&self, stage: &Stage) -> Result<Authenticated, Refusal> {
        self.play(stage);
        sign_in(&stage.provider()).await
    }

    async fn log_out(&self, stage: &Stage) -> Result<LoggedOut, Refusal> {
        self.play(stage);
        stage.provider().logout(&self.token(), at(NOW)).await
    }
}

/// The callback's part of a sign-in that began half a minute ago and asked for everything.
async fn sign_in(provider: &Provider) -> Result<Authenticated, Refusal> {
    let expected = Expected {
        redirect_uri: "https://app.example/auth/callback/test",
        nonce: "n-0S6_WzA2Mj",
        begun_at: at(NOW - 30),
        max_age: Some(Duration::from_secs(60)),
        acr: &["urn:otp".to_owned(), "urn:mfa".to_owned()],
    };
    provider
        .exchange("a-code", "a-verifier", &expected, at(NOW))
        .await
}

/// Why the log says that it was refused, the code, and the one change to a sign-in that succeeds.
type Attack = (&'static str, RefusalCode, fn(&mut Scene));

/// Each attack beside the sign-in that it changes.
async fn repelled(attacks: &[Attack]) {
    let stage = Stage::new();
    for (place, (why, code, change)) in attacks.iter().enumerate() {
        let mut scene = Scene::good(&stage);
        let good = scene.sign_in(&stage).await;
        assert_eq!(good.unwrap().who.claim("department").unwrap(), "engines");
        change(&mut scene);
        let refusal = scene.sign_in(&stage).await.err();
        let refusal = refusal.unwrap_or_else(|| panic!("attack {place} got in: {why}"));
        assert_eq!(refusal.code(), *code, "attack {place}");
        assert_said(refusal.why().unwrap(), why);
    }
}

/// What the log says, to the letter, but for names that come twice, which others find.
fn assert_said(said: &str, why: &str) {
    let is_said = if why == "twice" {
        said.ends_with(why)
    } else {
        said == why
    };
    assert!(is_said, "{said}, not {why}");
}

impl std::fmt::Debug for Authenticated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.who.fmt(f)
    }
}
