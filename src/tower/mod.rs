//! tower: every framework on tower and http 1. Translation only, no decisions.

mod body;
mod fields;

mod answer;
mod extract;

mod layer;

pub use answer::respond;
pub use body::{Data, ResponseBody};
#[cfg(feature = "axum")] // its extractors are the only ones that need it
pub(crate) use extract::slot;
pub use layer::{ApplyLayer, ApplyService, ResponseFuture};
