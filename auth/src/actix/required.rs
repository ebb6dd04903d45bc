//! A guard around a scope.

use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::Error;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};

use super::extract::visitor;
use crate::required::Required;

impl<S, B> Transform<S, ServiceRequest> for Required
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B, BoxBody>>;
    type Error = Error;
    type InitError = ();
    type Transform = RequiredService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(RequiredService {
            required: self.clone(),
            service,
        }))
    }
}

/// A guard around one service.
pub struct RequiredService<S> {
    required: Required,
    service: S,
}

impl<S> fmt::Debug for RequiredService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequiredService(..)")
    }
}

impl<S, B> Service<ServiceRequest> for RequiredService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B, BoxBody>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    actix_web::dev::forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let visitor = visitor(request.request());
        let checked = visitor.and_then(|visitor| Ok(self.required.check(&visitor)?));
        match checked {
            Ok(()) => {
                let answer = self.service.call(request);
                Box::pin(async move { Ok(answer.await?.map_into_left_body()) })
            }
            Err(refused) => {
                let response = request.error_response(refused).map_into_right_body();
                Box::pin(ready(Ok(response)))
            }
        }
    }
}
