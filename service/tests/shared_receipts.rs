//! An app and the service, two processes on one Redis or one Postgres: the app hears of every cookie
//! that the service has released.
//!
//! `APPLY_COOKIES_FAULTS=full` sets the full counts; `scripts/faults` sets it.

#![cfg(target_os = "linux")]

#[path = "../../replay/tests/support/servers/mod.rs"]
mod servers;
#[path = "support/service.rs"]
mod service;
mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue};
use apply_cookies::replay::{Clock, PostgresReplayStore, RedisReplayStore, ReplayStore};
use apply_cookies::web::{Asked, Ended, Exchange};
use apply_cookies::{ApplyCookies, Outcome, Secrets, SetCookie};
use servers::{Postgres, Redis};
use service::{ORIGIN, Service};
use support::http::{Connection, FORM, form};
use support::{SECRET, cookie_header};

/// Handlers that wait for a receipt at a time.
const HANDLERS: usize = 8;

fn receipts() -> usize {
    match std::env::var("APPLY_COOKIES_FAULTS").as_deref() {
        Ok("full") => 10_000,
        _ => 1_000,
    }
}

/// A handler in the middle of its response: pushes cookies one after the other, and awaits the
/// receipt of each. Returns how long that took, from the page's post on.
async fn handler(app: &ApplyCookies, service: &Service, cookies: usize) -> Vec<Duration> {
    let mut fields = HeaderMap::new();
    let cookie = cookie_header(1);
    let cookie = cookie.strip_prefix("Cookie: ").unwrap();
    fields.insert(COOKIE, HeaderValue::from_str(cookie).unwrap());
    let request = Asked {
        method: "GET",
        path: "/events",
        fields: &fields,
    };
    let exchange = Exchange::begin(app, request);
    let pending = exchange.slot().pending();
    let mut carrier = pending.frames();
    exchange
        .answered(Ended::Answered, 200, &mut HeaderMap::new())
        .await;
    let mut page = Connection::open(service.address);
    let headers = [&*format!("Origin: {ORIGIN}"), FORM, &*cookie_header(1)];
    let mut waits = Vec::new();
    for _ in 0..cookies {
        let receipt = pending.set(SetCookie::new("session", "8f14e45f")).unwrap();
        let frames = carrier.take_ready();
        let form = form(frames[0].token(), Some("a-redemption-id"));
        let posted = Instant::now();
        let answer = page.request("POST", "/__apply-cookies", &headers, form.as_bytes());
        assert_eq!(answer.status, 204);
        assert_eq!(receipt.await, Outcome::Released);
        waits.push(posted.elapsed());
    }
    waits
}

fn every_receipt_comes(name: &str, url: &str, store: Arc<dyn ReplayStore>) {
    let service = Service::start_quiet(&["--replay", url]);
    service.wait_until_ready();
    let secrets = Secrets::new(&SECRET).unwrap();
    let app = ApplyCookies::builder(secrets)
        .origin(ORIGIN)
        .replay_store(store);
    let app = app.build().unwrap();
    let each = receipts() / HANDLERS;
    let mut waits: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..HANDLERS)
            .map(|_| {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread().build();
                    runtime.unwrap().block_on(handler(&app, &service, each))
                })
            })
            .collect();
        let waits = threads.into_iter().flat_map(|one| one.join().unwrap());
        waits.collect()
    });
    waits.sort_unstable();
    let at = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!(
        "table: {name}: receipts of cookies that another process released, {HANDLERS} at a time | {} of {} came, {:.1} ms after the post (median), {:.1} ms (p99)",
        waits.len(),
        each * HANDLERS,
        at(50),
        at(99),
    );
    assert_eq!(waits.len(), each * HANDLERS);
}

#[test]
fn an_app_gets_the_receipt_of_every_cookie_that_another_process_released_through_redis() {
    let server = Redis::start(&[]);
    let store = RedisReplayStore::new(&server.url(), Clock::system()).unwrap();
    every_receipt_comes("Redis", &server.url(), Arc::new(store));
}

#[test]
fn an_app_gets_the_receipt_of_every_cookie_that_another_process_released_through_postgres() {
    let server = Postgres::start(&[]);
    let store = PostgresReplayStore::new(&server.url(), Clock::system()).unwrap();
    every_receipt_comes("Postgres", &server.url(), Arc::new(store));
}
