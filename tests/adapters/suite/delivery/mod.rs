//! Receipts, barriers and actions: a handler learns what became of its cookies, and says what else
//! must happen with them.

mod actions;
mod barriers;
mod endings;
mod floods;
mod races;
mod receipts;
mod sign_outs;
mod waiting;

use apply_cookies::{Event, SetCookie};
use async_stream::stream;

use super::{R, Server};
use crate::harness::{Ask, Reply, Script};

fn session() -> SetCookie<'static> {
    SetCookie::new("session", "8f14e45f")
}

/// Pages on which browsers sign in and out, and leave their receipts.
fn signs() -> Script {
    Script::at("/sign-in", sign_in)
        .and("/sign-out", sign_out)
        .and("/plain-sign-out", plain_sign_out)
}

/// One stream that signs in.
async fn sign_in(ask: Ask) -> Reply {
    Reply::sse(ask.pending, |cookies| {
        stream! {
            ask.notes.keep(cookies.batch().set(session()).push());
            yield Event::data("signed in");
        }
    })
}

/// One stream that signs out, and at the same moment in again as a guest.
async fn sign_out(ask: Ask) -> Reply {
    Reply::sse(ask.pending, |cookies| {
        stream! {
            ask.notes.keep(cookies.sign_out().delete_cookie("session").push());
            yield Event::data("signed out");
            ask.notes.keep(cookies.batch().set(SetCookie::new("guest", "1")).push());
            yield Event::data("a guest");
        }
    })
}

/// An ordinary response that signs out, with no token at all.
async fn plain_sign_out(ask: Ask) -> Reply {
    let receipt = ask.pending.sign_out().delete_cookie("session").push();
    ask.notes.keep(receipt);
    Reply::done()
}
