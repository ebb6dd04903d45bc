//! For operators: what a server can promise as a replay store, and making it forget.
//!
//! These block. The program prints what they answer, as `apply-cookies replay check` and `forget`.

pub use crate::remote::{Finding, ForgetError, Forgot, Subject, Weight};

use crate::clock::Clock;
use crate::remote::StoreUrlError;

/// What the server at a store's URL can promise, and what it lacks, the worst first. It tries each
/// command that the store uses, and changes none of the store's data.
///
/// # Errors
///
/// When the URL names no store. A server that cannot be reached is a finding.
pub fn check(url: &str, clock: &Clock) -> Result<Vec<Finding>, StoreUrlError> {
    #[cfg(feature = "redis")]
    if crate::redis::is_ours(url) {
        return crate::redis::check(url, clock);
    }
    #[cfg(feature = "postgres")]
    if crate::postgres::is_ours(url) {
        return crate::postgres::check(url, clock);
    }
    let _ = clock;
    Err(unknown())
}

/// Makes the store at this URL forget everything, safely: no token that was issued before is
/// released afterwards, and no session that began before is known, as after a restart that lost its
/// data. It is for an operator who has put back a volume or a machine's memory, of which the store
/// cannot know.
///
/// # Errors
///
/// When the URL names no store, or the server did not do it.
pub fn forget(url: &str, clock: &Clock) -> Result<Forgot, ForgetError> {
    #[cfg(feature = "redis")]
    if crate::redis::is_ours(url) {
        return crate::redis::forget(url, clock);
    }
    #[cfg(feature = "postgres")]
    if crate::postgres::is_ours(url) {
        return crate::postgres::forget(url, clock);
    }
    let _ = clock;
    Err(unknown().into())
}

fn unknown() -> StoreUrlError {
    StoreUrlError::new("no server is known for this URL, which begins as redis:// or postgres://")
}
