//! HTTP without a framework: all decisions are made here. The adapters for actix-web, tower and
//! axum only translate. So does an adapter that you write for another framework, with the types of
//! this module:
//!
//! 1. Implement [`Fields`] for the framework's header map (or for your own wrapper of it).
//! 2. In the outermost middleware: if [`ApplyCookies::owns_path`](crate::ApplyCookies::owns_path)
//!    is true, send what [`ApplyCookies::answer`](crate::ApplyCookies::answer) returns. Otherwise
//!    call [`Exchange::begin`], put its [`Slot`] into the request's extensions, call the app, and
//!    then call [`Exchange::answered`] with the response's headers.
//! 3. In an extractor, take the [`Slot`] from the extensions and call [`Slot::pending`].
//! 4. Turn [`Streamed`], a stream of chunks with the header fields of its response, into a response.

mod fields;

mod answer;
mod body;
mod caching;
mod event;
mod form;
mod module;

mod endpoint;
mod failed;
mod streamed;

mod head;

mod exchange;

use crate::browser;

/// Whether nobody visits the page yet that a request is for, and perhaps nobody will: browsers and
/// scripts fetch it ahead. What such a request changes would surprise people.
#[must_use]
pub fn is_ahead_of_a_visit(fields: &impl Fields) -> bool {
    browser::is_ahead_of_a_visit(|name| fields.all(name))
}

pub use crate::browser::Module;
pub use crate::deployment::path_below;
pub use answer::{Answer, Rest};
pub use body::Refused as BodyRefused;
pub use event::Event;
pub use exchange::{Ended, Exchange, Slot};
pub use failed::ExtractError;
#[allow(unused_imports, reason = "adapters are features")]
pub(crate) use fields::header_map;
pub use fields::{Asked, Fields};
pub use head::{BindingReason, HeadBinding};
pub use streamed::{Form, Html, Sse, Streamed, Writes};
