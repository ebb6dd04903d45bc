//! The vectors of SPEC §11 and §14, for programs that check an implementation (feature `vectors`).
//! Those of the profile `mesop` are not among them.

mod files;

pub use files::FILES;

use crate::keys::KeyRing;

/// Every key that tokens, bindings and the values of the cookie `name` have under the ring's current
/// secret, by its info behind `apply-cookies/v1/` (SPEC §2). They are secrets: for `keys.json`, whose
/// secrets are published, and for nothing else.
#[must_use]
pub fn keys(ring: &KeyRing, name: &str) -> Vec<(String, Vec<u8>)> {
    ring.current().named(name)
}
