//! Sign-outs that are pushed just as the response leaves.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use apply_cookies::Outcome;
use apply_cookies::protocol::{Binding, BindingCookie};

use super::{R, Server};
use crate::harness::{Ask, Reply, Script, Staged, outcome};
use crate::support::http::{Connection, Response, post, post_as};
use crate::support::{NOW, SESSION, at, cookie_header, ring, token_with};

fn deletes(answer: &Response, cookie: &str) -> bool {
    let deletion = format!("{cookie}=;");
    let mut lines = answer.all("set-cookie").into_iter();
    lines.any(|line| line.starts_with(&deletion))
}

#[test]
fn a_sign_out_that_is_pushed_while_another_raises_its_barrier_is_refused_or_raises_its_own() {
    let store = Staged::holding();
    let server = Server::with_store(store.clone()).start(Script::at("/", |ask: Ask| async move {
        let out = ask.pending.sign_out().delete_cookie("theme").push();
        ask.notes.keep(out);
        ask.notes.hand_over(ask.pending);
        Reply::done()
    }));
    let address = server.address;
    let answer = std::thread::spawn(move || {
        Connection::open(address).request("GET", "/", &[&cookie_header(1)], b"")
    });
    store.wait_for_claim();
    // The store has raised the barrier, and has not said so yet. Two seconds later the visitor
    // signs in, on another page …
    let sign_in = token_with(SESSION, |header| {
        header.issued_at = at(NOW + 2_000);
        header.expires_at = at(NOW + 62_000);
    });
    // … and three seconds after that is signed out, on the response that is still to leave.
    server.set_clock(NOW + 5_000);
    let second = server
        .notes
        .handle()
        .sign_out()
        .delete_cookie("session")
        .push();
    store.answer();
    let answer = answer.join().unwrap();
    assert!(deletes(&answer, "theme"));
    assert_eq!(outcome(&server.notes.receipt()), Outcome::Released);
    let late = post(server.address, &sign_in, Some(R));
    match second {
        Err(_) => assert!(
            !deletes(&answer, "session"),
            "refused, and done all the same"
        ),
        Ok(receipt) => {
            assert!(deletes(&answer, "session"));
            let said = outcome(&receipt);
            assert_eq!((late.status, said), (410, Outcome::Released));
        }
    }
}

#[test]
fn a_sign_out_from_another_thread_never_leaves_without_its_barrier() {
    let (hand_over, handles) = mpsc::channel();
    let server = Server::start(Script::at("/", move |ask: Ask| {
        let given = hand_over.send(ask.pending).is_ok();
        async move { Reply::text(given.to_string()) }
    }));
    let address = server.address;
    let (ask, asked) = mpsc::channel::<String>();
    let (say, said) = mpsc::channel();
    std::thread::spawn(move || {
        let mut connection = Connection::open(address);
        for cookie in asked {
            say.send(connection.request("GET", "/", &[&cookie], b""))
                .unwrap();
        }
    });
    // Searches for the moment: earlier after a push that came too late, and vice versa.
    let mut spin = 3_000_u64;
    for n in 0..2_000_u64 {
        let mut random = [7; 32];
        random[..8].copy_from_slice(&n.to_be_bytes());
        let browser = BindingCookie::from_random(random);
        let cookie = format!("Cookie: __Host-apply-cookies={}", browser.to_text());
        ask.send(cookie.clone()).unwrap();
        let pending = handles.recv().unwrap();
        let began = Instant::now();
        while began.elapsed() < Duration::from_nanos(spin) {
            std::hint::spin_loop();
        }
        let out = pending.sign_out().delete_cookie("session").push();
        drop(pending);
        let answer = said.recv().unwrap();
        let Ok(receipt) = out else {
            assert!(
                !deletes(&answer, "session"),
                "refused, and done all the same"
            );
            spin = spin.saturating_sub(37 + n % 50);
            continue;
        };
        spin += 41 + n % 61;
        assert!(deletes(&answer, "session"));
        let older = token_with(SESSION, |header| {
            header.binding = Some(Binding::new(&ring(), &browser));
        });
        let late = post_as(server.address, &cookie, &older, Some(R)).status;
        assert_eq!((late, outcome(&receipt)), (410, Outcome::Released), "{n}");
    }
}
