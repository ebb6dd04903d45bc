//! Actions that the page takes after its cookies are applied, and batches as a whole.

use apply_cookies::{Event, Outcome, PendingState, PushError, SetCookie};
use async_stream::stream;

use super::{R, Server, session};
use crate::harness::{Ask, Reply, Script, one_token, outcome};
use crate::support::http::post;
use crate::support::{SESSION, SESSION_LINE, token_with};

#[test]
fn in_a_batch_the_later_operation_on_a_cookie_counts_and_an_action_stays() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        Reply::sse(ask.pending, |cookies| {
            stream! {
                let batch = cookies.batch().delete_cookie("session").set(session());
                batch.reload().push().unwrap();
                cookies.set(SetCookie::new("theme", "dark")).unwrap();
                yield Event::data("both");
            }
        })
    }));
    let token = one_token(&server.get_bound("/"));
    let answer = post(server.address, &token, Some(R));
    assert_eq!(
        answer.all("set-cookie"),
        [
            SESSION_LINE,
            "theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax"
        ]
    );
    assert_eq!(answer.header("apply-cookies-then"), Some("reload"));
}

#[test]
fn an_action_comes_with_the_answer_and_not_with_the_frame() {
    let acts = |what: &'static str| {
        move |ask: Ask| async move {
            Reply::sse(ask.pending, move |cookies| {
                stream! {
                    let batch = cookies.batch().set(session());
                    match what {
                        "reconnect" => batch.reconnect(),
                        "reload" => batch.reload(),
                        // The last one counts.
                        _ => batch.reload().go_to("/account?tab=1#top"),
                    }
                    .push()
                    .unwrap();
                    yield Event::data("done");
                }
            })
        }
    };
    let server = Server::start(
        Script::at("/reconnect", acts("reconnect"))
            .and("/reload", acts("reload"))
            .and("/go", acts("go")),
    );
    for (path, header) in [
        ("/reconnect", "reconnect"),
        ("/reload", "reload"),
        ("/go", "go /account?tab=1#top"),
    ] {
        let response = server.get_bound(path);
        let token = one_token(&response);
        assert_eq!(
            response.body,
            format!("event: apply-cookies\ndata: {{\"token\":\"{token}\"}}\n\ndata: done\n\n")
        );
        let answer = post(server.address, &token, Some(R)).without_date();
        assert_eq!(answer.header("apply-cookies-then"), Some(header));
        let retry = post(server.address, &token, Some(R)).without_date();
        assert_eq!(retry, answer);
    }
    let plain = token_with(SESSION, |_| {});
    let answer = post(server.address, &plain, Some(R));
    assert_eq!(answer.header("apply-cookies-then"), None);
}

/// Not paths of the page's own origin, or paths that browsers read differently.
const ELSEWHERE: [&str; 10] = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/%2Fevil.example",
    "/a%5cb",
    "account",
    "",
    "/a b",
    "/\u{e9}",
    "/\r\nSet-Cookie: a=b",
];

#[test]
fn a_batch_is_queued_as_a_whole_or_not_at_all() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let notes = ask.notes;
        Reply::sse(ask.pending, |cookies| {
            stream! {
                notes.look(cookies.state());
                for elsewhere in ELSEWHERE {
                    notes.keep(cookies.batch().set(session()).go_to(elsewhere).push());
                }
                let invalid = SetCookie::new("a b", "1");
                notes.keep(cookies.batch().set(session()).set(invalid).push());
                // The first mistake counts.
                let two = cookies.batch().set(SetCookie::new("a b", "1")).go_to("elsewhere");
                notes.keep(two.push());
                notes.keep(cookies.batch().reload().push());
                notes.keep(cookies.sign_out().push());
                yield Event::data("nothing was queued");
                cookies.close();
                notes.look(cookies.state());
            }
        })
    }));
    let response = server.get_bound("/");
    assert_eq!(response.body, "data: nothing was queued\n\n");
    assert!(response.all("set-cookie").is_empty());
    let notes = &server.notes;
    for elsewhere in ELSEWHERE {
        assert_eq!(notes.error(), PushError::Path, "{elsewhere}");
    }
    assert!(matches!(notes.error(), PushError::Invalid(_)));
    assert!(matches!(notes.error(), PushError::Invalid(_)));
    assert_eq!(notes.error(), PushError::Empty);
    assert_eq!(notes.error(), PushError::Empty);
    assert!(notes.has_no_receipt());
    assert_eq!(notes.state(), PendingState::Carried);
    assert_eq!(notes.state(), PendingState::Closed);
}

#[test]
fn an_action_before_the_headers_have_left_leaves_with_them() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let pushed = ask.pending.batch().set(session()).go_to("/account").push();
        ask.notes.keep(pushed);
        Reply::done()
    }));
    let response = server.get_bound("/");
    assert_eq!(response.all("set-cookie"), [SESSION_LINE]);
    assert_eq!(response.header("apply-cookies-then"), Some("go /account"));
    assert_eq!(outcome(&server.notes.receipt()), Outcome::Released);
}
