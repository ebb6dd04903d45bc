//! Every loss is logged and counted.

use std::time::Duration;

use apply_cookies::{Event, Outcome, SetCookie};
use async_stream::stream;
use tracing_subscriber::filter::LevelFilter;

use super::{R, Server, Tested};
use crate::harness::extractors::{EVERY_CLASS, OPTIONAL, REQUIRED};
use crate::harness::{
    Adapter, Ask, Observer, Reply, Script, Staged, Surroundings, counters, in_a_process_of_its_own,
    one_token, outcome,
};
use crate::support::NOW;
use crate::support::http::{Connection, post};

fn session(value: &str) -> SetCookie<'static> {
    SetCookie::new("session", value.to_owned())
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
fn a_handler_that_waits_for_itself_is_told_so_in_the_log() {
    in_a_process_of_its_own(
        module_path!(),
        "a_handler_that_waits_for_itself_is_told_so_in_the_log",
        wait_for_oneself,
    );
}

fn wait_for_oneself() {
    let observer = Observer::install();
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let receipt = ask.pending.set(session("secret-of-a-waiter"))?;
        ask.notes.keep(Ok(receipt.clone()));
        let outcome = receipt.await;
        Ok(Reply::text(format!("{outcome:?}")))
    }));
    let address = server.address;
    let answer =
        std::thread::spawn(move || Connection::open(address).request("GET", "/", &[], b""));
    let receipt = server.notes.receipt();
    server.set_clock(NOW + 61_000);
    observer.wait_for("a handler must not await it before it answers");
    assert_eq!(outcome(&receipt), Outcome::Expired);
    let answer = answer.join().unwrap();
    assert_eq!(answer.body, "Expired");
    // It has had its time; the cookie leaves all the same.
    assert_eq!(answer.all("set-cookie").len(), 1);
    assert_eq!(observer.counters(), counters([]));
    assert!(!observer.log().contains("secret-of"));
}

#[test]
fn a_sign_out_that_leaves_without_its_barrier_is_logged_and_counted() {
    in_a_process_of_its_own(
        module_path!(),
        "a_sign_out_that_leaves_without_its_barrier_is_logged_and_counted",
        lose_a_barrier,
    );
}

fn lose_a_barrier() {
    let observer = Observer::install();
    let script = Script::at("/", |ask: Ask| async move {
        ask.pending.sign_out().delete_cookie("session").push()?;
        Ok(Reply::done())
    });
    let server = Server::with_store(Staged::failing()).start(script);
    let response = server.get_bound("/");
    assert_eq!(
        (response.status, response.all("set-cookie").len()),
        (200, 1)
    );
    observer.wait_for("a sign-out was sent without its barrier");
    assert_eq!(
        observer.counters(),
        counters([("barriers_failed_total", 1)])
    );
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
    // At the default level it is said once a minute.
    let observer = Observer::at(LevelFilter::DEBUG);
    let server = Server::in_surroundings(Surroundings::Bare)
        .start(Script::at("/", |_| async { Reply::done() }));
    for path in ["/", REQUIRED, OPTIONAL, EVERY_CLASS] {
        let before = observer.log().matches(Tested::LAYER).count();
        server.get_bound(path);
        let after = observer.log().matches(Tested::LAYER).count();
        assert!(after > before, "{path}: {}", observer.log());
    }
}
