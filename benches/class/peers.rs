//! Other crates' cookies of the same session: JSON through serde, the crate's own protection, an
//! expiry inside that is checked, and back to a struct that owns its text. Protected values are not
//! percent-encoded, because that is cheaper.

use biscotti::config::{CryptoAlgorithm, CryptoRule};
use biscotti::{Processor, ProcessorConfig, RequestCookies, ResponseCookie, ResponseCookies};
use cookie::{Cookie, CookieJar, Key};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};

use crate::{Session, now, random};

pub(crate) trait Peer {
    /// `session=value`, as the browser sends it back.
    fn write(&self, session: &Session) -> String;
    fn read(&self, field: &str);
}

pub(crate) fn json(session: &Session) -> String {
    serde_json::to_string(session).expect("JSON")
}

pub(crate) fn parse(json: &str) {
    let session: Session = serde_json::from_str(json).expect("JSON");
    assert!(now().get() / 1000 < session.exp, "expired");
}

/// A plain cookie, percent-encoded.
pub(crate) struct Encoded;

impl Peer for Encoded {
    fn write(&self, session: &Session) -> String {
        Cookie::new("session", json(session)).encoded().to_string()
    }

    fn read(&self, field: &str) {
        let cookie = Cookie::parse_encoded(field.to_owned()).expect("a cookie");
        parse(cookie.value());
    }
}

macro_rules! jar {
    ($peer:ident, $read:ident, $write:ident) => {
        pub(crate) struct $peer(Key);

        impl $peer {
            pub(crate) fn new() -> Self {
                Self(Key::generate())
            }
        }

        impl Peer for $peer {
            fn write(&self, session: &Session) -> String {
                let mut jar = CookieJar::new();
                jar.$write(&self.0)
                    .add(Cookie::new("session", json(session)));
                format!("session={}", jar.get("session").expect("added").value())
            }

            fn read(&self, field: &str) {
                let mut jar = CookieJar::new();
                jar.add_original(Cookie::parse(field.to_owned()).expect("a cookie"));
                let cookie = jar.$read(&self.0).get("session").expect("ours");
                parse(cookie.value());
            }
        }
    };
}

jar!(SignedJar, signed, signed_mut);
jar!(PrivateJar, private, private_mut);

macro_rules! biscotti {
    ($peer:ident, $algorithm:ident) => {
        pub(crate) struct $peer(Processor);

        impl $peer {
            pub(crate) fn new() -> Self {
                let mut config = ProcessorConfig::default();
                config.percent_encode = false;
                config.crypto_rules.push(CryptoRule {
                    cookie_names: vec!["session".to_owned()],
                    algorithm: CryptoAlgorithm::$algorithm,
                    key: biscotti::Key::generate(),
                    fallbacks: Vec::new(),
                });
                Self(config.into())
            }
        }

        impl Peer for $peer {
            fn write(&self, session: &Session) -> String {
                let mut cookies = ResponseCookies::new();
                cookies.insert(ResponseCookie::new("session", json(session)));
                cookies.header_values(&self.0).next().expect("added")
            }

            fn read(&self, field: &str) {
                let cookies = RequestCookies::parse_header(field, &self.0).expect("ours");
                parse(cookies.get("session").expect("there").value());
            }
        }
    };
}

biscotti!(BiscottiSigned, Signing);
biscotti!(BiscottiEncrypted, Encryption);

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
    fn write(&self, session: &Session) -> String {
        let token = jsonwebtoken::encode(&self.header, session, &self.encoding).expect("signs");
        format!("session={token}")
    }

    fn read(&self, field: &str) {
        let token = field.strip_prefix("session=").expect("its name");
        jsonwebtoken::decode::<Session>(token, &self.decoding, &self.validation).expect("ours");
    }
}
