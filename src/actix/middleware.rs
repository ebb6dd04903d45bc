//! The middleware: answers the endpoint, and gives every other request its exchange.

use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::rt::time::sleep;
use actix_web::{Error, HttpMessage};

use super::answer::respond;
use crate::deployment::ApplyCookies;
use crate::web::{Asked, Ended, Exchange, Slot};

impl ApplyCookies {
    /// The middleware for `App::wrap`, which also answers the endpoint. Put it outside everything
    /// whose handlers take [`PendingCookies`](crate::PendingCookies): the last `wrap` is the
    /// outermost.
    #[must_use]
    pub fn middleware(&self) -> Middleware {
        Middleware(self.clone())
    }

    /// Answers a request for one of the endpoint's own paths ([`owns_path`](Self::owns_path)), for a
    /// middleware that exchanges its deployment while it runs, as for new secrets. Others use
    /// [`middleware`](Self::middleware).
    pub async fn respond(&self, mut request: ServiceRequest) -> ServiceResponse<BoxBody> {
        let mut body = request.take_payload();
        let answer = self.answer(asked(&request), &mut body, sleep).await;
        request.into_response(respond(answer, body))
    }
}

/// Made by [`ApplyCookies::middleware`].
#[derive(Clone, Debug)]
pub struct Middleware(ApplyCookies);

impl<S, B> Transform<S, ServiceRequest> for Middleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B, BoxBody>>;
    type Error = Error;
    type InitError = ();
    type Transform = MiddlewareService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(MiddlewareService {
            apply: self.0.clone(),
            service: Rc::new(service),
        }))
    }
}

/// The middleware around one service.
pub struct MiddlewareService<S> {
    apply: ApplyCookies,
    service: Rc<S>,
}

impl<S> fmt::Debug for MiddlewareService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MiddlewareService(..)")
    }
}

impl<S, B> Service<ServiceRequest> for MiddlewareService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B, BoxBody>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    actix_web::dev::forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        if self.apply.owns_path(path(&request)) {
            let apply = self.apply.clone();
            return Box::pin(async move {
                let response = apply.respond(request).await;
                Ok(response.map_into_right_body())
            });
        }
        let slot = request.extensions().get::<Slot>().cloned();
        if slot.is_some_and(|slot| slot.is_of(&self.apply)) {
            let answer = self.service.call(request);
            return Box::pin(async move { Ok(answer.await?.map_into_left_body()) });
        }
        let exchange = Exchange::begin(&self.apply, asked(&request));
        request.extensions_mut().insert(exchange.slot());
        let answer = self.service.call(request);
        Box::pin(async move {
            match answer.await {
                Ok(mut response) => {
                    let failed = response.response().error().is_some();
                    end(exchange, failed, response.status(), response.headers_mut()).await;
                    Ok(response.map_into_left_body())
                }
                // An inner middleware's. Whoever is outside makes an answer of it, too late for us.
                Err(error) if exchange.is_untouched() => Err(error),
                Err(error) => {
                    let mut response = error.error_response();
                    end(exchange, true, response.status(), response.headers_mut()).await;
                    Err(InternalError::from_response(error, response).into())
                }
            }
        })
    }
}

/// `error`: the answer was made of one.
async fn end(exchange: Exchange, error: bool, status: StatusCode, fields: &mut HeaderMap) {
    let refused = status.is_client_error() || status.is_server_error();
    let ended = if error && refused {
        Ended::Failed
    } else {
        Ended::Answered
    };
    exchange.answered(ended, status.as_u16(), fields).await;
}

fn asked(request: &ServiceRequest) -> Asked<'_, HeaderMap> {
    Asked {
        method: request.method().as_str(),
        path: path(request),
        fields: request.headers(),
    }
}

/// The part of the path not matched by outer scopes, as in the nested routers of other frameworks.
fn path(request: &ServiceRequest) -> &str {
    request.match_info().unprocessed()
}
