//! Our answers → http 1's responses.

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Response, StatusCode, Version};

use crate::web::{Answer, Fields, Rest};

impl From<Answer> for Response<Bytes> {
    fn from(answer: Answer) -> Self {
        let mut response = Self::new(answer.body);
        // Not reached with an error: the statuses are constants.
        *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
        for (name, value) in answer.fields {
            Fields::append(response.headers_mut(), name, value);
        }
        response
    }
}

/// An answer to a request of this version, as [`Answer::rest`] asks for.
#[must_use]
pub fn respond(answer: Answer, version: Version) -> Response<Bytes> {
    let rest = answer.rest;
    let mut response = Response::from(answer);
    // hyper itself closes the connection after a body that it could not drain, but does not say so.
    // HTTP/2 has no such field and does not need it (RFC 9113 §8.2.2).
    if rest == Rest::GivenUp && version <= Version::HTTP_11 {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
