//! A request's body: JSON of one type, strictly.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::error::InternalError;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse, ResponseError, dev};
use apply_cookies::actix::leave_unread;
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::{Kind, Problem};
use crate::strict;

/// The largest body, in bytes.
pub(super) const BODY_MAX: usize = 256 * 1024;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(5);

/// A body of this type, and its bytes.
pub(super) struct Json<T> {
    pub(super) value: T,
    pub(super) bytes: Bytes,
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, body: &mut dev::Payload) -> Self::Future {
        let declared = check(request.headers());
        let mut body = body.take();
        Box::pin(async move {
            let read = match declared {
                Ok(()) => timeout(PATIENCE, read(&mut body))
                    .await
                    .unwrap_or_else(|_| Err(Kind::TIMEOUT.into())),
                Err(problem) => Err(problem),
            };
            match read {
                Ok(bytes) => {
                    let value = parse(&bytes)?;
                    Ok(Self { value, bytes })
                }
                Err(problem) => {
                    let response = leave_unread(problem.error_response(), body);
                    Err(InternalError::from_response(problem, response).into())
                }
            }
        })
    }
}

/// What can be told before the body is read.
fn check(fields: &HeaderMap) -> Result<(), Problem> {
    let mut types = fields.get_all(CONTENT_TYPE);
    let is_json = types
        .next()
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"));
    if !is_json || types.next().is_some() {
        return Err(Kind::MEDIA_TYPE.into());
    }
    let length = fields.get(CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > BODY_MAX as u64) {
        return Err(Kind::TOO_LARGE.into());
    }
    Ok(())
}

async fn read(body: &mut dev::Payload) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Problem::invalid("the body ends too early"))?;
        if bytes.len() + chunk.len() > BODY_MAX {
            return Err(Kind::TOO_LARGE.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Reads an object.
fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(json).map_err(|_| Problem::invalid("the body is not UTF-8"))?;
    strict::read(text).map_err(Problem::from)
}

/// An answer.
pub(super) fn answer(value: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type("application/json");
    // All answers can be written as JSON.
    response.body(serde_json::to_vec(value).unwrap_or_default())
}
