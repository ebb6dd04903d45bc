//! The promises of `PendingCookies`: nothing that a handler sets is silently lost.

mod bindings;
mod carriers;
mod heads;
mod obstacles;
mod order;
mod sizes;
mod undeliverable;

use apply_cookies::{Event, PushError, SetCookie};
use async_stream::stream;

use super::{Server, Tested};
use crate::harness::{Ask, Reply};

fn session() -> SetCookie<'static> {
    SetCookie::new("session", "8f14e45f")
}

/// A stream that sets a cookie, and says hello.
async fn streamed_sign_in(ask: Ask) -> Reply {
    Reply::sse(ask.pending, |cookies| {
        stream! {
            ask.notes.pushed(cookies.set(session()));
            yield Event::data("hello");
        }
    })
}

/// A page that sets a cookie.
async fn plain_sign_in(ask: Ask) -> Result<Reply, PushError> {
    ask.pending.set(session())?;
    Ok(Reply::done())
}
