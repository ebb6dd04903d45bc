//! The middleware, which answers the pages and finds out who makes every other request, and the guard
//! around a scope.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::HeaderMap;
use actix_web::http::uri::Authority;
use actix_web::rt::time::sleep;
use actix_web::{Error, HttpMessage};
use apply_cookies::actix::respond;
use apply_cookies::web::Slot;

use super::extract::visitor;
use crate::auth::Auth;
use crate::request::Request;
use crate::required::Required;
use crate::visitor::Visitor;

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

#[derive(Clone, Debug)]
enum Step {
    Begin(Auth),
    Require(Required),
}

/// The middleware, or a guard, around one service.
#[derive(Debug)]
pub struct MiddlewareService<S> {
    step: Step,
    service: Rc<S>,
}

macro_rules! transform {
    ($kind:ty, $step:expr) => {
        impl<S, B> Transform<S, ServiceRequest> for $kind
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
                let (step, service) = ($step(self.clone()), Rc::new(service));
                ready(Ok(MiddlewareService { step, service }))
            }
        }
    };
}

transform!(Middleware, |Self(auth)| Step::Begin(auth));
transform!(Required, Step::Require);

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
        let (step, service) = (self.step.clone(), self.service.clone());
        Box::pin(async move {
            let mut body = request.take_payload();
            let slot = request.extensions().get::<Slot>().cloned();
            let begun = match (step, slot) {
                (Step::Begin(auth), Some(slot)) => {
                    let asked = asked(&request);
                    let form = auth.read_form(asked.asked(), &mut body, sleep);
                    auth.begin(asked, &slot, form).await.map(Some)
                }
                (Step::Begin(_), None) => Err(Visitor::forgotten(
                    "call .wrap(apply.middleware()) after .wrap(auth.middleware())",
                )),
                (Step::Require(required), _) => {
                    let checked = visitor(request.request()).and_then(|who| required.check(&who));
                    checked.map(|()| None)
                }
            };
            let visitor = match begun {
                Ok(visitor) => visitor,
                Err(answer) => {
                    let response = request.into_response(respond(answer, body));
                    return Ok(response.map_into_right_body());
                }
            };
            request.set_payload(body);
            if let Some(visitor) = visitor.clone() {
                request.extensions_mut().insert(visitor);
            }
            let response = service.call(request).await?;
            if let Some(visitor) = visitor.filter(|_| !response.status().is_server_error()) {
                visitor.leaves().await;
            }
            Ok(response.map_into_left_body())
        })
    }
}

fn asked(request: &ServiceRequest) -> Request<'_, HeaderMap> {
    let (uri, query) = (request.uri(), request.query_string());
    Request {
        method: request.method().as_str(),
        path: uri.path(),
        query: (!query.is_empty()).then_some(query),
        authority: uri.authority().map(Authority::as_str),
        fields: request.headers(),
        peer: request.peer_addr().map(|peer| peer.ip()),
    }
}
