//! Signed tokens (RFC 7515, RFC 7519): everything that is checked besides the signature, which jsonwebtoken
//! verifies.

mod algorithm;
mod claims;
mod json;
mod token;

use std::borrow::Cow;
use std::fmt;

pub use algorithm::Algorithm;
pub(crate) use claims::{Claims, TimeFault};
pub(crate) use json::strict_object;
pub(crate) use token::{Token, TokenRule, base64url};

/// Which check a token or a key set failed: for the log, and never with what was in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault(Cow<'static, str>);

impl Fault {
    pub(crate) fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
