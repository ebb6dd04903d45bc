//! Token → `Set-Cookie` lines.

mod barrier;
mod rejection;

mod redeemer;

pub(crate) use barrier::MissingBarrier;
pub(crate) use redeemer::TokenKeys;
pub use redeemer::{Redeemed, Redeemer};
pub use rejection::{Problem, Rejection};
