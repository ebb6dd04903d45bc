//! Signing in with a provider from inside a stream, in a popup.

use apply_cookies_auth::Gate;
use serde_json::{Value, json};

use super::{App, BINDING, SIGNED_IN};
use crate::harness::there::{ATTEMPT, Asked, There};
use crate::harness::{Browser, Events, Log};
use crate::hostile::Answer;
use crate::support::http::Response;

fn with(there: &There) -> App {
    App::with(|builder, _| builder.provider(there.oidc()))
}

/// Where the page is told to open the popup.
fn offered(browser: &mut Browser, stream: &mut Events) -> String {
    let popup: Value = serde_json::from_str(&browser.next(stream).unwrap()).unwrap();
    assert_eq!(popup["provider"], "acme");
    popup["url"].as_str().unwrap().to_owned()
}

/// Presses cancel at the provider.
fn cancel(browser: &mut Browser, there: &There, asked: &Asked) -> Response {
    let back = there.back(asked);
    browser.come(&back.replace("code=a-code", "error=access_denied"))
}

/// The links of a page that refuses.
fn links(page: &Response) -> Vec<String> {
    let links = page.body.split("href=\"").skip(1);
    let address = |link: &str| link.split('"').next().unwrap().replace("&amp;", "&");
    links.map(address).collect()
}

/// The page behind the popup reopens its stream.
fn assert_is_elsewhere(page: &Response, url: &str) {
    let (_, id) = url.split_once("popup=").unwrap();
    assert_eq!(page.status, 200, "{}", page.body);
    let said = format!("data-id=\"{id}\" data-elsewhere=\"true\"");
    assert!(page.body.contains(&said), "{}", page.body);
}

#[test]
fn a_stream_hears_who_has_signed_in_in_the_popup_of_its_own_page() {
    let there = There::start();
    let app = with(&there);
    // Often: what the stream sets at once must not count as older than the sign-in.
    for _ in 0..20 {
        let mut browser = app.browser();
        let mut stream = browser.open("/offer");
        let url = offered(&mut browser, &mut stream);
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
    let mut stream = attacker.open("/offer");
    let url = offered(&mut attacker, &mut stream);
    victim.get("/");
    for has_binding in [false, true] {
        victim.jar.remove(SIGNED_IN);
        if !has_binding {
            victim.jar.remove(BINDING);
        }
        assert_eq!(victim.sign_in_there(&there, &url).status, 200);
        assert!(victim.is_in(), "the victim, in the browser of the victim");
    }
    // The popup still stands, and the first to be heard is whoever signs in here.
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
    let mut stream = browser.open("/offer");
    let url = offered(&mut browser, &mut stream);
    let asked = browser.leave(&url);
    let page = cancel(&mut browser, &there, &asked);
    assert_eq!(page.status, 400);
    assert!(!page.body.contains("<script"));
    assert_eq!(browser.next(&mut stream).unwrap(), "cancelled");
    assert!(!browser.is_in());
}

#[test]
fn who_is_refused_in_a_popup_tries_again_there_and_the_page_hears_of_it() {
    let there = There::start();
    let app = App::with(|builder, _| {
        let gate = Gate::new().verified_email();
        builder.provider(there.oidc()).gate(gate)
    });
    let again = |url: &str| {
        let other = format!("{url}&account=other");
        [url.to_owned(), other]
    };
    for way in 0..2 {
        let mut browser = app.browser();
        let mut stream = browser.open("/offer");
        let url = offered(&mut browser, &mut stream);
        let asked = browser.leave(&url);
        let page = cancel(&mut browser, &there, &asked);
        assert_eq!(links(&page), again(&url));
        assert_eq!(browser.next(&mut stream).unwrap(), "cancelled");
        assert_eq!(browser.next(&mut stream), None, "the handler has ended");
        // Refused once more, by a gate.
        let asked = browser.leave(&links(&page)[way]);
        assert_eq!(asked.0.contains_key("prompt"), way == 1);
        there.gives(&asked, &json!({"email_verified": false}));
        let page = browser.come(&there.back(&asked));
        assert_eq!(page.status, 403);
        let [same, other] = again(&url);
        assert_eq!(links(&page), [other, same]);
        let page = browser.sign_in_there(&there, &links(&page)[way]);
        assert!(browser.is_in());
        assert_is_elsewhere(&page, &url);
    }
}

#[test]
fn a_popup_that_does_not_get_as_far_as_the_provider_is_tried_again_too() {
    let there = There::start();
    there.answers("/.well-known/openid-configuration", Answer::cut());
    let app = with(&there);
    let url = "/auth/sign-in/acme?popup=AQEBAQEBAQEBAQEBAQEBAQ";
    let page = app.browser().get(url);
    assert_eq!(page.status, 502);
    assert_eq!(links(&page), [url, &format!("{url}&account=other")]);
}

#[test]
fn a_popup_that_was_dropped_meanwhile_reopens_the_stream() {
    let there = There::start();
    let app = with(&there);
    let mut browser = app.browser();
    let mut stream = browser.open("/offer-briefly");
    let url = offered(&mut browser, &mut stream);
    let asked = browser.leave(&url);
    assert_eq!(browser.next(&mut stream), None);
    there.gives(&asked, &json!({}));
    let page = browser.come(&there.back(&asked));
    assert!(browser.is_in());
    assert_is_elsewhere(&page, &url);
}

#[test]
fn a_popup_that_finds_somebody_signed_in_already_reopens_the_stream_that_waits() {
    let there = There::start();
    let app = with(&there);
    let mut browser = app.browser();
    let mut stream = browser.open("/offer");
    let url = offered(&mut browser, &mut stream);
    let asked = browser.leave(&url);
    browser.jar.retain(|name, _| !name.starts_with(ATTEMPT));
    browser.sign_in_there(&there, "/auth/sign-in/acme");
    let page = browser.come(&there.back(&asked));
    assert_is_elsewhere(&page, &url);
}

#[test]
fn a_popup_of_a_provider_that_the_app_does_not_have_says_which() {
    const TEST: &str = "a_popup_of_a_provider_that_the_app_does_not_have_says_which";
    Log::of_a_process(module_path!(), TEST, |log| {
        let app = App::start();
        let mut browser = app.browser();
        let mut stream = browser.open("/offer");
        let says = "there is no provider `acme`";
        assert_eq!(browser.next(&mut stream).unwrap(), says);
        let text = log.text();
        let line = text.lines().find(|line| line.contains(says)).unwrap();
        assert!(line.contains("ERROR"), "{line}");
    });
}

#[test]
fn a_popup_whose_stream_is_not_in_this_process_says_so() {
    let there = There::start();
    let app = with(&there);
    let mut browser = app.browser();
    let url = "/auth/sign-in/acme?popup=AQEBAQEBAQEBAQEBAQEBAQ";
    let page = browser.sign_in_there(&there, url);
    assert_is_elsewhere(&page, url);
    assert!(browser.is_in());
    let malformed = "/auth/sign-in/acme?popup=%22%3E%3Cscript%3E";
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
    assert!(module.body.contains("export const popupSignIn"));
    let tag = format!("If-None-Match: {}", module.header("etag").unwrap());
    let again = app.send("GET", "/auth/sign-in.js", &[&tag], "");
    assert_eq!((again.status, &*again.body), (304, ""));
    assert_eq!(App::start().browser().fetch("/auth/sign-in.js").status, 404);
}
