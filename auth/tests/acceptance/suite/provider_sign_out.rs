//! Signing out, here and at the provider, and what the provider itself ends.

use std::sync::Barrier;
use std::time::Duration;

use serde_json::json;

use super::{App, SIGNED_IN};
use crate::harness::there::There;
use crate::harness::{Browser, cookie_of};
use crate::hostile::Answer;
use crate::hostile::signer::RSA;
use crate::support::http::{FORM, Response};

const HINT: &str = "__Secure-sign-out";

fn signed_in(there: &There) -> (App, Browser) {
    let app = App::with(|builder, _| builder.provider(there.oidc()));
    let mut browser = app.browser();
    assert_eq!(browser.sign_in_there(there, "/auth/sign-in").status, 303);
    (app, browser)
}

fn post_there(app: &App, token: &str) -> Response {
    let body = format!("logout_token={token}");
    app.send("POST", "/auth/back-channel/acme", &[FORM], &body)
}

#[test]
fn a_sign_out_goes_on_at_the_provider_with_the_hint_and_comes_back() {
    let there = There::start();
    let (app, mut browser) = signed_in(&there);
    let page = browser.get("/auth/sign-out");
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains(&format!("form-action 'self' {}", there.server.issuer())),
        "{policy}"
    );
    let mut copy = browser.clone();
    let sent = browser.post("/auth/sign-out", "return_to=%2F%3Fbye");
    let location = sent.header("location").unwrap();
    assert_eq!(sent.status, 303);
    let (address, query) = location.split_once('?').unwrap();
    assert_eq!(address, format!("{}/end-session", there.server.issuer()));
    let get = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    assert_eq!(get("client_id").unwrap(), "the-app");
    assert_eq!(
        get("post_logout_redirect_uri").unwrap(),
        "https://app.example/auth/sign-out"
    );
    assert_eq!(get("id_token_hint").unwrap().split('.').count(), 3);
    assert!(!browser.is_in() && !copy.is_in());
    assert!(!browser.jar.contains_key(HINT));
    let state = get("state").unwrap();
    let back = browser.come(&format!("/auth/sign-out?state={state}"));
    assert_eq!(
        back.header("location"),
        Some("https://app.example/?bye"),
        "{}",
        back.body
    );
    for state in ["made-up", ""] {
        let back = browser.come(&format!("/auth/sign-out?state={state}"));
        assert_eq!(back.status, 200);
    }
    drop(app);
}

#[test]
fn a_hint_is_sent_to_the_sign_out_alone_and_one_that_is_not_certain_is_left_out() {
    let there = There::start();
    let app = App::with(|builder, _| builder.provider(there.oidc()));
    let mut browser = app.browser();
    let back = browser.sign_in_there(&there, "/auth/sign-in");
    let line = cookie_of(&back, HINT).unwrap();
    assert!(
        line.contains("Path=/auth/sign-out;") && line.contains("HttpOnly"),
        "{line}"
    );
    let mut other = app.browser();
    other.sign_in_there(&there, "/auth/sign-in");
    let hinted = |browser: &mut Browser| {
        let sent = browser.sign_out();
        assert_eq!(sent.status, 303, "{}", sent.body);
        sent.header("location").unwrap().contains("id_token_hint=")
    };
    for (hint, is_hint) in [
        (browser.jar[HINT].clone(), true),
        (other.jar[HINT].clone(), false),
        ("e1.made-up".to_owned(), false),
        (format!("{0}; {HINT}={0}", browser.jar[HINT]), false),
        (browser.jar[HINT].clone(), true),
    ] {
        let mut one = browser.clone();
        one.jar.insert(HINT.to_owned(), hint);
        assert_eq!(hinted(&mut one), is_hint);
    }
}

#[test]
fn a_provider_that_has_no_sign_out_is_named_on_the_page() {
    let there = There::start();
    let mut document = there.server.document();
    document
        .as_object_mut()
        .unwrap()
        .remove("end_session_endpoint");
    there.answers("/.well-known/openid-configuration", Answer::json(&document));
    let app = App::with(|builder, _| builder.provider(there.oidc().title("Acme & Co")));
    let mut browser = app.browser();
    browser.sign_in_there(&there, "/auth/sign-in");
    let page = browser.sign_out();
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("still signed in to Acme &amp; Co"),
        "{}",
        page.body
    );
    assert!(!browser.is_in());
    let mut browser = app.browser();
    browser.sign_in_there(&there, "/auth/sign-in");
    assert_eq!(browser.fetch_post("/auth/sign-out", "").status, 204);
}

#[test]
fn a_callback_that_a_sign_out_has_overtaken_signs_nobody_in() {
    let there = There::start();
    let (app, mut browser) = signed_in(&there);
    let asked = browser.leave("/auth/sign-in/acme");
    there.gives(&asked, &json!({}));
    let path = there.back(&asked);
    let mut late = browser.clone();
    browser.sign_out();
    let before = there.exchanges();
    let answer = late.come(&path);
    assert_eq!(answer.status, 401);
    assert!(
        answer.body.contains("<code>signed-out</code>"),
        "{}",
        answer.body
    );
    assert!(answer.body.contains("class=\"button\"") && !late.is_in());
    // Back, or a restored tab.
    assert_eq!(late.come(&path).status, 400);
    assert!(!late.is_in());
    assert_eq!(there.exchanges(), before);
    // Whoever begins after the sign-out is signed in.
    assert_eq!(
        browser.sign_in_there(&there, "/auth/sign-in/acme").status,
        303
    );
    assert!(browser.is_in());
    drop(app);
}

#[test]
fn a_sign_out_that_races_a_callback_ends_signed_out() {
    let there = There::start();
    let app = App::with(|builder, _| builder.provider(there.oidc()));
    // APPLY_COOKIES_RACES=1000 is the full run.
    let races = std::env::var("APPLY_COOKIES_RACES").map_or(60, |races| races.parse().unwrap());
    let mut came_first = 0_u64;
    for round in 0..races {
        app.forward(Duration::from_secs(2));
        there.forward(2);
        let mut browser = app.browser();
        assert_eq!(browser.sign_in_there(&there, "/auth/sign-in").status, 303);
        let asked = browser.leave("/auth/sign-in/acme");
        there.gives(&asked, &json!({}));
        let (path, gate) = (there.back(&asked), Barrier::new(2));
        let (mut one, mut other) = (browser.clone(), browser.clone());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                gate.wait();
                std::thread::sleep(Duration::from_micros(round * 37 % 4_000));
                one.sign_out();
            });
            gate.wait();
            came_first += u64::from(other.come(&path).status == 303);
        });
        // Whichever answer arrives last.
        assert!(!other.is_in() && !one.is_in());
        let mut both = one.clone();
        both.jar.extend(other.jar.clone());
        assert!(!both.is_in(), "round {round}");
    }
    assert!(
        (1..races).contains(&came_first),
        "both orders were tried: {came_first}"
    );
}

#[test]
fn the_provider_ends_its_session_here_too_and_open_streams_with_it() {
    let there = There::start();
    let (app, mut browser) = signed_in(&there);
    let mut stream = browser.open("/watch");
    assert_eq!(browser.next(&mut stream).unwrap(), "watching");
    for (wrong, why) in [
        (
            there.logout_token(&json!({"sid": "there-2"})),
            "another session",
        ),
        (there.logout_token(&json!({"sub": "bob"})), "another person"),
    ] {
        assert_eq!(post_there(&app, &wrong).status, 200, "{why}");
        assert!(browser.is_in(), "{why}");
    }
    for (wrong, why) in [
        (
            there.logout_token(&json!({"sid": "there-1", "nonce": "x"})),
            "an ID token",
        ),
        (
            there.logout_token(&json!({"sid": "there-1", "aud": "another-app"})),
            "another app",
        ),
        (there.logout_token(&json!({})), "nobody"),
        (
            there.logout_token(&json!({"sid": "there-1"})) + "A",
            "another signature",
        ),
        (String::new(), "nothing"),
    ] {
        let answer = post_there(&app, &wrong);
        assert_eq!(answer.status, 400, "{why}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(browser.is_in(), "{why}");
    }
    let token = there.logout_token(&json!({"sid": "there-1", "sub": "ada"}));
    let answer = post_there(&app, &token);
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, Some("no-store"))
    );
    assert_eq!(browser.next(&mut stream).unwrap(), "ended: Revoked");
    assert!(!browser.is_in());
    assert_eq!(post_there(&app, &token).status, 200, "and again");
    assert_eq!(
        app.send("GET", "/auth/back-channel/acme", &[], "").status,
        405
    );
}

#[test]
fn a_logout_token_of_a_session_that_has_no_name_here_ends_those_of_its_person() {
    let there = There::start();
    let (app, mut named) = signed_in(&there);
    let mut browser = app.browser();
    let asked = browser.leave("/auth/sign-in");
    let mut claims = there.claims(&asked);
    claims.as_object_mut().unwrap().remove("sid");
    there.server.gives(&RSA.token("RS256", &claims));
    assert_eq!(browser.come(&there.back(&asked)).status, 303);
    let of = |sub: &str| there.logout_token(&json!({"sid": "there-2", "sub": sub}));
    assert_eq!(post_there(&app, &of("bob")).status, 200);
    assert!(browser.is_in());
    let token = of("ada");
    assert_eq!(post_there(&app, &token).status, 200);
    assert!(!browser.is_in() && named.is_in());
    app.forward(Duration::from_secs(2));
    there.forward(2);
    let asked = browser.leave("/auth/sign-in/acme");
    let mut claims = there.claims(&asked);
    claims.as_object_mut().unwrap().remove("sid");
    there.server.gives(&RSA.token("RS256", &claims));
    assert_eq!(browser.come(&there.back(&asked)).status, 303);
    assert_eq!(post_there(&app, &token).status, 200);
    assert!(browser.is_in(), "it began later");
}

#[test]
fn a_logout_token_of_a_person_ends_no_session_that_began_later() {
    let there = There::start();
    let (app, mut browser) = signed_in(&there);
    let token = there.logout_token(&json!({"sub": "ada"}));
    assert_eq!(post_there(&app, &token).status, 200);
    assert!(!browser.is_in());
    app.forward(Duration::from_secs(2));
    there.forward(2);
    assert_eq!(
        browser.sign_in_there(&there, "/auth/sign-in/acme").status,
        303
    );
    assert_eq!(post_there(&app, &token).status, 200);
    assert!(browser.is_in());
    assert!(browser.jar.contains_key(SIGNED_IN));
}
