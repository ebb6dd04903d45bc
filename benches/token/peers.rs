//! Other crates' tokens of the same operations: a fresh nonce and an expiry, JSON through serde,
//! the crate's own protection, and back to structs that own their text.
//!
//! Where a crate leaves a choice, this takes the cheaper one: one payload is changed in place for
//! all tokens, and values are not percent-encoded.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use biscotti::config::{CryptoAlgorithm, CryptoRule};
use biscotti::{Processor, ProcessorConfig, RequestCookies, ResponseCookie, ResponseCookies};
use cookie::{Cookie, CookieJar};
use fernet::Fernet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use pasetors::keys::{Generate, SymmetricKey};
use pasetors::token::UntrustedToken;
use pasetors::version4::{LocalToken, V4};
use serde::{Deserialize, Serialize};

use crate::{COOKIES, LIFETIME_MS, now, random};

/// The same operations, as the JSON that apps write.
#[derive(Serialize, Deserialize)]
pub(crate) struct Payload {
    nonce: String,
    exp: u64,
    cookies: Vec<JsonCookie>,
}

#[derive(Serialize, Deserialize)]
struct JsonCookie {
    name: String,
    value: String,
    max_age: Option<u64>,
    path: Option<String>,
    domain: Option<String>,
    secure: bool,
    httponly: bool,
    samesite: Option<String>,
}

impl Payload {
    pub(crate) fn new() -> Self {
        let cookies = COOKIES
            .into_iter()
            .map(|(name, value, max_age)| JsonCookie {
                name: name.to_owned(),
                value: value.to_owned(),
                max_age,
                path: Some("/".to_owned()),
                domain: None,
                secure: true,
                httponly: true,
                samesite: Some("Lax".to_owned()),
            });
        Self {
            nonce: String::new(),
            exp: 0,
            cookies: cookies.collect(),
        }
    }

    /// Makes it the payload of another token.
    fn refresh(&mut self) -> &Self {
        self.nonce.clear();
        URL_SAFE_NO_PAD.encode_string(random::<16>(), &mut self.nonce);
        self.exp = now().plus(LIFETIME_MS).get() / 1000;
        self
    }

    fn next_json(&mut self) -> String {
        serde_json::to_string(self.refresh()).expect("JSON")
    }

    fn of_json(json: &str) -> Self {
        serde_json::from_str::<Self>(json).expect("JSON").checked()
    }

    fn checked(self) -> Self {
        assert!(now().get() / 1000 < self.exp, "expired");
        self
    }
}

/// A crate that makes tokens.
pub(crate) trait Peer {
    fn mint(&self, payload: &mut Payload) -> String;
    fn verify(&self, token: &str) -> Payload;
}

pub(crate) struct SignedJar(cookie::Key);

impl SignedJar {
    pub(crate) fn new() -> Self {
        Self(cookie::Key::generate())
    }
}

impl Peer for SignedJar {
    fn mint(&self, payload: &mut Payload) -> String {
        let mut jar = CookieJar::new();
        let cookie = Cookie::new("t", payload.next_json());
        jar.signed_mut(&self.0).add(cookie);
        jar.get("t").expect("added").value().to_owned()
    }

    fn verify(&self, token: &str) -> Payload {
        let mut jar = CookieJar::new();
        jar.add_original(Cookie::new("t", token.to_owned()));
        let cookie = jar.signed(&self.0).get("t").expect("ours");
        Payload::of_json(cookie.value())
    }
}

pub(crate) struct PrivateJar(cookie::Key);

impl PrivateJar {
    pub(crate) fn new() -> Self {
        Self(cookie::Key::generate())
    }
}

impl Peer for PrivateJar {
    fn mint(&self, payload: &mut Payload) -> String {
        let mut jar = CookieJar::new();
        let cookie = Cookie::new("t", payload.next_json());
        jar.private_mut(&self.0).add(cookie);
        jar.get("t").expect("added").value().to_owned()
    }

    fn verify(&self, token: &str) -> Payload {
        let mut jar = CookieJar::new();
        jar.add_original(Cookie::new("t", token.to_owned()));
        let cookie = jar.private(&self.0).get("t").expect("ours");
        Payload::of_json(cookie.value())
    }
}

pub(crate) struct Biscotti(Processor);

impl Biscotti {
    pub(crate) fn signed() -> Self {
        Self::with(CryptoAlgorithm::Signing)
    }

    pub(crate) fn encrypted() -> Self {
        Self::with(CryptoAlgorithm::Encryption)
    }

    fn with(algorithm: CryptoAlgorithm) -> Self {
        let mut config = ProcessorConfig::default();
        config.percent_encode = false;
        config.crypto_rules.push(CryptoRule {
            cookie_names: vec!["t".to_owned()],
            algorithm,
            key: biscotti::Key::generate(),
            fallbacks: Vec::new(),
        });
        Self(config.into())
    }
}

impl Peer for Biscotti {
    /// The cookie's text in `Set-Cookie`, and so in `Cookie`.
    fn mint(&self, payload: &mut Payload) -> String {
        let mut cookies = ResponseCookies::new();
        cookies.insert(ResponseCookie::new("t", payload.next_json()));
        cookies.header_values(&self.0).next().expect("added")
    }

    fn verify(&self, header: &str) -> Payload {
        let cookies = RequestCookies::parse_header(header, &self.0).expect("ours");
        Payload::of_json(cookies.get("t").expect("there").value())
    }
}

pub(crate) struct Jwt {
    header: Header,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Jwt {
    pub(crate) fn new() -> Self {
        let key = random::<32>();
        Self {
            header: Header::new(Algorithm::HS256),
            encoding: EncodingKey::from_secret(&key),
            decoding: DecodingKey::from_secret(&key),
            validation: Validation::new(Algorithm::HS256),
        }
    }
}

impl Peer for Jwt {
    fn mint(&self, payload: &mut Payload) -> String {
        jsonwebtoken::encode(&self.header, payload.refresh(), &self.encoding).expect("signs")
    }

    fn verify(&self, token: &str) -> Payload {
        jsonwebtoken::decode(token, &self.decoding, &self.validation)
            .expect("ours")
            .claims
    }
}

/// The crate's low level, without its own claims, which cost more.
pub(crate) struct Paseto(SymmetricKey<V4>);

impl Paseto {
    pub(crate) fn new() -> Self {
        Self(SymmetricKey::generate().expect("random"))
    }
}

impl Peer for Paseto {
    fn mint(&self, payload: &mut Payload) -> String {
        LocalToken::encrypt(&self.0, payload.next_json().as_bytes(), None, None).expect("encrypts")
    }

    fn verify(&self, token: &str) -> Payload {
        let token = UntrustedToken::try_from(token).expect("a token");
        let token = LocalToken::decrypt(&self.0, &token, None, None).expect("ours");
        Payload::of_json(token.payload())
    }
}

pub(crate) struct FernetCrate(Fernet);

impl FernetCrate {
    pub(crate) fn new() -> Self {
        Self(Fernet::new(&Fernet::generate_key()).expect("its own key"))
    }
}

impl Peer for FernetCrate {
    fn mint(&self, payload: &mut Payload) -> String {
        self.0.encrypt(payload.next_json().as_bytes())
    }

    fn verify(&self, token: &str) -> Payload {
        let json = self.0.decrypt(token).expect("ours");
        serde_json::from_slice::<Payload>(&json)
            .expect("JSON")
            .checked()
    }
}
