//! The handle that a handler pushes operations to, and the carrier that brings them to the page.

mod error;
mod facts;
mod operation;
mod outbox;
mod view;

mod state;

mod queue;

mod carrier;
mod handle;

mod batch;

pub use batch::PendingBatch;
pub use carrier::Frames;
pub use error::PushError;
pub(crate) use facts::{Obstacle, ResponseFacts};
pub use handle::PendingCookies;
pub use operation::{Deletion, IntoOperation};
pub(crate) use queue::{Leaving, Queue};
pub use state::PendingState;
