//! What stores on a server that several machines share have in common: a thread of their own that
//! asks in batches, reconnects, and never leaves a caller waiting.
//!
//! A handle puts questions into the inbox. The thread takes all that wait for one
//! [`Group`](question::Group), up to a limit, and asks the [`Server`](server::Server) on one of two
//! connections, the lanes. A question whose connection broke is asked again under the same digest,
//! so its own first try is a retry.
//!
//! The thread has its own runtime: callers may be on any runtime or on none, and a caller that goes
//! away leaves its batch alone.

// In reading order: a module uses those before it.
pub(crate) mod trouble;

pub(crate) mod finding;
pub use finding::{Finding, Subject, Weight};

pub(crate) mod question;

pub(crate) mod server;

pub(crate) mod address;
pub use address::StoreUrlError;

pub(crate) mod forgot;
pub use forgot::{ForgetError, Forgot};

pub(crate) mod blocking;

pub(crate) mod claims;

pub(crate) mod revoking;

mod reply;

mod inbox;

mod standing;

mod shared;

mod backoff;

mod lane;

mod engine;
pub(crate) use engine::Remote;
