//! The store in Postgres, on real servers: the contract, and what a server can do to it.
//!
//! `APPLY_COOKIES_FAULTS=full` runs more; `scripts/faults` does.

#[path = "../support/servers/mod.rs"]
mod servers;
#[path = "../support/sign_outs.rs"]
mod sign_outs;
#[path = "../support/tokens.rs"]
mod tokens;

mod load;
mod setup;

mod contract;
mod faults;
mod receipts;
mod refusals;
#[cfg(feature = "tls")]
mod tls;
