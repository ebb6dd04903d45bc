//! A replay store's place, which may be a URL with a password in it.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// Environment variable for the place of the store.
pub(crate) const REPLAY: &str = "APPLY_COOKIES_REPLAY";

/// The text that was given. Not parsed by clap, whose error message would show it.
#[derive(Clone)]
pub(crate) struct StoreArg(pub(crate) String);

impl FromStr for StoreArg {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

/// Without the text.
impl fmt::Debug for StoreArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreArg(..)")
    }
}
