//! One token for a small app.

use apply_cookies_auth::{AccessToken, Gate};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{App, SIGNED_IN};
use crate::harness::{ADA, cookie_of};

const TOKEN: &str = "0123456789abcdef-of-the-app";
const WRONG_TOKEN: &str = "0123456789abcdef-of-another";

fn token(text: &str) -> AccessToken {
    AccessToken::chosen(text).unwrap()
}

fn app() -> App {
    App::with(|auth, _| auth.access_token(token(TOKEN)))
}

fn basic(credentials: &str) -> String {
    format!(
        "Authorization: Basic {}",
        BASE64_STANDARD.encode(credentials)
    )
}

#[test]
fn a_link_with_the_token_becomes_a_cookie_and_the_token_leaves_the_address() {
    let app = app();
    let mut browser = app.browser();
    let sent = browser.get(&format!("/app?page=2&access_token={TOKEN}&order=up"));
    assert_eq!(sent.status, 303);
    let place = "https://app.example/app?page=2&order=up";
    assert_eq!(sent.header("location"), Some(place));
    assert_eq!(sent.header("referrer-policy"), Some("no-referrer"));
    let cookie = cookie_of(&sent, SIGNED_IN).unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("Secure"));
    assert!(!cookie.contains(TOKEN));
    assert!(browser.is_in());
    assert_eq!(browser.sign_out().status, 200);
    assert!(!browser.is_in());
}

#[test]
fn scripts_bring_the_token_with_each_request_and_get_no_session() {
    let app = app();
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let (any, none) = (basic(&format!("any:{TOKEN}")), basic(&format!(":{TOKEN}")));
    for field in [bearer, any, none] {
        let page = app.send("GET", "/app", &[&field], "");
        assert_eq!((page.status, &*page.body), (200, "access-token, "));
        assert!(cookie_of(&page, SIGNED_IN).is_none());
    }
    let page = app.send("GET", &format!("/app?access_token={TOKEN}"), &[], "");
    assert_eq!(page.status, 200);
    assert!(cookie_of(&page, SIGNED_IN).is_none());
}

#[test]
fn a_token_of_any_characters_comes_by_every_way() {
    const CHOSEN: &str = "a chosen token! (2026)";
    let app = App::with(|auth, _| auth.access_token(token(CHOSEN)));
    for field in [
        format!("Authorization: Bearer {CHOSEN}"),
        basic(&format!("any:{CHOSEN}")),
    ] {
        assert_eq!(app.send("GET", "/app", &[&field], "").status, 200);
    }
    let address = "/app?access_token=a+chosen+token!+(2026)";
    assert_eq!(app.send("GET", address, &[], "").status, 200);
}

#[test]
fn a_wrong_token_is_refused_and_says_how_to_bring_one() {
    let app = app();
    let bearer = format!("Authorization: Bearer {WRONG_TOKEN}");
    let basic = basic(&format!("any:{WRONG_TOKEN}"));
    for path in ["/app", "/"] {
        for field in [&bearer, &basic] {
            let refused = app.send("GET", path, &[field], "");
            assert_eq!(
                (refused.status, &*refused.problem()),
                (401, "token-invalid")
            );
            let challenge = refused.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("Bearer "), "{challenge}");
            assert!(challenge.contains("invalid_token"), "{challenge}");
        }
    }
    let refused = app.send("GET", "/app", &[], "");
    assert_eq!(refused.status, 401);
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .starts_with("Bearer ")
    );
    let mut browser = app.browser();
    let page = browser.get(&format!("/app?access_token={WRONG_TOKEN}"));
    assert_eq!(page.status, 401);
    assert!(!page.body.contains(WRONG_TOKEN));
    assert!(cookie_of(&page, SIGNED_IN).is_none());
}

#[test]
fn the_page_takes_the_token_as_it_is_pasted() {
    let app = app();
    let mut browser = app.browser();
    let page = browser.get("/auth/sign-in");
    assert!(page.body.contains("name=\"access_token\""), "{}", page.body);
    let refused = browser.post("/auth/sign-in", &format!("access_token={WRONG_TOKEN}"));
    assert_eq!(refused.status, 401);
    assert!(!browser.is_in());
    let sent = browser.post("/auth/sign-in", &format!("access_token={TOKEN}%0D%0A"));
    assert_eq!(sent.status, 303);
    assert!(browser.is_in());
}

#[test]
fn another_token_ends_the_sessions_that_began_with_the_old_one() {
    let app = app();
    let mut browser = app.browser();
    browser.get(&format!("/?access_token={TOKEN}"));
    assert!(browser.is_in());
    let same = app.restarted(|auth, _| auth.access_token(token(TOKEN)));
    browser.address = same.address;
    assert!(browser.is_in());
    let changed = app.restarted(|auth, _| auth.access_token(token(WRONG_TOKEN)));
    browser.address = changed.address;
    assert!(!browser.is_in());
}

#[test]
fn a_gate_holds_for_those_who_bring_the_token_with_each_request() {
    let nobody_else = Gate::new().emails(["ada@example.com"]);
    let app = App::with(|auth, _| auth.access_token(token(TOKEN)).gate(nobody_else));
    let bearer = format!("Authorization: Bearer {TOKEN}");
    assert_eq!(app.send("GET", "/app", &[&bearer], "").status, 403);
    let address = format!("/app?access_token={TOKEN}");
    assert_eq!(app.send("GET", &address, &[], "").status, 403);
}

#[test]
fn a_picture_on_another_sites_page_spends_nobodys_tries() {
    let app = app();
    let picture = [
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: no-cors",
        "Sec-Fetch-Dest: image",
    ];
    for _ in 0..10 {
        let address = format!("/app?access_token={WRONG_TOKEN}");
        assert_eq!(
            app.send("GET", &address, &picture, "").problem(),
            "signed-out"
        );
    }
    let bearer = format!("Authorization: Bearer {TOKEN}");
    assert_eq!(app.send("GET", "/app", &[&bearer], "").status, 200);
}

#[test]
fn a_token_leaves_the_address_whoever_is_signed_in_and_two_of_them_prove_nothing() {
    let app = app();
    let doubled = format!("/app?access_token={TOKEN}&b&access%5Ftoken={TOKEN}");
    let bare = "https://app.example/app?b";
    let mut nobody = app.browser();
    let sent = nobody.get(&doubled);
    assert_eq!((sent.status, sent.header("location")), (303, Some(bare)));
    assert!(cookie_of(&sent, SIGNED_IN).is_none());
    assert!(!nobody.is_in());
    let refused = nobody.fetch(&doubled);
    assert_eq!((refused.status, &*refused.problem()), (401, "signed-out"));

    let mut browser = app.browser();
    browser.get(&format!("/?access_token={TOKEN}"));
    let sent = browser.get(&doubled);
    assert_eq!((sent.status, sent.header("location")), (303, Some(bare)));
    assert!(browser.is_in());
    assert_eq!(browser.fetch(&doubled).status, 200, "by the cookie");

    let bearer = format!("Authorization: Bearer {TOKEN}");
    let fields = [&*bearer, "Accept: text/html", "Sec-Fetch-Mode: navigate"];
    for address in [doubled, format!("/app?b&access_token={TOKEN}")] {
        let sent = app.send("GET", &address, &fields, "");
        assert_eq!((sent.status, sent.header("location")), (303, Some(bare)));
    }
    let framed = [
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: navigate",
        "Sec-Fetch-Dest: iframe",
    ];
    let sent = app.send("GET", &format!("/app?b&access_token={TOKEN}"), &framed, "");
    assert_eq!((sent.status, sent.header("location")), (303, Some(bare)));
    assert!(
        cookie_of(&sent, SIGNED_IN).is_none(),
        "not in a frame of another site"
    );
}

#[test]
fn an_old_link_signs_nobody_out_who_is_in_already() {
    let app = app();
    let mut browser = app.browser();
    browser.get(&format!("/?access_token={TOKEN}"));
    let sent = browser.get("/app?access_token=one-of-last-year");
    let bare = Some("https://app.example/app");
    assert_eq!((sent.status, sent.header("location")), (303, bare));
    assert!(browser.is_in());
}

#[test]
fn a_stripped_address_stays_here_in_development() {
    let app = App::on_dev_cookies(|auth, _| auth.access_token(token(TOKEN)));
    for host in [
        "192.168.1.7:8080",
        "my-laptop.local:8080",
        "localhost:8080",
        "a b",
        "",
    ] {
        let sent = app.send_to(
            host,
            "GET",
            "//evil.example/x?access_token=a&access_token=b",
            &["Accept: text/html", "Sec-Fetch-Mode: navigate"],
            "",
        );
        let location = sent.header("location").unwrap_or_default().to_owned();
        assert!(!location.starts_with("//"), "{host:?}: {location}");
    }
}

const PREFETCH: [&str; 5] = [
    "Accept: text/html",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Dest: document",
    "Sec-Purpose: prefetch",
];

/// As Chromium sends it for `popup.location = …` of another site's page, again and again.
#[test]
fn a_popup_that_another_site_drives_spends_nobodys_tries() {
    let app = App::with(|auth, _| auth.access_token(token(TOKEN)));
    for _ in 0..10 {
        let address = format!("/app?access_token={WRONG_TOKEN}");
        app.send("GET", &address, &PREFETCH[..4], "");
    }
    let bearer = format!("Authorization: Bearer {TOKEN}");
    assert_eq!(app.send("GET", "/app", &[&bearer], "").status, 200);
}

#[test]
fn what_another_site_prefetches_spends_nobodys_tries() {
    let app = App::with(|auth, _| auth.access_token(token(TOKEN)));
    for _ in 0..10 {
        let address = format!("/app?access_token={WRONG_TOKEN}");
        app.send("GET", &address, &PREFETCH, "");
    }
    let bearer = format!("Authorization: Bearer {TOKEN}");
    assert_eq!(app.send("GET", "/app", &[&bearer], "").status, 200);
}

#[test]
fn what_another_site_prefetches_signs_nobody_in() {
    let app = App::with(|auth, accounts| auth.passwords(accounts).access_token(token(TOKEN)));
    let mut browser = app.signed_in(ADA);
    let sent = browser.ask("GET", &format!("/app?access_token={TOKEN}"), &PREFETCH, "");
    assert!(cookie_of(&sent, SIGNED_IN).is_none());
    assert_eq!(browser.fetch("/app").body, "ada, ");
}

#[test]
fn a_token_leaves_the_address_of_the_sign_in_page() {
    let app = App::with(|auth, _| auth.access_token(token(TOKEN)));
    let page = app
        .browser()
        .get(&format!("/auth/sign-in?access_token={TOKEN}"));
    assert_eq!(page.status, 303, "{:?}", page.headers);
}
