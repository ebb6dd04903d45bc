//! Servers with one worker each: with the endpoint, or with only a fixed answer.

use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::thread;

use apply_cookies::ApplyCookies;

pub(crate) type Serve = fn(Option<ApplyCookies>) -> SocketAddr;

/// The fields of the endpoint's answer to three cookies.
const FIELDS: [(&str, &str); 4] = [
    ("cache-control", "no-store"),
    (
        "set-cookie",
        "session=8f14e45fceea167a5a36dedd4bea2543; Path=/; Secure; HttpOnly; SameSite=Lax",
    ),
    ("set-cookie", "theme=dark; Path=/; Secure; SameSite=Lax"),
    (
        "set-cookie",
        "seen=2026-11-27; Path=/; Secure; HttpOnly; SameSite=Lax",
    ),
];

/// Microseconds of processor time that this thread has used.
fn time() -> String {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let time = std::time::Duration::try_from(time).expect("not before the start");
    (time.as_secs_f64() * 1e6).to_string()
}

pub(crate) fn actix(apply: Option<ApplyCookies>) -> SocketAddr {
    use actix_web::middleware::Condition;
    use actix_web::web::{self, Bytes};
    use actix_web::{App, HttpResponse, HttpServer};

    async fn fixed(_: Bytes) -> HttpResponse {
        let mut response = HttpResponse::NoContent();
        for field in FIELDS {
            response.append_header(field);
        }
        response.finish()
    }

    async fn now() -> HttpResponse {
        HttpResponse::NoContent()
            .insert_header(("x-time", time()))
            .finish()
    }

    let (started, address) = channel();
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let spare = apply.clone().unwrap_or_else(ApplyCookies::dev);
            let server = HttpServer::new(move || {
                // The bare server has it switched off.
                let ours = Condition::new(apply.is_some(), spare.middleware());
                App::new()
                    .route("/fixed", web::post().to(fixed))
                    .route("/time", web::get().to(now))
                    .wrap(ours)
            })
            .workers(1)
            .bind(("127.0.0.1", 0))
            .expect("a free port");
            started.send(server.addrs()[0]).expect("somebody waits");
            server.run().await.expect("it runs");
        });
    });
    address.recv().expect("it starts")
}

pub(crate) fn axum(apply: Option<ApplyCookies>) -> SocketAddr {
    use axum::Router;
    use axum::body::Bytes;
    use axum::http::StatusCode;
    use axum::response::{AppendHeaders, IntoResponse};
    use axum::routing::{get, post};

    async fn fixed(_: Bytes) -> impl IntoResponse {
        (StatusCode::NO_CONTENT, AppendHeaders(FIELDS))
    }

    async fn now() -> impl IntoResponse {
        (StatusCode::NO_CONTENT, AppendHeaders([("x-time", time())]))
    }

    let (started, address) = channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async move {
            let app = Router::new()
                .route("/fixed", post(fixed))
                .route("/time", get(now));
            let app = match apply {
                Some(apply) => app.layer(apply.layer()),
                None => app,
            };
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
                .await
                .expect("a free port");
            started
                .send(listener.local_addr().expect("bound"))
                .expect("somebody waits");
            axum::serve(listener, app).await.expect("it runs");
        });
    });
    address.recv().expect("it starts")
}
