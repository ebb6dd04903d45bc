//! The middleware: answers the pages, and finds out who makes every other request.

use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::HeaderMap;
use actix_web::rt::time::sleep;
use actix_web::{Error, HttpMessage};
use apply_cookies::actix::respond;
use apply_cookies::web::{Answer, Asked, ExtractError, Slot};

use crate::auth::Auth;
use crate::request::Request;

impl Auth {
    /// The middleware for `App::wrap`, which also answers the pages. Put it inside that of the
    /// cookies, which is wrapped last:
    ///
    /// ```
    /// # use actix_web::App;
    /// # use apply_cookies::ApplyCookies;
    /// # use apply_cookies_auth::{AccessToken, Auth};
    /// let apply = ApplyCookies::dev();
    /// let auth = Auth::builder(&apply).access_token(AccessToken::random()).build()?;
    /// let app = App::new().wrap(auth.middleware()).wrap(apply.middleware());
    /// # Ok::<(), apply_cookies_auth::AuthError>(())
    /// ```
    #[must_use]
    pub fn middleware(&self) -> Middleware {
        Middleware(self.clone())
    }
}

/// Made by [`Auth::middleware`].
#[derive(Clone, Debug)]
pub struct Middleware(Auth);

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
            auth: self.0.clone(),
            service: Rc::new(service),
        }))
    }
}

/// The middleware around one service.
pub struct MiddlewareService<S> {
    auth: Auth,
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

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (auth, service) = (self.auth.clone(), self.service.clone());
        let slot = request.extensions().get::<Slot>().cloned();
        let slot = slot.ok_or_else(|| {
            ExtractError::no_middleware(
                "call .wrap(apply.middleware()) after .wrap(auth.middleware())",
            )
        });
        Box::pin(async move {
            let slot = slot?;
            let mut body = request.take_payload();
            if auth.owns_path(request.match_info().unprocessed()) {
                let answer = auth.answer(asked(&request), &slot, &mut body, sleep).await;
                return Ok(answered(request, answer, body));
            }
            let admitted = auth.admit(asked(&request), &slot).await;
            let visitor = match admitted {
                Ok(visitor) => visitor,
                Err(answer) => return Ok(answered(request, answer, body)),
            };
            request.set_payload(body);
            request.extensions_mut().insert(visitor.clone());
            let response = service.call(request).await?;
            if !response.status().is_server_error() {
                visitor.leaves().await;
            }
            Ok(response.map_into_left_body())
        })
    }
}

fn answered<B>(
    request: ServiceRequest,
    answer: Answer,
    body: Payload,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    request
        .into_response(respond(answer, body))
        .map_into_right_body()
}

fn asked(request: &ServiceRequest) -> Request<'_, HeaderMap> {
    let query = request.query_string();
    Request {
        asked: Asked {
            method: request.method().as_str(),
            path: request.match_info().unprocessed(),
            fields: request.headers(),
        },
        path: request.uri().path(),
        query: (!query.is_empty()).then_some(query),
        peer: request.peer_addr().map(|peer| peer.ip()),
    }
}
