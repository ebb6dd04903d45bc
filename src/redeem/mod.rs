//! Token → `Set-Cookie` lines.

mod barrier;
mod rejection;

mod refusals;

mod redeemer;

pub(crate) use barrier::MissingBarrier;
pub use redeemer::{Redeemed, Redeemer};
pub(crate) use redeemer::{TokenKeys, Unclaimed};
pub(crate) use refusals::Refusals;
pub use rejection::{Problem, Rejection};
