//! Cookie classes in handlers.

mod caching;
mod extracting;
mod handles;
mod refused;

use apply_cookies::{CookieClass, PushError};
use serde::{Deserialize, Serialize};

use super::Server;
use crate::harness::extractors::{Cart, Session, Theme};
use crate::harness::{Ask, Reply, Script};

/// The crate under another name, as when a framework exports it.
mod framework {
    pub(super) use apply_cookies as cookies;
}

#[derive(CookieClass, Serialize, Deserialize, Default)]
#[cookie(signed, crate = "framework::cookies")]
struct Reexported {
    n: u8,
}

/// A page that sets a cookie of each class.
fn sign_in() -> Script {
    Script::at("/in", set_every_class)
}

async fn set_every_class(ask: Ask) -> Result<Reply, PushError> {
    ask.pending.set(&Session::of("ada"))?;
    ask.pending.set(&Cart { items: 3 })?;
    ask.pending.set(&Theme {
        dark: true,
        ratio: 0.5,
    })?;
    ask.pending.set(&Reexported { n: 1 })?;
    Ok(Reply::done())
}
