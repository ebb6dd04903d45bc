//! actix-web: the extractor, the middleware, the endpoint and the stream helpers.

mod body;
mod convert;
mod endpoint;
mod extractor;
mod head;
mod middleware;
mod stream;
pub mod testing;

pub use middleware::{Middleware, MiddlewareService};
