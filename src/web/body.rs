//! A request's body, within limits of size and time.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use apply_cookies_protocol::limits::{BODY_MAX, DRAIN_MAX};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::future::{Either, FutureExt, select};
use futures_util::stream::StreamExt;

use super::answer::Rest;
use super::fields::{Asked, Fields};
use crate::redeem::Rejection;

/// How long a body may take to arrive. Frameworks set no limit.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A refused body.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refused {
    /// Why.
    pub rejection: Rejection,
    /// The state of the request's body.
    pub rest: Rest,
}

impl Refused {
    pub(super) const fn read(rejection: Rejection) -> Self {
        Self {
            rejection,
            rest: Rest::Read,
        }
    }

    const fn given_up(rejection: Rejection) -> Self {
        Self {
            rejection,
            rest: Rest::GivenUp,
        }
    }
}

/// Reads a body of at most [`BODY_MAX`] bytes.
///
/// A body of up to [`DRAIN_MAX`] bytes is read to its end even when it is refused, so that the
/// connection stays open: closing it costs an honest client five times as much as the answer. Of a
/// longer one nothing more is read here; the framework closes the connection, at once or after a
/// moment in which it drops what arrives.
///
/// A body that has already arrived, as most have, needs no timer.
///
/// # Errors
///
/// If it is too large, too slow, or broken off.
pub(super) async fn read<F, B, E, T>(
    asked: Asked<'_, F>,
    body: &mut B,
    timer: impl FnOnce(Duration) -> T,
) -> Result<Bytes, Refused>
where
    F: Fields,
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    T: Future,
{
    if declares_too_much(asked) {
        return Err(Refused::given_up(Rejection::TooLarge));
    }
    let mut collected = pin!(collect(body));
    if let Some(done) = collected.as_mut().now_or_never() {
        return done;
    }
    match select(collected, pin!(timer(TIMEOUT))).await {
        Either::Left((done, _)) => done,
        Either::Right(_) => Err(Refused::given_up(Rejection::Timeout)),
    }
}

fn declares_too_much<F: Fields>(asked: Asked<'_, F>) -> bool {
    let length = asked.fields.all("content-length").next();
    length
        .and_then(|value| std::str::from_utf8(value).ok())
        .and_then(|value| value.parse::<u64>().ok())
        .is_some_and(|length| length > DRAIN_MAX as u64)
}

async fn collect<B, E>(body: &mut B) -> Result<Bytes, Refused>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let mut whole = Bytes::new();
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        let Ok(chunk) = chunk else {
            return Err(Refused::given_up(Rejection::Form));
        };
        length += chunk.len();
        if length > DRAIN_MAX {
            return Err(Refused::given_up(Rejection::TooLarge));
        }
        if length > BODY_MAX {
            whole = Bytes::new();
        } else if whole.is_empty() {
            // Most bodies are one chunk, which is never copied.
            whole = chunk;
        } else {
            let mut joined = BytesMut::from(whole);
            joined.extend_from_slice(&chunk);
            whole = joined.freeze();
        }
    }
    if length > BODY_MAX {
        return Err(Refused::read(Rejection::TooLarge));
    }
    Ok(whole)
}
