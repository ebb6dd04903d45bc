//! actix-web.

#[path = "suite/mod.rs"]
mod suite;

use std::sync::mpsc;

use actix_web::middleware::Condition;
use actix_web::web::{self, Query, ServiceConfig};
use actix_web::{App, HttpServer, rt};
use apply_cookies::PendingCookies;
use apply_cookies_auth::{Identity, Visitor};

use crate::harness::pages::{self, Events, Promotion, Typed};
use crate::harness::{Framework, Layout, Running, Site};

pub(crate) struct Tested;

impl Framework for Tested {
    fn serve(site: Site) -> Running {
        let (started, starting) = mpsc::channel();
        std::thread::spawn(move || {
            rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    let Site { auth, layout, .. } = &site;
                    let (cookies, nested) = (auth.cookies(), *layout == Layout::Nested);
                    App::new()
                        .configure(|service| {
                            if nested {
                                let inner = web::scope("/inner").configure(|s| routes(s, &site));
                                let inner = inner.wrap(auth.middleware());
                                service.service(inner.wrap(cookies.middleware()));
                            } else {
                                routes(service, &site);
                            }
                        })
                        .wrap(Condition::new(*layout == Layout::Whole, auth.middleware()))
                        .wrap(Condition::new(!nested, cookies.middleware()))
                })
                .workers(2)
                .shutdown_timeout(1)
                .bind(("127.0.0.1", 0))
                .unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                started.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = starting.recv().unwrap();
        // Sent at once; the server's own thread acts on it.
        Running::new(address, move || drop(handle.stop(false)))
    }
}

fn routes(service: &mut ServiceConfig, site: &Site) {
    let (auth, door, later) = (&site.auth, site.door.clone(), site.door.clone());
    let opened = door.clone();
    let admin = web::scope("/admin").wrap(auth.required().role("admin"));
    let recent = auth.required().acr("mfa").within(pages::RECENT);
    let vault = web::scope("/vault").wrap(recent);
    service
        .route("/", web::to(public))
        .route("/app", web::to(app))
        .service(admin.route("", web::to(|| async { "admin" })))
        .service(vault.route("", web::to(|| async { "vault" })))
        .route("/sse-in", web::to(sign_in))
        .route("/sse-out", web::to(sign_out))
        .route(
            "/sse-out-later",
            web::to(move |visitor: Visitor, pending: PendingCookies| {
                let door = later.clone();
                async move { pages::sign_out_later(visitor, pending, door) }
            }),
        )
        .route("/watch", web::to(watch))
        .route("/offer", web::to(offer))
        .route("/offer-briefly", web::to(offer_briefly))
        .route("/calendar", web::to(calendar))
        .route(
            "/calendar-later",
            web::to(move |visitor: Visitor, who: Identity| {
                let door = opened.clone();
                async move {
                    door.pass().await;
                    pages::calendar(visitor.auth(), &who).await
                }
            }),
        )
        .route("/adopt", web::to(adopt))
        .route("/enter", web::to(enter))
        .route("/keep", web::to(keep))
        .route("/rotate", web::to(rotate))
        .route(
            "/door",
            web::to(move |_: Identity| {
                let door = door.clone();
                async move { door.pass().await }
            }),
        );
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
