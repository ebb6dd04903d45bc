//! The layer, which answers the pages and finds out who makes every other request, and the guard around
//! a router.

use std::future::Future;
use std::mem;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use apply_cookies::tower::{Data, respond};
use apply_cookies::web::Slot;
use axum::body::Body;
use axum::extract::{ConnectInfo, OriginalUri};
use http::uri::Authority;
use http::{HeaderMap, Response};
use tokio::time::sleep;
use tower_layer::Layer;
use tower_service::Service;

use super::extract::visitor;
use crate::auth::Auth;
use crate::request::Request;
use crate::required::Required;
use crate::visitor::Visitor;

impl Auth {
    /// The layer for `Router::layer`, which also answers the pages. Put it inside that of the cookies,
    /// which is added last. Around a router that is nested in another, use `Router::nest_service`: `nest`
    /// gives what no route matches, as the pages, to the outer router. Serve the router with
    /// `into_make_service_with_connect_info::<SocketAddr>()`: otherwise nobody's address is known, and
    /// everybody who guesses passwords slows everybody else down.
    ///
    /// ```
    /// # use apply_cookies::ApplyCookies;
    /// # use apply_cookies_auth::{AccessToken, Auth};
    /// # use axum::Router;
    /// let apply = ApplyCookies::dev();
    /// let auth = Auth::builder(&apply).access_token(AccessToken::random()).build()?;
    /// let app: Router = Router::new().layer(auth.layer()).layer(apply.layer());
    /// # Ok::<(), apply_cookies_auth::AuthError>(())
    /// ```
    #[must_use]
    pub fn layer(&self) -> AuthLayer {
        AuthLayer(self.clone())
    }
}

/// Made by [`Auth::layer`].
#[derive(Clone, Debug)]
pub struct AuthLayer(Auth);

#[derive(Clone, Debug)]
enum Step {
    Begin(Auth),
    Require(Required),
}

/// The layer, or a guard, around one service.
#[derive(Clone, Debug)]
pub struct AuthService<S> {
    step: Step,
    inner: S,
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        let step = Step::Begin(self.0.clone());
        AuthService { step, inner }
    }
}

impl<S> Layer<S> for Required {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        let step = Step::Require(self.clone());
        AuthService { step, inner }
    }
}

impl<S> Service<http::Request<Body>> for AuthService<S>
where
    S: Service<http::Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        // The one that is ready is used; its clone may not be.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let step = self.step.clone();
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            let (mut body, version) = (Box::pin(body), head.version);
            let begun = match (step, head.extensions.get::<Slot>().cloned()) {
                (Step::Begin(auth), Some(slot)) => {
                    let (asked, mut data) = (asked(&head), Data(body.as_mut()));
                    let form = auth.read_form(asked.asked(), &mut data, sleep);
                    auth.begin(asked, &slot, form).await.map(Some)
                }
                (Step::Begin(_), None) => Err(Visitor::forgotten(
                    "call .layer(apply.layer()) after .layer(auth.layer())",
                )),
                (Step::Require(required), _) => {
                    let checked = visitor(&head.extensions).and_then(|who| required.check(&who));
                    checked.map(|()| None)
                }
            };
            let visitor = match begun {
                Ok(visitor) => visitor,
                Err(answer) => return Ok(respond(answer, version).map(Body::from)),
            };
            if let Some(visitor) = visitor.clone() {
                head.extensions.insert(visitor);
            }
            let request = http::Request::from_parts(head, *Pin::into_inner(body));
            let response = inner.call(request).await?;
            if let Some(visitor) = visitor.filter(|_| !response.status().is_server_error()) {
                visitor.leaves().await;
            }
            Ok(response)
        })
    }
}

fn asked(head: &http::request::Parts) -> Request<'_, HeaderMap> {
    let peer = head.extensions.get::<ConnectInfo<SocketAddr>>();
    let whole = head.extensions.get::<OriginalUri>();
    let uri = whole.map_or(&head.uri, |OriginalUri(uri)| uri);
    Request {
        method: head.method.as_str(),
        path: uri.path(),
        query: uri.query(),
        authority: uri.authority().map(Authority::as_str),
        fields: &head.headers,
        peer: peer.map(|ConnectInfo(peer)| peer.ip()),
    }
}
