//! The layer: answers the endpoint, and gives every other request its exchange.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use tokio::time::sleep;
use tower_layer::Layer;
use tower_service::Service;

use super::answer::respond;
use super::body::{Data, ResponseBody};
use crate::deployment::ApplyCookies;
use crate::web::{Asked, Ended, Exchange, Slot};

impl ApplyCookies {
    /// The layer for `Router::layer`, and for every other framework on tower. It also answers the
    /// endpoint. Put it outside everything: on the outermost router, after its routes, and as the
    /// last layer.
    ///
    /// A layer that compresses belongs inside it and leaves streams alone there. Outside, it
    /// compresses the pages of [`html`](crate::PendingCookies::html) together with their tokens,
    /// which still arrive, but whose length then depends on the rest of the page.
    ///
    /// On a router within another the endpoint is below the path of that router; a router nested
    /// by `Router::nest` answers it only if it has its own fallback.
    #[must_use]
    pub fn layer(&self) -> ApplyLayer {
        ApplyLayer(self.clone())
    }
}

/// Made by [`ApplyCookies::layer`].
#[derive(Clone, Debug)]
pub struct ApplyLayer(ApplyCookies);

impl<S> Layer<S> for ApplyLayer {
    type Service = ApplyService<S>;

    fn layer(&self, inner: S) -> ApplyService<S> {
        ApplyService {
            apply: self.0.clone(),
            inner,
        }
    }
}

/// The layer around one service.
#[derive(Clone, Debug)]
pub struct ApplyService<S> {
    apply: ApplyCookies,
    inner: S,
}

/// The answer of [`ApplyService`].
pub type ResponseFuture<B, E> =
    Pin<Box<dyn Future<Output = Result<Response<ResponseBody<B>>, E>> + Send>>;

impl<S, Q, B> Service<Request<Q>> for ApplyService<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    S::Future: Send + 'static,
    Q: Body<Data = Bytes> + Send + 'static,
    B: Send + 'static,
{
    type Response = Response<ResponseBody<B>>;
    type Error = S::Error;
    type Future = ResponseFuture<B, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        if self.apply.owns_path(request.uri().path()) {
            let apply = self.apply.clone();
            let (head, body) = request.into_parts();
            return Box::pin(async move {
                let answer = endpoint(&apply, &head, body).await;
                Ok(answer.map(ResponseBody::own))
            });
        }
        let slot = request.extensions().get::<Slot>();
        if slot.is_some_and(|slot| slot.is_of(&self.apply)) {
            let answer = self.inner.call(request);
            return Box::pin(async move { Ok(answer.await?.map(ResponseBody::app)) });
        }
        let exchange = Exchange::begin(&self.apply, asked(&request));
        request.extensions_mut().insert(exchange.slot());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            let status = response.status().as_u16();
            let ended = Ended::by_status(status);
            exchange
                .answered(ended, status, response.headers_mut())
                .await;
            Ok(response.map(ResponseBody::app))
        })
    }
}

async fn endpoint<Q: Body<Data = Bytes>>(
    apply: &ApplyCookies,
    head: &Parts,
    body: Q,
) -> Response<Bytes> {
    let asked = Asked {
        method: head.method.as_str(),
        path: head.uri.path(),
        fields: &head.headers,
    };
    let mut body = pin!(body);
    let answer = apply.answer(asked, &mut Data(body.as_mut()), sleep).await;
    respond(answer, head.version)
}

fn asked<Q>(request: &Request<Q>) -> Asked<'_, HeaderMap> {
    Asked {
        method: request.method().as_str(),
        path: request.uri().path(),
        fields: request.headers(),
    }
}
