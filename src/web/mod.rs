//! HTTP without a framework: everything that decides. [`actix`](crate#actix-web) and
//! [`axum`](crate#axum) only translate, and so does an adapter that you write for another
//! framework, on the types of this module:
//!
//! 1. Implement [`Fields`] for the framework's header map (a wrapper of yours will do).
//! 2. In the outermost middleware: where [`ApplyCookies::owns_path`](crate::ApplyCookies::owns_path)
//!    says so, send what [`ApplyCookies::answer`](crate::ApplyCookies::answer) returns. Else
//!    [`Exchange::begin`], put its [`Slot`] into the request's extensions, call the app, and then
//!    [`Exchange::answered`] with the response's headers.
//! 3. An extractor takes [`Slot::pending`] out of the extensions.
//! 4. [`Streamed`] is a stream of chunks with the header fields of its response.

mod fields;

mod answer;
mod body;
mod caching;
mod event;

mod endpoint;
mod failed;
mod streamed;

mod exchange;

pub use answer::{Answer, Rest};
pub use event::Event;
pub use exchange::{Ended, Exchange, Slot};
pub use failed::ExtractError;
#[allow(unused_imports, reason = "adapters are features")]
pub(crate) use fields::header_map;
pub use fields::{Asked, Fields};
pub use streamed::{Form, Html, Sse, Streamed, Writes};
