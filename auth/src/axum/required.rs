//! A guard around a router.

use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::response::IntoResponse;
use http::Response;
use tower_layer::Layer;
use tower_service::Service;

use super::extract::visitor;
use crate::required::Required;

impl<S> Layer<S> for Required {
    type Service = RequiredService<S>;

    fn layer(&self, inner: S) -> RequiredService<S> {
        RequiredService {
            required: self.clone(),
            inner,
        }
    }
}

/// A guard around one service.
#[derive(Clone, Debug)]
pub struct RequiredService<S> {
    required: Required,
    inner: S,
}

impl<S, Q> Service<http::Request<Q>> for RequiredService<S>
where
    S: Service<http::Request<Q>, Response = Response<axum::body::Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Q>) -> Self::Future {
        let visitor = visitor(request.extensions());
        match visitor.and_then(|visitor| Ok(self.required.check(&visitor)?)) {
            Ok(()) => Box::pin(self.inner.call(request)),
            Err(refused) => Box::pin(ready(Ok(refused.into_response()))),
        }
    }
}
