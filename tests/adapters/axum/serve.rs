//! A server for a router, on threads of its own.

use std::pin::pin;
use std::sync::mpsc;

use axum::Router;
use futures_util::future::select;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::harness::Running;

/// HTTP/1.1, and HTTP/2 for clients that begin with it.
pub(crate) fn serve(router: Router) -> Running {
    let (started, starting) = mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            started.send(listener.local_addr().unwrap()).unwrap();
            let served = axum::serve(listener, router).into_future();
            select(pin!(served), stopped).await;
        });
    });
    let address = starting.recv().unwrap();
    // Connections that are still open end with the runtime.
    Running::new(address, move || {
        let _ = stop.send(());
    })
}
