//! The layer: answers the pages, and finds out who makes every other request.

use std::future::Future;
use std::mem;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use apply_cookies::tower::{Data, respond};
use apply_cookies::web::{Asked, ExtractError, Slot};
use axum::body::Body;
use axum::extract::{ConnectInfo, OriginalUri};
use axum::response::IntoResponse;
use http::{HeaderMap, Response};
use tokio::time::sleep;
use tower_layer::Layer;
use tower_service::Service;

use crate::auth::Auth;
use crate::request::Request;

impl Auth {
    /// The layer for `Router::layer`, which also answers the pages. Put it inside that of the cookies,
    /// which is added last. Serve the router with
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

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService {
            auth: self.0.clone(),
            inner,
        }
    }
}

/// The layer around one service.
#[derive(Clone, Debug)]
pub struct AuthService<S> {
    auth: Auth,
    inner: S,
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
        let auth = self.auth.clone();
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            let Some(slot) = head.extensions.get::<Slot>().cloned() else {
                let remedy = "call .layer(apply.layer()) after .layer(auth.layer())";
                return Ok(ExtractError::no_middleware(remedy).into_response());
            };
            let version = head.version;
            if auth.owns_path(head.uri.path()) {
                let mut body = pin!(body);
                let mut body = Data(body.as_mut());
                let answer = auth.answer(asked(&head), &slot, &mut body, sleep).await;
                return Ok(respond(answer, version).map(Body::from));
            }
            let visitor = match auth.admit(asked(&head), &slot).await {
                Ok(visitor) => visitor,
                Err(answer) => return Ok(respond(answer, version).map(Body::from)),
            };
            head.extensions.insert(visitor.clone());
            let response = inner.call(http::Request::from_parts(head, body)).await?;
            if !response.status().is_server_error() {
                visitor.leaves().await;
            }
            Ok(response)
        })
    }
}

fn asked(head: &http::request::Parts) -> Request<'_, HeaderMap> {
    let peer = head.extensions.get::<ConnectInfo<SocketAddr>>();
    let whole = head.extensions.get::<OriginalUri>();
    Request {
        asked: Asked {
            method: head.method.as_str(),
            path: head.uri.path(),
            fields: &head.headers,
        },
        path: whole.map_or(&head.uri, |OriginalUri(uri)| uri).path(),
        query: head.uri.query(),
        peer: peer.map(|ConnectInfo(peer)| peer.ip()),
    }
}
