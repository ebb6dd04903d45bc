#![doc = include_str!("../README.md")]
// Not in the workspace's table: tests may unwrap.
#![warn(clippy::unwrap_used)]

// In reading order. A module uses those before it and none after it.

// Questions and answers.
mod clock;
pub use clock::Clock;
mod random;

mod claim;
pub use claim::{Claim, MARGIN_MS};
mod answer;
pub use answer::{BarrierAnswer, ClaimAnswer, StoreError};
mod barrier;
pub use barrier::Barrier;
mod revocation;
pub use revocation::{
    Revocation, RevocationDigest, SessionCheck, SessionLength, Standing, Subject, Subjects,
};
mod future;
pub use future::{
    BarrierFuture, ClaimFuture, HorizonFuture, MomentFuture, StandingFuture, StandingsFuture,
    StoreFuture,
};
mod listeners;
pub use listeners::{ClaimListener, Listeners, RevocationListener};

// The contracts.
mod store;
pub use store::ReplayStore;
mod revocations;
pub use revocations::Revocations;

// Code that the stores here share.
mod capacity;
pub use capacity::DEFAULT_CAPACITY;
mod moments;

// The stores.
mod memory;
pub use memory::{MemoryReplayStore, MemoryRevocations};
#[cfg(feature = "file")]
mod file;
#[cfg(feature = "file")]
pub use file::{FileReplayStore, FileRevocations, FileStoreError};
#[cfg(feature = "remote")]
mod remote;
#[cfg(feature = "remote")]
pub use remote::StoreUrlError;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
pub use self::redis::{RedisReplayStore, RedisRevocations};
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
pub use self::postgres::{PostgresReplayStore, PostgresRevocations};

#[cfg(feature = "remote")]
pub mod inspect;

// The contract as a suite.
#[cfg(feature = "conformance")]
pub mod conformance;
