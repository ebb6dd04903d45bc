//! Token → `Set-Cookie` lines.

mod barrier;
mod late;
mod rejection;

mod refusals;

mod redeemer;

pub(crate) use barrier::MissingBarrier;
pub(crate) use late::Late;
pub use late::LateListener;
pub use redeemer::{Redeemed, Redeemer};
pub(crate) use redeemer::{TokenKeys, Unclaimed};
pub(crate) use refusals::Refusals;
pub use rejection::{Problem, Rejection};
