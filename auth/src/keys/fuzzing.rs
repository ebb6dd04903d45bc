//! The fuzzers' entrance to tokens and claims. It exists only under `cfg(fuzzing)`.

use std::time::Duration;

use apply_cookies::UnixMillis;

use super::set::{KeySet, Verdict};
use crate::jws::{Algorithm, Claims, Token, TokenRule, strict_object};

/// A key set.
#[expect(missing_debug_implementations, reason = "for the fuzzers")]
pub struct Set(KeySet);

/// The algorithm of a token that is well-formed, and its `kid`.
#[must_use]
pub fn token(text: &str) -> Option<(&'static str, Option<String>)> {
    let token = Token::parse(text, &RULE).ok()?;
    Some((token.algorithm.as_str(), token.key_id))
}

const RULE: TokenRule<'_> = TokenRule {
    algorithms: Algorithm::ALL,
    types: &["jwt", ""],
};

impl Set {
    /// Reads it.
    #[must_use]
    pub fn read(json: &[u8]) -> Option<Self> {
        KeySet::read(json).ok().map(Self)
    }

    /// The claims of a token that one of its keys has signed, as JSON.
    #[must_use]
    pub fn verify(&self, text: &str) -> Option<String> {
        let token = Token::parse(text, &RULE).ok()?;
        match self.0.verify(&token) {
            Verdict::Verified => {
                let claims = token.into_claims().ok()?;
                serde_json::to_string(claims.object()).ok()
            }
            Verdict::Unknown(_) | Verdict::Wrong(_) => None,
        }
    }
}

/// What claims say. `Err` is a refusal.
#[derive(Debug)]
pub struct Read {
    pub text: Result<Option<String>, ()>,
    pub required: Result<String, ()>,
    pub flag: Result<Option<bool>, ()>,
    pub millis: Result<Option<u64>, ()>,
    pub audience: Result<Vec<String>, ()>,
    pub times: Result<(u64, u64), ()>,
}

/// Reads claims, and in them the one of this name in every way.
#[must_use]
pub fn claims(json: &[u8], name: &str, now: u64, skew: u64) -> Option<Read> {
    let claims = Claims::new(strict_object(json).ok()?);
    let now = UnixMillis::new(now)?;
    let text = claims.text(name).map(|text| text.map(str::to_owned));
    let millis = claims.seconds(name).map(|time| time.map(UnixMillis::get));
    let audience = claims.audience();
    let audience = audience.map(|list| list.into_iter().map(str::to_owned).collect());
    let times = claims.check_times(now, Duration::from_millis(skew));
    Some(Read {
        text: text.map_err(drop),
        required: claims.required_text(name).map(str::to_owned).map_err(drop),
        flag: claims.flag(name).map_err(drop),
        millis: millis.map_err(drop),
        audience: audience.map_err(drop),
        times: times
            .map(|times| (times.issued.get(), times.expires.get()))
            .map_err(drop),
    })
}
