//! Signing in with a provider from inside a stream, in a popup.

use serde_json::{Value, json};

use super::{App, BINDING, SIGNED_IN};
use crate::harness::there::There;
use crate::harness::{Browser, Events};

fn with(there: &There) -> App {
    App::with(|builder, _| builder.provider(there.oidc()))
}

/// Where the page is told to open the popup.
fn invited(browser: &mut Browser, stream: &mut Events) -> String {
    let invitation: Value = serde_json::from_str(&browser.next(stream).unwrap()).unwrap();
    assert_eq!(invitation["provider"], "acme");
    invitation["url"].as_str().unwrap().to_owned()
}

#[test]
fn a_stream_hears_who_has_signed_in_in_the_popup_of_its_own_page() {
    let there = There::start();
    let app = with(&there);
    // Often: what the stream sets at once must not count as older than the sign-in.
    for _ in 0..20 {
        let mut browser = app.browser();
        let mut stream = browser.open("/invite");
        let url = invited(&mut browser, &mut stream);
        assert!(!browser.is_in());
        let page = browser.sign_in_there(&there, &url);
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(
            page.body.contains("data-elsewhere=\"false\""),
            "{}",
            page.body
        );
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.contains("script-src 'sha256-") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(browser.next(&mut stream).unwrap(), "welcome Ada");
        assert!(browser.is_in(), "the popup has brought the cookie");
        assert_eq!(browser.next(&mut stream).unwrap(), "Released");
        assert_eq!(browser.jar["cart"], "ada");
        browser.sign_out();
        assert_eq!(browser.next(&mut stream).unwrap(), "ended: Revoked");
    }
}

#[test]
fn a_stream_of_another_browser_hears_nothing() {
    let there = There::start();
    let app = with(&there);
    let (mut attacker, mut victim) = (app.browser(), app.browser());
    let mut stream = attacker.open("/invite");
    let url = invited(&mut attacker, &mut stream);
    victim.get("/");
    for has_binding in [false, true] {
        victim.jar.remove(SIGNED_IN);
        if !has_binding {
            victim.jar.remove(BINDING);
        }
        assert_eq!(victim.sign_in_there(&there, &url).status, 200);
        assert!(victim.is_in(), "the victim, in the browser of the victim");
    }
    // The invitation still stands, and the first to be heard is whoever signs in here.
    let asked = attacker.leave(&url);
    there.gives(&asked, &json!({"sub": "eve", "name": "Eve", "email": null}));
    attacker.come(&there.back(&asked));
    assert_eq!(attacker.next(&mut stream).unwrap(), "welcome Eve");
}

#[test]
fn a_stream_hears_why_nobody_was_signed_in() {
    let there = There::start();
    let app = with(&there);
    let mut browser = app.browser();
    let mut stream = browser.open("/invite");
    let url = invited(&mut browser, &mut stream);
    let asked = browser.leave(&url);
    let cancelled = there
        .back(&asked)
        .replace("code=a-code", "error=access_denied");
    let page = browser.come(&cancelled);
    assert_eq!(page.status, 400);
    assert!(!page.body.contains("<script"));
    assert_eq!(browser.next(&mut stream).unwrap(), "cancelled");
    assert!(!browser.is_in());
}

#[test]
fn a_popup_whose_stream_is_not_in_this_process_says_so() {
    let there = There::start();
    let app = with(&there);
    let mut browser = app.browser();
    let url = "/auth/sign-in/acme?invitation=AQEBAQEBAQEBAQEBAQEBAQ";
    let page = browser.sign_in_there(&there, url);
    assert!(
        page.body.contains("data-elsewhere=\"true\""),
        "{}",
        page.body
    );
    assert!(page.body.contains("data-id=\"AQEBAQEBAQEBAQEBAQEBAQ\"") && browser.is_in());
    let malformed = "/auth/sign-in/acme?invitation=%22%3E%3Cscript%3E";
    assert_eq!(
        browser.sign_in_there(&there, malformed).status,
        303,
        "no popup"
    );
}

#[test]
fn the_page_gets_its_module_and_only_where_there_is_a_provider() {
    let there = There::start();
    let app = with(&there);
    let mut browser = app.browser();
    let module = browser.fetch("/auth/sign-in.js");
    assert_eq!(module.status, 200);
    assert_eq!(
        module.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    assert_eq!(module.header("x-content-type-options"), Some("nosniff"));
    assert!(module.body.contains("export const invite"));
    let tag = format!("If-None-Match: {}", module.header("etag").unwrap());
    let again = app.send("GET", "/auth/sign-in.js", &[&tag], "");
    assert_eq!((again.status, &*again.body), (304, ""));
    assert_eq!(App::start().browser().fetch("/auth/sign-in.js").status, 404);
}
