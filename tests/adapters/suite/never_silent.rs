//! Whatever is lost is logged and counted.

use std::time::Duration;

use apply_cookies::{Event, SetCookie};
use async_stream::stream;

use super::{R, Server, Tested};
use crate::harness::extractors::{EVERY_CLASS, OPTIONAL, REQUIRED};
use crate::harness::{
    Adapter, Ask, Observer, Reply, Script, Surroundings, counters, in_a_process_of_its_own,
    one_token,
};
use crate::support::NOW;
use crate::support::http::post;

fn session(value: &str) -> SetCookie<'static> {
    SetCookie::new("session", value.to_owned())
}

#[test]
fn what_is_lost_is_logged_and_counted_and_no_value_is_shown() {
    in_a_process_of_its_own(
        module_path!(),
        "what_is_lost_is_logged_and_counted_and_no_value_is_shown",
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
fn what_was_pushed_before_an_outer_layer_gave_up_is_logged_and_counted() {
    in_a_process_of_its_own(
        module_path!(),
        "what_was_pushed_before_an_outer_layer_gave_up_is_logged_and_counted",
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
fn a_layer_that_the_app_forgot_is_named_in_the_log() {
    in_a_process_of_its_own(
        module_path!(),
        "a_layer_that_the_app_forgot_is_named_in_the_log",
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
