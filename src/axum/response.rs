//! Streams and errors as handler results.

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_core::Stream;

use crate::pending::PushError;
use crate::web::{Answer, ExtractError, Fields, Streamed, Writes};

impl<S, F> IntoResponse for Streamed<S, F>
where
    S: Stream + Send + 'static,
    F: Writes<S::Item> + Send + 'static,
{
    fn into_response(self) -> Response {
        let fields = self.fields();
        let mut response = Response::new(Body::from_stream(self));
        for (name, value) in fields {
            Fields::set(response.headers_mut(), name, value);
        }
        response
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        http::Response::<Bytes>::from(self).map(Body::from)
    }
}

impl IntoResponse for ExtractError {
    fn into_response(self) -> Response {
        self.to_answer().into_response()
    }
}

impl IntoResponse for PushError {
    fn into_response(self) -> Response {
        self.to_answer().into_response()
    }
}
