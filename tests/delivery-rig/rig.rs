//! The server of the delivery tests in `client/tests`: mints tokens in streams, awaits their
//! receipts, and reports both what those said and what its store gave out. See `run` for its use.

mod ledger;
mod streams;

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, Data, Json};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use apply_cookies::protocol::{KeyRing, Secret as RootSecret};
use apply_cookies::{ApplyCookies, Clock, Secrets};

use ledger::Ledger;
use streams::Minted;

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

/// A page that does nothing by itself; its tests bring their scripts.
const PAGE: &str = "<!doctype html><title>Delivery</title><link rel=icon href=data:,>";

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(origin), Some(lifetime)) = (args.next(), args.next().and_then(|n| n.parse().ok()))
    else {
        eprintln!("usage: delivery-rig <origin of its pages> <lifetime of tokens in milliseconds>");
        std::process::exit(2);
    };
    actix_web::rt::System::new().block_on(run(&origin, Duration::from_millis(lifetime)))
}

/// Prints the address on standard output, and the library's log on standard error. `GET /mint`
/// streams tokens, `GET /report` reports on all of them, `GET /page` is an empty page, `GET /session`
/// says what the request's session cookie holds.
async fn run(origin: &str, lifetime: Duration) -> std::io::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter("apply_cookies=info")
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let ledger = Arc::new(Ledger::new(Clock::system()));
    let ring = KeyRing::new(&RootSecret::new(SECRET).expect("a good secret"), &[])
        .expect("one key makes a ring");
    let minted = Data::new(Minted::new(ring));
    let cookies = ApplyCookies::builder(Secrets::new(SECRET).expect("a good secret"))
        .origin(origin)
        .lifetime(lifetime)
        .replay_store(ledger.clone())
        .build()
        .map_err(std::io::Error::other)?;
    let ledger = Data::from(ledger);
    let server = HttpServer::new(move || {
        App::new()
            .wrap(cookies.middleware())
            .app_data(minted.clone())
            .app_data(ledger.clone())
            .route("/mint", web::get().to(streams::mint))
            .route("/report", web::get().to(report))
            .route("/page", web::get().to(page))
            .route("/session", web::get().to(session))
    })
    .workers(1)
    // A connection closed while the next request is on its way would be one fault more than the
    // proxy has counted.
    .keep_alive(Duration::from_secs(600))
    .shutdown_timeout(1)
    .bind(("127.0.0.1", 0))?;
    println!("http://{}/", server.addrs()[0]);
    server.run().await
}

async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(PAGE)
}

async fn session(request: HttpRequest) -> String {
    let cookie = request.cookie(streams::COOKIE);
    cookie.map_or_else(String::new, |cookie| cookie.value().to_owned())
}

/// What became of every token, from two sides: its receipt, and the store's own ledger.
async fn report(minted: Data<Minted>, ledger: Data<Ledger>) -> Json<serde_json::Value> {
    Json(minted.report(&ledger))
}
