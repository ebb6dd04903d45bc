//! Requests for tokens, as JSON → tokens: for the internal API and for `mint --requests`.

mod json;

mod mint;

#[cfg(test)]
pub(crate) use json::{Go, ThenWord};
pub(crate) use json::{Refusal, TokenRequest, TokenResult};
pub(crate) use mint::Mint;
