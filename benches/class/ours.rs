//! The session as a class, one for each protection.

use apply_cookies::CookieClass;
use apply_cookies::protocol::{ClassCodec, CookieHeader, Draft, KeyRing, Secret};
use serde::{Deserialize, Serialize};

use crate::peers::Peer;
use crate::{Session, now, random};

macro_rules! class {
    ($class:ident, $($attribute:tt)*) => {
        #[derive(CookieClass, Serialize, Deserialize)]
        #[cookie(name = "session", max_age = "1h" $($attribute)*)]
        pub(crate) struct $class {
            username: String,
            roles: Vec<String>,
            exp: u64,
        }

        impl From<&Session> for $class {
            fn from(session: &Session) -> Self {
                Self {
                    username: session.username.clone(),
                    roles: session.roles.clone(),
                    exp: session.exp,
                }
            }
        }
    };
}

class!(Plain,);
class!(Signed, , signed);
class!(Encrypted, , encrypted);

pub(crate) struct Ours<C> {
    codec: ClassCodec<C>,
    value: C,
}

impl<C: CookieClass + for<'s> From<&'s Session>> Ours<C> {
    pub(crate) fn new() -> Self {
        let secret = Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").expect("strong");
        let ring = KeyRing::new(&secret, &[]).expect("one key");
        Self {
            codec: ClassCodec::new(&ring).expect("a good name"),
            value: C::from(&crate::session()),
        }
    }
}

impl<C: CookieClass> Peer for Ours<C> {
    /// The session is the one that `new` got: peers are not charged for a copy either.
    fn write(&self, _: &Session) -> String {
        let operation = self.codec.set(&self.value, now(), random());
        let operation = operation.expect("a good cookie");
        let Draft::Set(cookie) = operation.draft() else {
            unreachable!("it sets");
        };
        format!("session={}", cookie.value())
    }

    fn read(&self, field: &str) {
        let header = CookieHeader::new([field.as_bytes()]);
        self.codec.read(&header, now()).expect("made here");
    }
}
