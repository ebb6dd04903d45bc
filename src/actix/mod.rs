//! actix-web: translation, and nothing that decides.

mod convert;
mod fields;

mod answer;
mod extract;

mod middleware;

pub use answer::leave_unread;
pub use middleware::{Middleware, MiddlewareService};
