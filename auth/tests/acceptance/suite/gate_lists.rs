//! Lists of a gate that are kept elsewhere.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use apply_cookies_auth::Gate;
use serde_json::{Value, json};

use super::App;
use crate::harness::there::There;
use crate::harness::{Browser, Log};
use crate::hostile::Answer;

/// An app whose gate is made with the address of the list.
fn app(there: &There, gate: impl FnOnce(String) -> Gate) -> App {
    let gate = gate(format!("{}/list", there.server.issuer()));
    App::with(|auth, _| auth.provider(there.oidc()).gate(gate))
}

fn list(there: &There, entries: &Value) {
    there.answers("/list", Answer::json(entries));
}

fn asked(there: &There) -> usize {
    there.server.asked("/list").len()
}

/// Lets time pass at both.
fn forward(app: &App, there: &There, seconds: u64) {
    app.forward(Duration::from_secs(seconds));
    there.forward(seconds);
}

/// Ada's sign-in.
fn sign_in(browser: &mut Browser, there: &There) -> (u16, String) {
    let answer = browser.sign_in_there(there, "/auth/sign-in/acme");
    (answer.status, answer.body)
}

#[test]
fn whoever_is_on_the_list_gets_in_and_is_out_a_minute_after_being_taken_off() {
    let there = There::start();
    let app = app(&there, |url| Gate::new().emails_at(url));
    let mut ada = app.browser();
    list(&there, &json!(["bob@example.com"]));
    let (status, body) = sign_in(&mut ada, &there);
    assert_eq!(
        (status, body.contains("<code>not-allowed</code>")),
        (403, true)
    );
    list(&there, &json!([" Ada@Example.com", "bob@example.com"]));
    forward(&app, &there, 60);
    assert_eq!(sign_in(&mut ada, &there).0, 303);
    list(&there, &json!([]));
    assert!(ada.is_in() && ada.is_in());
    assert_eq!(asked(&there), 2, "within a minute it is not asked again");
    forward(&app, &there, 60);
    assert!(!ada.is_in());
    assert_eq!(ada.fetch("/keep").body, "nobody is signed in");
    list(&there, &json!(["ada@example.com"]));
    forward(&app, &there, 60);
    assert!(ada.is_in());
    assert_eq!(asked(&there), 4);
}

#[test]
fn a_list_has_domains_and_those_of_the_gate_itself_need_none() {
    let there = There::start();
    list(&there, &json!(["@Example.com"]));
    let of_domains = app(&there, |url| Gate::new().domains_at(url));
    assert_eq!(sign_in(&mut of_domains.browser(), &there).0, 303);
    let of_addresses = app(&there, |url| Gate::new().emails_at(url));
    let (status, body) = sign_in(&mut of_addresses.browser(), &there);
    assert_eq!(
        (status, body.contains("<code>unavailable</code>")),
        (503, true)
    );

    list(&there, &json!(["example.org"]));
    let both = |url: String| {
        let others = format!("{}/others", there.server.issuer());
        Gate::new().domains_at(url).emails_at(others)
    };
    there.answers("/others", Answer::json(&json!(["ada@example.com"])));
    assert_eq!(sign_in(&mut app(&there, both).browser(), &there).0, 303);
    // Listed, she lacks a role all the same.
    let with_role = |url| both(url).roles(["admin"]);
    assert_eq!(
        sign_in(&mut app(&there, with_role).browser(), &there).0,
        403
    );

    there.answers("/list", Answer::cut());
    let before = asked(&there);
    let itself = app(&there, |url| {
        Gate::new().domains_at(url).emails(["ada@example.com"])
    });
    assert_eq!(sign_in(&mut itself.browser(), &there).0, 303);
    // An address that nobody has verified is on no list.
    let mut browser = itself.browser();
    let out = browser.leave("/auth/sign-in/acme");
    there.gives(
        &out,
        &json!({"email": "eve@example.com", "email_verified": false}),
    );
    assert_eq!(browser.come(&there.back(&out)).status, 403);
    assert_eq!(asked(&there), before, "the list is not needed for either");
}

#[test]
fn nobody_passes_by_a_list_that_is_not_there_in_time_and_whole() {
    let there = There::start();
    let good = json!(["ada@example.com"]);
    there.answers("/elsewhere", Answer::json(&good));
    let long: Vec<_> = (0..4_000)
        .map(|n| format!("somebody-{n}@example.com"))
        .collect();
    let late = Answer {
        after: Duration::from_secs(4),
        ..Answer::json(&good)
    };
    let moved = format!("{}/elsewhere", there.server.issuer());
    let moved = Answer::new(302, "text/plain", "").with("location", &moved);
    let page = Answer::new(200, "text/html", "<p>ada@example.com</p>");
    let half = Answer::new(200, "application/json", r#"["ada@example.com","#);
    let error = Answer {
        status: 500,
        ..Answer::json(&good)
    };
    let entries = |more: Value| Answer::json(&json!(["ada@example.com", more]));
    for wrong in [
        late,
        error,
        moved,
        page,
        half,
        Answer::cut(),
        Answer::new(404, "text/plain", "nothing here"),
        Answer::json(&json!(long)),
        Answer::json(&json!({"emails": good})),
        entries(json!(1)),
        entries(json!("")),
        entries(json!("ada")),
        entries(json!("a@example.com, b@example.com")),
    ] {
        let app = app(&there, |url| Gate::new().emails_at(url));
        let shown = format!("{wrong:?}");
        there.answers("/list", wrong);
        let mut ada = app.browser();
        let (status, body) = sign_in(&mut ada, &there);
        assert_eq!(status, 503, "{shown}");
        assert!(body.contains("<code>unavailable</code>"), "{shown}");
        assert!(!ada.is_in());
        list(&there, &good);
        forward(&app, &there, 5);
        assert_eq!(sign_in(&mut ada, &there).0, 303, "{shown}");
    }
}

#[test]
fn a_list_that_is_away_signs_nobody_out_and_lets_nobody_in() {
    let there = There::start();
    let app = app(&there, |url| Gate::new().emails_at(url));
    list(&there, &json!(["ada@example.com"]));
    let mut ada = app.browser();
    assert_eq!(sign_in(&mut ada, &there).0, 303);
    there.answers("/list", Answer::cut());
    assert!(ada.is_in(), "for a minute");
    forward(&app, &there, 60);
    let answer = ada.fetch("/app");
    assert_eq!((answer.status, &*answer.problem()), (503, "unavailable"));
    assert_eq!(ada.fetch("/keep").status, 503);
    let before = asked(&there);
    assert_eq!(ada.fetch("/app").status, 503);
    assert_eq!(asked(&there), before, "it is not asked at every request");
    list(&there, &json!(["ada@example.com"]));
    forward(&app, &there, 5);
    assert!(ada.is_in());
}

/// Waits until somebody has asked for the list again.
fn until_asked_after(before: usize, there: &There) {
    let patience = Instant::now() + Duration::from_secs(30);
    while asked(there) == before {
        assert!(Instant::now() < patience, "the list is not asked again");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_stream_ends_when_its_person_is_taken_off_the_list_and_not_when_the_list_is_away() {
    let there = There::start();
    let watching = || {
        let app = app(&there, |url| Gate::new().emails_at(url));
        list(&there, &json!(["ada@example.com"]));
        let mut ada = app.browser();
        assert_eq!(sign_in(&mut ada, &there).0, 303);
        let mut stream = ada.open("/watch");
        assert_eq!(ada.next(&mut stream).unwrap(), "watching");
        (app, ada, stream)
    };
    let (app, mut ada, mut stream) = watching();
    list(&there, &json!([]));
    app.forward(Duration::from_secs(60));
    assert_eq!(ada.next(&mut stream).unwrap(), "ended: Revoked");

    let (app, mut ada, mut stream) = watching();
    there.answers("/list", Answer::cut());
    // The second time, the first has ended.
    for seconds in [60, 5] {
        let before = asked(&there);
        app.forward(Duration::from_secs(seconds));
        until_asked_after(before, &there);
    }
    app.forward(Duration::from_secs(12 * 3600));
    assert_eq!(ada.next(&mut stream).unwrap(), "ended: Expired");
}

#[test]
fn those_who_come_together_wait_for_one_fetch() {
    let there = There::start();
    let app = app(&there, |url| Gate::new().emails_at(url));
    let good = Answer::json(&json!(["ada@example.com"]));
    there.answers("/list", good.clone());
    let mut ada = app.browser();
    assert_eq!(sign_in(&mut ada, &there).0, 303);
    forward(&app, &there, 60);
    let after = Duration::from_millis(200);
    there.answers("/list", Answer { after, ..good });
    let gate = Barrier::new(16);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            let (mut ada, gate) = (ada.clone(), &gate);
            scope.spawn(move || {
                gate.wait();
                assert!(ada.is_in());
            });
        }
    });
    assert_eq!(asked(&there), 2);
}

#[test]
fn a_list_is_logged_by_its_host() {
    const TEST: &str = "a_list_is_logged_by_its_host";
    Log::of_a_process(module_path!(), TEST, |log| {
        let there = There::start();
        let app = app(&there, |url| Gate::new().emails_at(url + "?key=5ad1e7c0"));
        there.answers("/list", Answer::new(500, "text/plain", "no"));
        assert_eq!(sign_in(&mut app.browser(), &there).0, 503);
        let text = log.text();
        assert!(text.contains("the list at 127.0.0.1: status 500"), "{text}");
        assert!(!text.contains("5ad1e7c0"));
    });
}
