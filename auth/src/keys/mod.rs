//! A provider's keys, and the tokens that they verify.

mod key;
mod set;

use std::fmt;
use std::sync::Arc;

use apply_cookies::UnixMillis;
use url::Url;

use crate::jws::{Claims, Fault, Token, TokenRule};
use crate::outgoing::{Budget, Cached, DOCUMENT, Outgoing, Unreachable};
use set::{KeySet, Verdict};

/// How many newer sets are tried for one token: that of a fetch that was under way, and that of a fetch of
/// its own.
const LOOKS: usize = 2;

/// The keys of one provider. Clones share them.
#[derive(Clone)]
pub(crate) struct Keys(Source);

#[derive(Clone)]
enum Source {
    Fetched(Cached<KeySet>),
    Fixed(Arc<KeySet>),
}

/// Why a token is refused.
#[derive(Clone, Debug)]
pub(crate) enum KeysError {
    /// It is wrong.
    Invalid(Fault),
    /// Its key could not be fetched.
    Unreachable(Unreachable),
}

impl Keys {
    /// The key set at this address.
    pub(crate) fn at(url: Url, outgoing: Outgoing) -> Self {
        let read = |json: &[u8]| KeySet::read(json).map_err(|fault| fault.to_string());
        Self(Source::Fetched(Cached::new(url, outgoing, DOCUMENT, read)))
    }

    /// A key set that the app hands over.
    pub(crate) fn fixed(json: &[u8]) -> Result<Self, Fault> {
        let set = KeySet::read(json)?;
        Ok(Self(Source::Fixed(Arc::new(set))))
    }

    /// The claims of a token that is well-formed, of the right kind and signed by one of these keys.
    /// Nothing that they say is checked.
    pub(crate) async fn verify(
        &self,
        token: &str,
        rule: &TokenRule<'_>,
        budget: Budget,
        now: UnixMillis,
    ) -> Result<Claims, KeysError> {
        // Before the keys: what is not a token causes no fetch.
        let token = Token::parse(token, rule)?;
        let mut set = match &self.0 {
            Source::Fetched(cached) => cached.get(budget, now).await?,
            Source::Fixed(set) => Arc::clone(set),
        };
        let mut looks = 0..LOOKS;
        loop {
            let why = match set.verify(&token) {
                Verdict::Verified => return Ok(token.into_claims()?),
                Verdict::Wrong(why) => return Err(why.into()),
                Verdict::Unknown(why) => why,
            };
            let Source::Fetched(cached) = &self.0 else {
                return Err(why.into());
            };
            if looks.next().is_none() {
                return Err(why.into());
            }
            match cached.newer(&set, budget, now).await? {
                Some(newer) => set = newer,
                None => return Err(why.into()),
            }
        }
    }
}

impl From<Fault> for KeysError {
    fn from(fault: Fault) -> Self {
        Self::Invalid(fault)
    }
}

impl From<Unreachable> for KeysError {
    fn from(why: Unreachable) -> Self {
        Self::Unreachable(why)
    }
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(fault) => fault.fmt(f),
            Self::Unreachable(why) => why.fmt(f),
        }
    }
}

#[cfg(fuzzing)]
pub(crate) mod fuzzing;
#[cfg(test)]
mod tests;
