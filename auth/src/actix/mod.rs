//! actix-web: translation only, no decisions.

mod extract;
mod middleware;

pub use extract::Refused;
pub use middleware::{Middleware, MiddlewareService};
