//! actix's server over sockets that are never read ahead of their answers.
//!
//! `HttpServer` takes TCP streams only, so this does what it does, with `Socket` around each.

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol, Request, Response};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, fn_service,
    map_config,
};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Payload};
use actix_web::rt::net::TcpStream;
#[cfg(unix)]
use actix_web::rt::net::UnixStream;
use apply_cookies::Clock;
use futures_util::stream::{StreamExt, poll_fn};
use tokio::io::{AsyncRead, AsyncWrite};

use super::gate::{Gate, Stage};
use super::places::Places;
use super::socket::Socket;
use super::tls::Tls;
use super::waiting::{HEAD_TIMEOUT, KEEP_ALIVE};
use crate::api::Door;
use crate::listen::Listener;

/// How long a connection that is being closed may linger, as in `HttpServer`.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// What a listener has room for.
#[derive(Clone, Copy)]
pub(super) struct Size {
    /// For the log and the metrics.
    pub(super) name: &'static str,
    /// Connections at a time, of all workers together.
    pub(super) connections: usize,
    pub(super) workers: usize,
    /// How long requests under way may take after SIGTERM, in seconds.
    pub(super) drain: u64,
}

/// Serves an app on these sockets, until it is stopped.
pub(super) fn start<F, A, S, B>(
    listeners: Vec<Listener>,
    size: Size,
    tls: Option<&Tls>,
    app: F,
) -> io::Result<Server>
where
    F: Fn() -> A + Clone + Send + 'static,
    A: IntoServiceFactory<S, Request> + 'static,
    S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error, InitError = ()>,
    S: 'static,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let workers = size.workers.min(size.connections);
    let each = size.connections / workers;
    let places = Places::new(size.name, each * workers, Clock::system());
    let mut server = ServerBuilder::new()
        .workers(workers)
        .max_concurrent_connections(each)
        .shutdown_timeout(size.drain)
        .disable_signals();
    let draining = server.graceful_shutdown_signal();
    for listener in listeners {
        let (app, draining, places) = (app.clone(), draining.clone(), places.clone());
        let door = listener.door();
        server = match (listener, tls.cloned()) {
            (Listener::Tcp(listener), None) => server.listen(size.name, listener, move || {
                let accept = |stream: TcpStream| {
                    let peer = stream.peer_addr().ok();
                    ready(Ok((stream, peer)))
                };
                http(app(), draining.clone(), places.clone(), door, accept)
            })?,
            (Listener::Tcp(listener), Some(tls)) => {
                server.listen(size.name, listener, move || {
                    let tls = tls.clone();
                    let accept = move |stream: TcpStream| {
                        let peer = stream.peer_addr().ok();
                        let accepted = tls.clone().accept(stream);
                        async move { Ok((accepted.await?, peer)) }
                    };
                    http(app(), draining.clone(), places.clone(), door, accept)
                })?
            }
            #[cfg(unix)]
            (Listener::Unix(listener, _), _) => {
                server.listen_uds(size.name, listener, move || {
                    let accept = |stream: UnixStream| ready(Ok((stream, None)));
                    http(app(), draining.clone(), places.clone(), door, accept)
                })?
            }
        };
    }
    Ok(server.run())
}

/// HTTP/1.1 over streams of one kind.
fn http<Raw, T, Accept, Accepted, A, S, B>(
    app: A,
    draining: GracefulShutdownSignal,
    places: Places,
    door: Door,
    accept: Accept,
) -> impl ServiceFactory<Raw, Config = (), Error = DispatchError, InitError = ()>
where
    Raw: 'static,
    Accept: Fn(Raw) -> Accepted + Clone + 'static,
    Accepted: Future<Output = io::Result<(T, Option<SocketAddr>)>> + 'static,
    T: AsyncRead + AsyncWrite + Unpin + 'static,
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error, InitError = ()>,
    S: 'static,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let app = map_config(app, |()| AppConfig::default()).map_err(|error| error.error_response());
    let app = apply_fn_factory(app, |request, app: &_| answer(request, app));
    let http = HttpService::build()
        .graceful_shutdown_signal(move || {
            let draining = draining.clone();
            async move { draining.notified().await }
        })
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .on_connect_ext(move |socket: &Socket<T>, connection| {
            connection.insert(socket.gate());
            connection.insert(places.take());
            connection.insert(door);
        })
        .finish(app);
    fn_service(move |stream: Raw| {
        let accepted = accept(stream);
        async move {
            let (stream, peer) = accepted.await?;
            Ok::<_, io::Error>((Socket::new(stream), Protocol::Http1, peer))
        }
    })
    .map_err(DispatchError::Io)
    .and_then(http)
}

/// Answers a request, and keeps its connection's gate posted.
fn answer<S: Service<Request>>(
    mut request: Request,
    app: &S,
) -> impl Future<Output = Result<S::Response, S::Error>> + use<S> {
    let gate = request.conn_data::<Rc<Gate>>().cloned().unwrap_or_default();
    let stage = match request.take_payload() {
        Payload::None => Stage::Pending,
        body => {
            let ended = gate.clone();
            let end = poll_fn(move |_| {
                ended.body_ended();
                None.into()
            });
            *request.payload() = Payload::Stream {
                payload: Box::pin(body.chain(end)),
            };
            Stage::Arriving
        }
    };
    let answering = gate.enter(stage);
    let answer = app.call(request);
    async move {
        let answer = answer.await;
        drop(answering);
        answer
    }
}
