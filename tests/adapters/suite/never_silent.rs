//! Every loss is logged and counted.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apply_cookies::{Event, SetCookie};
use async_stream::stream;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use super::{R, Server, Tested};
use crate::harness::extractors::{EVERY_CLASS, OPTIONAL, REQUIRED};
use crate::harness::{
    Adapter, Ask, Reply, Script, Surroundings, in_a_process_of_its_own, one_token, wait,
};
use crate::support::NOW;
use crate::support::http::post;

/// Log and counters of the whole process, which must be the test's own.
struct Observer {
    log: Log,
    counters: Snapshotter,
}

impl Observer {
    fn install() -> Self {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        let recorder = DebuggingRecorder::new();
        let counters = recorder.snapshotter();
        recorder.install().unwrap();
        Self { log, counters }
    }

    fn log(&self) -> String {
        String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap()
    }

    fn wait_for(&self, words: &str) {
        wait(|| self.log().contains(words).then_some(()));
    }

    /// The counters that are not zero, by name and label. A snapshot resets them, so call this only
    /// once.
    fn counters(&self) -> BTreeMap<String, u64> {
        let mut counters = BTreeMap::new();
        for (key, _, _, value) in self.counters.snapshot().into_vec() {
            let (name, labels) = key.key().clone().into_parts();
            let mut name = name.as_str().to_owned();
            for label in &labels {
                name.extend([" ", label.key(), "=", label.value()]);
            }
            if let DebugValue::Counter(count @ 1..) = value {
                counters.insert(name, count);
            }
        }
        counters
    }
}

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

fn session(value: &str) -> SetCookie<'static> {
    SetCookie::new("session", value.to_owned())
}

fn counters<const N: usize>(expected: [(&str, u64); N]) -> BTreeMap<String, u64> {
    expected
        .map(|(name, count)| (format!("apply_cookies_{name}"), count))
        .into()
}

#[test]
fn every_loss_is_logged_and_counted_and_no_value_is_shown() {
    in_a_process_of_its_own(
        module_path!(),
        "every_loss_is_logged_and_counted_and_no_value_is_shown",
        lose_in_every_way,
    );
}

fn lose_in_every_way() {
    let observer = Observer::install();
    let server = Server::start(
        Script::at("/fails", |ask: Ask| async move {
            ask.pending.set(session("secret-of-a-failure")).unwrap();
            ask.pending.delete_cookie("guest").unwrap();
            Reply::Fails(500)
        })
        // Pushes, and ends its carrier before anything travels.
        .and("/ends", |ask: Ask| async move {
            let frames = ask.pending.frames();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                ask.pending.set(session("secret-of-a-stream")).unwrap();
                drop(frames);
            });
            Reply::done()
        })
        .and("/sign-in", |ask: Ask| async move {
            Reply::sse(ask.pending, |cookies| {
                stream! {
                    cookies.set(session("secret-of-a-token")).unwrap();
                    yield Event::data("signed in");
                }
            })
        }),
    );
    assert_eq!(server.get_bound("/fails").status, 500);
    observer.wait_for("the handler failed");
    server.get_bound("/ends");
    observer.wait_for("the stream ended");

    let used = one_token(&server.get_bound("/sign-in"));
    let unused = one_token(&server.get_bound("/sign-in"));
    assert_eq!(post(server.address, &used, Some(R)).status, 204);
    assert_eq!(post(server.address, &used, Some(R)).status, 204);
    assert_eq!(post(server.address, &used, None).status, 409);
    server.set_clock(NOW + 61_000);
    observer.wait_for("expired unredeemed");
    assert_eq!(post(server.address, &unused, Some(R)).status, 410);

    assert_eq!(
        observer.counters(),
        counters([
            ("operations_lost_total reason=handler-failed", 2),
            ("operations_lost_total reason=stream-ended", 1),
            ("redemptions_total result=expired", 1),
            ("redemptions_total result=released", 1),
            ("redemptions_total result=retried", 1),
            ("redemptions_total result=used", 1),
            ("tokens_expired_total", 1),
            ("tokens_issued_total", 2),
        ])
    );
    let log = observer.log();
    assert_eq!(log.matches("expired unredeemed").count(), 1, "{log}");
    for hidden in ["secret-of", &used, &unused, "AAAAAAAA"] {
        assert!(!log.contains(hidden), "{log}");
    }
}

#[test]
fn cookies_lost_to_an_outer_layer_are_logged_and_counted() {
    in_a_process_of_its_own(
        module_path!(),
        "cookies_lost_to_an_outer_layer_are_logged_and_counted",
        lose_to_an_outer_layer,
    );
}

fn lose_to_an_outer_layer() {
    let observer = Observer::install();
    let server = Server::in_surroundings(Surroundings::LayerInHaste).start(Script::at(
        "/slow",
        |ask: Ask| async move {
            ask.pending
                .set(session("secret-of-a-slow-handler"))
                .unwrap();
            std::future::pending::<Reply>().await
        },
    ));
    let response = server.get_bound("/slow");
    assert_eq!(response.status, 504);
    assert_eq!(response.all("set-cookie"), [""; 0]);
    observer.wait_for("the handler failed");
    assert_eq!(
        observer.counters(),
        counters([("operations_lost_total reason=handler-failed", 1)])
    );
    assert!(!observer.log().contains("secret-of"));
}

#[test]
fn a_missing_layer_is_named_in_the_log() {
    in_a_process_of_its_own(
        module_path!(),
        "a_missing_layer_is_named_in_the_log",
        forget_the_layer,
    );
}

fn forget_the_layer() {
    let observer = Observer::install();
    let server = Server::in_surroundings(Surroundings::Bare)
        .start(Script::at("/", |_| async { Reply::done() }));
    for path in ["/", REQUIRED, OPTIONAL, EVERY_CLASS] {
        let before = observer.log().matches(Tested::LAYER).count();
        server.get_bound(path);
        let after = observer.log().matches(Tested::LAYER).count();
        assert!(after > before, "{path}: {}", observer.log());
    }
}
