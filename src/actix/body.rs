//! A request's body, within limits of size and time.

use std::pin::Pin;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use apply_cookies_protocol::limits::{BODY_MAX, DRAIN_MAX};
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, StreamExt};

use crate::rejection::Rejection;

/// How long a body may take to arrive. actix has no limit of its own (threat T35).
const TIMEOUT: Duration = Duration::from_secs(5);

/// A body that is refused.
pub(super) struct Failed {
    pub(super) rejection: Rejection,
    /// The rest, when it was not read to its end.
    pub(super) unread: Option<Payload>,
}

/// Reads a body of at most [`BODY_MAX`] bytes.
///
/// A body of up to [`DRAIN_MAX`] bytes is read to its end even when it is refused, so that the
/// connection stays open: closing it costs an honest client five times as much as the answer.
pub(super) async fn read(request: &HttpRequest, mut body: Payload) -> Result<Bytes, Failed> {
    let read = if declares_too_much(request) {
        Err((Rejection::TooLarge, Rest::Unread))
    } else {
        in_time(collect(&mut body)).await
    };
    read.map_err(|(rejection, rest)| Failed {
        rejection,
        unread: match rest {
            Rest::Read => None,
            Rest::Unread => Some(body),
        },
    })
}

#[derive(Clone, Copy)]
enum Rest {
    Read,
    Unread,
}

type Refusal = (Rejection, Rest);

fn declares_too_much(request: &HttpRequest) -> bool {
    request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok())
        .is_some_and(|length| length > DRAIN_MAX as u64)
}

async fn collect(body: &mut Payload) -> Result<Bytes, Refusal> {
    let mut whole = Bytes::new();
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        let Ok(chunk) = chunk else {
            return Err((Rejection::Form, Rest::Unread));
        };
        length += chunk.len();
        if length > DRAIN_MAX {
            return Err((Rejection::TooLarge, Rest::Unread));
        }
        if length > BODY_MAX {
            whole = Bytes::new();
        } else if whole.is_empty() {
            // Most bodies are one chunk, and are never copied.
            whole = chunk;
        } else {
            let mut joined = BytesMut::from(whole);
            joined.extend_from_slice(&chunk);
            whole = joined.freeze();
        }
    }
    if length > BODY_MAX {
        return Err((Rejection::TooLarge, Rest::Read));
    }
    Ok(whole)
}

/// Gives up after [`TIMEOUT`]. A body that is there already, as most are, costs no timer.
async fn in_time<T>(body: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let mut body = pin!(body);
    if let Some(done) = body.as_mut().now_or_never() {
        return done;
    }
    actix_web::rt::time::timeout(TIMEOUT, body)
        .await
        .unwrap_or(Err((Rejection::Timeout, Rest::Unread)))
}

/// Ends the connection with this answer if the request's body was not read to its end. For
/// handlers that answer without a look at the body.
///
/// actix reads a chunked body whose handle was dropped to its end, however long that is, before
/// it closes the connection. While the handle lives, as it does inside the answer, the
/// connection is closed at once.
///
/// ```
/// use actix_web::{HttpResponse, web};
/// use apply_cookies::actix::leave_unread;
///
/// async fn not_found(body: web::Payload) -> HttpResponse {
///     leave_unread(HttpResponse::NotFound().finish(), body)
/// }
/// ```
pub fn leave_unread(response: HttpResponse, body: Payload) -> HttpResponse {
    response.map_body(|_, answer| {
        BoxBody::new(Holding {
            answer,
            _body: body,
        })
    })
}

/// An answer that holds on to the rest of its request.
struct Holding {
    answer: BoxBody,
    _body: Payload,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.answer).poll_next(context)
    }
}
