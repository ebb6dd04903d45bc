//! Our answers and streams → actix's responses.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BodyStream, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpRequest, HttpResponse, Responder};
use bytes::Bytes;
use futures_core::Stream;

use crate::web::{Answer, Fields, Rest, Streamed, Writes};

impl From<Answer> for HttpResponse {
    fn from(answer: Answer) -> Self {
        // Not reached with an error: the statuses are constants.
        let status = StatusCode::from_u16(answer.status).unwrap_or_default();
        let mut response = Self::with_body(status, BoxBody::new(answer.body));
        for (name, value) in answer.fields {
            Fields::append(response.headers_mut(), name, value);
        }
        response
    }
}

/// An answer, with the rest of its request: what [`Answer::rest`] asks for.
#[must_use]
pub fn respond(answer: Answer, body: Payload) -> HttpResponse {
    let rest = answer.rest;
    let mut response = HttpResponse::from(answer);
    match rest {
        Rest::Read => response,
        Rest::Unasked => leave_unread(response, body),
        Rest::GivenUp => {
            let head = response.head_mut();
            head.set_connection_type(ConnectionType::Close);
            leave_unread(response, body)
        }
    }
}

/// Answers without reading the request's body. If there is one, the connection ends with the
/// answer.
///
/// If a body's handle is dropped, actix reads the body to its end, however long it is, before it
/// goes on with the connection. It does not while the handle exists, so the answer keeps it. After
/// the answer it drops what arrives for up to a second, and then closes: a connection closed at once
/// is reset, which can destroy the answer.
#[must_use]
pub fn leave_unread(response: HttpResponse, body: Payload) -> HttpResponse {
    response.map_body(|_, answer| {
        BoxBody::new(Holding {
            answer,
            _body: body,
        })
    })
}

/// An answer that keeps the handle of its request's body.
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

impl<S, F> From<Streamed<S, F>> for HttpResponse
where
    S: Stream + 'static,
    F: Writes<S::Item> + 'static,
{
    fn from(streamed: Streamed<S, F>) -> Self {
        let mut response = Self::new(StatusCode::default());
        for (name, value) in streamed.fields() {
            Fields::set(response.headers_mut(), name, value);
        }
        response.set_body(BoxBody::new(BodyStream::new(streamed)))
    }
}

impl<S, F> Responder for Streamed<S, F>
where
    S: Stream + 'static,
    F: Writes<S::Item> + 'static,
{
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.into()
    }
}
