//! Token → `Set-Cookie` lines.

mod rejection;

mod redeemer;

pub(crate) use redeemer::TokenKeys;
pub use redeemer::{Redeemed, Redeemer};
pub use rejection::{Problem, Rejection};
