//! axum.

#[path = "suite/mod.rs"]
mod suite;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::mpsc;

use apply_cookies::PendingCookies;
use apply_cookies_auth::{Identity, Visitor};
use axum::Router;
use axum::extract::Query;
use axum::routing::any;
use futures_util::future::select;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::harness::pages::{self, Events, Promotion, Typed};
use crate::harness::{Framework, Layout, Running, Site};

pub(crate) struct Tested;

impl Framework for Tested {
    fn serve(site: Site) -> Running {
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
                let service = router(site).into_make_service_with_connect_info::<SocketAddr>();
                let served = axum::serve(listener, service).into_future();
                select(pin!(served), stopped).await;
            });
        });
        let address = starting.recv().unwrap();
        // Connections that are still open end with the runtime.
        Running::new(address, move || {
            let _ = stop.send(());
        })
    }
}

fn router(site: Site) -> Router {
    let Site { auth, door, layout } = site;
    let (later, opened) = (door.clone(), door.clone());
    let admin = Router::new()
        .route("/admin", any(async || "admin"))
        .route_layer(auth.required().role("admin"));
    let vault = Router::new()
        .route("/vault", any(async || "vault"))
        .route_layer(auth.required().acr("mfa").within(pages::RECENT));
    let app = Router::new()
        .route("/", any(public))
        .route("/app", any(app))
        .merge(admin)
        .merge(vault)
        .route("/sse-in", any(sign_in))
        .route("/sse-out", any(sign_out))
        .route(
            "/sse-out-later",
            any(
                move |visitor: Visitor, pending: PendingCookies| async move {
                    pages::sign_out_later(visitor, pending, later)
                },
            ),
        )
        .route("/watch", any(watch))
        .route("/offer", any(offer))
        .route("/offer-briefly", any(offer_briefly))
        .route("/calendar", any(calendar))
        .route(
            "/calendar-later",
            any(move |visitor: Visitor, who: Identity| async move {
                opened.pass().await;
                pages::calendar(visitor.auth(), &who).await
            }),
        )
        .route("/adopt", any(adopt))
        .route("/enter", any(enter))
        .route("/keep", any(keep))
        .route("/rotate", any(rotate))
        .route(
            "/door",
            any(move |_: Identity| async move { door.pass().await }),
        );
    let around = |app: Router| app.layer(auth.layer()).layer(auth.cookies().layer());
    match layout {
        Layout::Whole => around(app),
        Layout::Nested => Router::new().nest_service("/inner", around(app)),
        Layout::Forgotten => app.layer(auth.cookies().layer()),
    }
}

async fn public(who: Option<Identity>) -> String {
    pages::greeting(who.as_ref())
}

async fn app(who: Identity) -> String {
    pages::greeting(Some(&who))
}

async fn sign_in(visitor: Visitor, pending: PendingCookies, Query(typed): Query<Typed>) -> Events {
    pages::sign_in(visitor, pending, typed)
}

async fn sign_out(visitor: Visitor, pending: PendingCookies) -> Events {
    pages::sign_out(visitor, pending)
}

async fn offer(visitor: Visitor, pending: PendingCookies) -> Events {
    pages::offer(visitor, pending)
}

async fn offer_briefly(visitor: Visitor, pending: PendingCookies) -> Events {
    pages::offer_briefly(visitor, pending)
}

async fn watch(who: Identity, pending: PendingCookies) -> Events {
    pages::watch(who, pending)
}

async fn calendar(visitor: Visitor, who: Identity) -> String {
    pages::calendar(visitor.auth(), &who).await
}

async fn adopt(visitor: Visitor, who: Identity, pending: PendingCookies) -> String {
    pages::adopt(visitor.auth(), who, pending).await
}

async fn enter(visitor: Visitor, pending: PendingCookies, Query(typed): Query<Typed>) -> String {
    pages::enter(visitor.auth(), &typed.name, pending).await
}

async fn keep(visitor: Visitor, pending: PendingCookies) -> String {
    pages::keep(visitor.auth(), pending).await
}

async fn rotate(visitor: Visitor, pending: PendingCookies, Query(to): Query<Promotion>) -> String {
    pages::rotate(visitor.auth(), pending, to).await
}
