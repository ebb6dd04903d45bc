//! actix-web: translation only, no decisions.

mod extract;
mod middleware;
mod required;

pub use extract::Refused;
pub use middleware::{Middleware, MiddlewareService};
pub use required::RequiredService;
