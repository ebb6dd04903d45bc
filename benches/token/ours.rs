//! The tokens of this crate.

use std::hint::black_box;
use std::time::Duration;

use apply_cookies::protocol::{
    Batch, Binding, BindingCookie, BindingPolicy, Grant, KeyRing, Lifetime, Nonce, Sealing, Secret,
    SetCookie, SetCookieLines, TokenHeader, UntrustedToken, seal,
};

use crate::{COOKIES, LIFETIME_MS, now, random};

pub(crate) struct Ours {
    ring: KeyRing,
    batch: Batch<'static>,
    browser: BindingCookie,
    lifetime: Lifetime,
}

impl Ours {
    pub(crate) fn new() -> Self {
        let mut operations = COOKIES.into_iter().map(|(name, value, age)| {
            let draft = SetCookie::new(name, value);
            let draft = match age {
                Some(age) => draft.max_age(Duration::from_secs(age)),
                None => draft,
            };
            draft.try_into().expect("a good cookie")
        });
        let mut batch = Batch::new(operations.next().expect("three"));
        for operation in operations {
            batch.push(operation).expect("they fit");
        }
        let secret = Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").expect("strong");
        Self {
            ring: KeyRing::new(&secret, &[]).expect("one key"),
            batch,
            browser: BindingCookie::from_random([1; 32]),
            lifetime: Lifetime::from_millis(LIFETIME_MS).expect("less than a day"),
        }
    }

    pub(crate) fn mint(&self, encrypted: bool, bound: bool) -> String {
        let mut header = TokenHeader::new(Nonce::from_random(random()), now(), self.lifetime);
        if bound {
            header.binding = Some(Binding::new(&self.ring, &self.browser));
        }
        let sealing = if encrypted {
            Sealing::Encrypted { iv: random() }
        } else {
            Sealing::Signed
        };
        seal(&self.ring, sealing, &header, &self.batch).into_string()
    }

    /// To checked operations that borrow from the buffer, each one made and read.
    pub(crate) fn verify(&self, token: &str, buffer: &mut Vec<u8>) {
        let token = UntrustedToken::new(token)
            .open(&self.ring, buffer)
            .expect("ours");
        for operation in token.operations() {
            black_box(&operation.expect("good"));
        }
        token
            .verify(now(), BindingPolicy::Optional, Some(&self.browser))
            .expect("now");
    }

    /// As the endpoint does: to the `Set-Cookie` lines. No peer does as much.
    pub(crate) fn redeem(&self, token: &str, buffer: &mut Vec<u8>) -> SetCookieLines {
        UntrustedToken::new(token)
            .open(&self.ring, buffer)
            .expect("ours")
            .verify(now(), BindingPolicy::Optional, Some(&self.browser))
            .expect("now")
            .prepare()
            .expect("good")
            .release(Grant::First)
    }
}
