//! Whatever is lost is logged and counted. A test binary of its own: log and counters belong to
//! the whole process.

mod support;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use actix_web::web;
use actix_web::{Error, HttpResponse, error, rt};
use apply_cookies::{Event, PendingCookies, SetCookie, testing};
use async_stream::stream;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use support::http::{Connection, post};
use support::{NOW, Server, cookie_header};

const R: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// What has been logged since it was last taken.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

static OBSERVED: LazyLock<(Log, Snapshotter)> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let recorder = DebuggingRecorder::new();
    let counts = recorder.snapshotter();
    recorder.install().unwrap();
    (log, counts)
});

/// The counters that are not zero, by name and label.
fn counts(total: &mut HashMap<String, u64>) {
    let (_, snapshotter) = &*OBSERVED;
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let (name, labels) = key.key().clone().into_parts();
        let mut name = name.as_str().to_owned();
        for label in &labels {
            name.extend([" ", label.key(), "=", label.value()]);
        }
        if let DebugValue::Counter(count) = value {
            // A snapshot takes what it shows.
            *total.entry(name).or_default() += count;
        }
    }
    total.retain(|_, count| *count > 0);
}

fn wait(what: &str, mut look: impl FnMut() -> bool) {
    for _ in 0..500 {
        if look() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: it never came");
}

fn session(value: &str) -> SetCookie<'static> {
    SetCookie::new("session", value.to_owned())
}

async fn fails(pending: PendingCookies) -> Result<HttpResponse, Error> {
    pending.set(session("secret-of-a-failure")).unwrap();
    pending.delete_cookie("guest").unwrap();
    Err(error::ErrorBadRequest("half-way"))
}

/// Pushes, and ends its carrier before anything travels.
async fn ends(pending: PendingCookies) -> HttpResponse {
    let frames = pending.frames();
    rt::spawn(async move {
        rt::time::sleep(Duration::from_millis(20)).await;
        pending.set(session("secret-of-a-stream")).unwrap();
        drop(frames);
    });
    HttpResponse::Ok().finish()
}

async fn sign_in(pending: PendingCookies) -> HttpResponse {
    let cookies = pending.clone();
    pending.sse(stream! {
        cookies.set(session("secret-of-a-token")).unwrap();
        yield Event::data("signed in");
    })
}

#[test]
fn what_is_lost_is_logged_and_counted_and_no_value_is_shown() {
    let log = &OBSERVED.0;
    let server = Server::start_with(
        |builder| builder,
        |config| {
            config
                .route("/fails", web::get().to(fails))
                .route("/ends", web::get().to(ends))
                .route("/sign-in", web::get().to(sign_in));
        },
    );
    let get = |path| {
        let mut connection = Connection::open(server.address);
        connection.request("GET", path, &[&cookie_header(1)], b"")
    };
    assert_eq!(get("/fails").status, 400);
    wait("the failed handler", || {
        log.text().contains("the handler failed")
    });
    get("/ends");
    wait("the ended stream", || {
        log.text().contains("the stream ended")
    });

    let redeemed = get("/sign-in");
    let unredeemed = get("/sign-in");
    let [used, unused] = [&redeemed, &unredeemed].map(|response| {
        let tokens = testing::tokens(&response.body);
        tokens[0].to_owned()
    });
    assert_eq!(post(server.address, &used, Some(R)).status, 204);
    assert_eq!(post(server.address, &used, Some(R)).status, 204);
    assert_eq!(post(server.address, &used, None).status, 409);
    server.set_clock(NOW + 61_000);
    wait("the expired token", || {
        log.text().contains("expired unredeemed")
    });
    assert_eq!(post(server.address, &unused, Some(R)).status, 410);

    let mut total = HashMap::new();
    counts(&mut total);
    let mut total: Vec<_> = total.into_iter().collect();
    total.sort();
    let expected = [
        (
            "apply_cookies_operations_lost_total reason=handler-failed",
            2,
        ),
        ("apply_cookies_operations_lost_total reason=stream-ended", 1),
        ("apply_cookies_redemptions_total result=expired", 1),
        ("apply_cookies_redemptions_total result=released", 1),
        ("apply_cookies_redemptions_total result=retried", 1),
        ("apply_cookies_redemptions_total result=used", 1),
        ("apply_cookies_tokens_expired_total", 1),
        ("apply_cookies_tokens_issued_total", 2),
    ];
    assert_eq!(
        total,
        expected.map(|(name, count)| (name.to_owned(), count))
    );

    let text = log.text();
    assert_eq!(text.matches("expired unredeemed").count(), 1, "{text}");
    for hidden in ["secret-of", &used, &unused, "AAAAAAAA"] {
        assert!(!text.contains(hidden), "{text}");
    }
}
