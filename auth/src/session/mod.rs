//! A session: one identity in one browser, with a random id and an end.

mod cookie;
mod digests;
mod signed_in;

use std::fmt;

use apply_cookies::UnixMillis;

use crate::credential::Credential;
use crate::identity::Identity;

pub use cookie::{COOKIE_MAX, IdentityTooLarge};
pub(crate) use cookie::{SessionCookie, Unread};
pub(crate) use digests::SubjectKeys;
pub use digests::TooManySecrets;

/// A session, as its cookie says.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) id: [u8; 16],
    /// The moment before its evidence was asked for, by the clock of the store of revocations.
    /// Copies keep it: a copy must not outrun a revocation.
    pub(crate) since: UnixMillis,
    /// Copies keep it.
    pub(crate) end: UnixMillis,
    /// When this copy was written.
    pub(crate) written: UnixMillis,
    /// The store's, if it is of one process.
    pub(crate) scope: Option<[u8; 16]>,
    /// The digest of the browser's binding.
    pub(crate) binding: [u8; 16],
    /// Of the password's hash or the access token that it began with.
    pub(crate) credential: Option<Credential>,
    /// What the provider calls its own session.
    pub(crate) at_provider: Option<String>,
    pub(crate) who: Identity,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}

#[cfg(test)]
mod tests;
