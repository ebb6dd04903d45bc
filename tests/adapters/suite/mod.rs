//! The promises that every adapter keeps.

mod classes;
mod delivery;
mod endpoint;
mod flooded;
mod never_silent;
mod schemes;
mod stolen;
mod streams;

use super::Tested;

/// A server of the adapter that includes this.
type Server = crate::harness::Server<Tested>;

const R: &str = "AAAAAAAAAAAAAAAAAAAAAA";
