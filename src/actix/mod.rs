//! actix-web: translation only, no decisions.

mod convert;
mod fields;

mod answer;
mod extract;

mod middleware;

pub use answer::{leave_unread, respond};
pub use middleware::{Middleware, MiddlewareService};
