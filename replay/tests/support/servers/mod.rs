//! Private servers for tests: Redis (alone, replicated, in a Cluster, under Sentinel), Postgres
//! (alone, with a standby), pgbouncer, and a clock for them that a test sets.
//!
//! Every server has a port from the kernel and a folder of its own, and nothing is written to one
//! before it has shown that it is the child that was started: whoever fails to bind a port leaves
//! its starter talking to a stranger. Servers end with their values, and with the process at the
//! latest. Everything is bounded in time. A missing program is a panic that names its package.
//!
//! A test target, or a unit test, takes all of it by `#[path = "support/servers/mod.rs"]`. Only the
//! standard library is used, so that any package can.

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

mod certificates;
mod clock;
mod cluster;
mod folder;
mod pgbouncer;
mod port;
mod postgres;
mod process;
mod program;
mod redis;
mod replica;
mod sentinel;
mod standby;

pub use certificates::Certificates;
pub use clock::Clock;
pub use cluster::Cluster;
pub use folder::Folder;
pub use pgbouncer::Pgbouncer;
pub use port::free_port;
pub use postgres::{Postgres, PostgresOptions};
pub use process::wait_until;
pub use redis::{Redis, RedisOptions};
pub use sentinel::Sentinels;
