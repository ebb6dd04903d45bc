//! actix-web: the extractor, the middleware, the endpoint and the stream helpers.

pub(crate) mod body;
mod caching;
mod convert;
pub(crate) mod endpoint;
mod extractor;
mod head;
mod middleware;
mod push_error;
mod stream;
pub mod testing;

pub use middleware::{Middleware, MiddlewareService};
