//! actix-web: the extractor, the middleware, the endpoint and the stream helpers.

mod body;
mod caching;
mod convert;
mod endpoint;
mod extractor;
mod head;
mod middleware;
mod push_error;
mod stream;
pub mod testing;

pub use body::leave_unread;
pub use middleware::{Middleware, MiddlewareService};
