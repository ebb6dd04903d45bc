//! Signing in with a provider.

use std::time::Duration;

use apply_cookies::SameSite;
use apply_cookies_auth::Gate;
use serde_json::json;

use super::{App, SIGNED_IN};
use crate::harness::there::{Asked, FROM_ELSEWHERE, There};
use crate::harness::{ADA, cookie_of};
use crate::support::http::Connection;

fn with(there: &There) -> App {
    App::with(|builder, _| builder.provider(there.oidc()))
}

#[test]
fn somebody_who_is_known_there_is_signed_in_here_where_they_wanted_to_go() {
    let (there, mut browser);
    there = There::start();
    let app = with(&there);
    browser = app.browser();
    let sent = browser.get("/app?tab=1");
    let page = sent
        .header("location")
        .unwrap()
        .strip_prefix("https://app.example")
        .unwrap();
    assert_eq!(page, "/auth/sign-in?return_to=%2Fapp%3Ftab%3D1");
    let asked = browser.leave(page);
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "the-app"),
        ("redirect_uri", "https://app.example/auth/callback/acme"),
        ("code_challenge_method", "S256"),
        ("prompt", ""),
    ] {
        assert_eq!(asked.get(name), value, "{name}");
    }
    assert!(asked.get("state").len() <= 1_900 && asked.get("nonce").len() == 43);
    assert_eq!(browser.attempts(), 1);
    there.gives(&asked, &json!({}));
    let back = browser.come(&there.back(&asked));
    assert_eq!(back.status, 303, "{}", back.body);
    assert_eq!(
        back.header("location"),
        Some("https://app.example/app?tab=1")
    );
    assert_eq!(browser.attempts(), 0, "its cookie is gone");
    let me = browser.fetch("/auth/me");
    assert_eq!(me.header("x-content-type-options"), Some("nosniff"));
    let me = me.body;
    for part in ["\"acme\"", "\"ada\"", "ada@example.com", "\"Ada\""] {
        assert!(me.contains(part), "{me}");
    }
    let exchange = &there.server.asked("/token")[0];
    assert!(exchange.body.contains("code=a-code") && exchange.body.contains("code_verifier="));
}

#[test]
fn six_tabs_of_a_fresh_browser_sign_in_at_once() {
    let there = There::start();
    let app = with(&there);
    let fresh = app.browser();
    let mut tabs: Vec<_> = (0..6)
        .map(|n| {
            let mut tab = fresh.clone();
            let asked = tab.leave(&format!("/auth/sign-in/acme?return_to=%2F%3F{n}"));
            (tab, asked)
        })
        .collect();
    // One jar, as of one browser.
    let jar: std::collections::BTreeMap<_, _> =
        tabs.iter().flat_map(|(tab, _)| tab.jar.clone()).collect();
    let mut browser = fresh;
    browser.jar = jar;
    assert_eq!(browser.attempts(), 6);
    for (n, (_, asked)) in tabs.iter_mut().enumerate() {
        there.gives(asked, &json!({}));
        let back = browser.come(&there.back(asked));
        let location = format!("https://app.example/?{n}");
        assert_eq!(back.header("location"), Some(&*location), "{}", back.body);
        assert!(browser.is_in());
    }
    assert_eq!(browser.attempts(), 0);
}

#[test]
fn the_page_offers_each_way_where_there_are_several() {
    let (one, other) = (There::start(), There::start());
    let app = App::with(|builder, accounts| {
        let builder = builder.provider(one.oidc().title("Acme & Co"));
        builder.provider(other.called("other")).passwords(accounts)
    });
    let page = app.browser().get("/auth/sign-in?return_to=%2Fapp");
    assert_eq!(page.status, 200);
    assert!(
        page.body
            .contains("href=\"/auth/sign-in/acme?return_to=%2Fapp\""),
        "{}",
        page.body
    );
    assert!(
        page.body
            .contains("href=\"/auth/sign-in/other?return_to=%2Fapp\"")
    );
    assert!(page.body.contains("Sign in with Acme &amp; Co") && page.body.contains("password"));
    let mut browser = app.browser();
    assert_eq!(browser.sign_in(ADA.0, ADA.1).status, 303);
    let back = browser.sign_in_there(&one, "/auth/sign-in/acme");
    assert_eq!(back.status, 303);
    assert!(browser.fetch("/auth/me").body.contains("acme"));
    assert_eq!(browser.get("/auth/sign-in/third").status, 404);
}

#[test]
fn only_a_person_who_is_there_begins_an_attempt() {
    let there = There::start();
    let app = with(&there);
    let mut browser = app.browser();
    for path in ["/auth/sign-in", "/auth/sign-in/acme"] {
        let ahead = [
            "Accept: text/html",
            "Sec-Fetch-Mode: navigate",
            "Sec-Purpose: prefetch",
        ];
        let page = browser.ask("GET", path, &ahead, "");
        assert_eq!(page.status, 200);
        assert!(
            page.body.contains("href=\"/auth/sign-in/acme?"),
            "{}",
            page.body
        );
        let mut head = Connection::open(app.address);
        let fields = "Host: app.example\r\nAccept: text/html";
        head.send(format!("HEAD {path} HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes());
        let head = head.head();
        assert_eq!((head.status, head.header("set-cookie")), (200, None));
        let framed = [
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Dest: iframe",
            "Sec-Fetch-Site: cross-site",
        ];
        let refused = browser.ask("GET", path, &framed, "");
        assert_eq!(
            refused.status, 403,
            "in another site's frame: {}",
            refused.body
        );
    }
    let fetched = browser.fetch("/auth/sign-in/acme");
    assert_eq!((fetched.status, &*fetched.problem()), (401, "signed-out"));
    assert_eq!(browser.fetch("/app").status, 401);
    assert_eq!(browser.post("/auth/sign-in/acme", "").status, 405);
    assert_eq!(browser.attempts(), 0);
    assert_eq!(
        app.store.asked(),
        0,
        "and the store is not asked for the moment"
    );
    browser.leave("/auth/sign-in/acme");
}

#[test]
fn a_mere_visit_to_a_page_of_another_origin_replaces_no_session() {
    let there = There::start();
    let app = with(&there);
    let sent_from = |site| [&FROM_ELSEWHERE[..3], &[site]].concat();
    for path in ["/auth/sign-in", "/auth/sign-in/acme?return_to=%2Fapp"] {
        for site in ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"] {
            let mut browser = app.browser();
            assert_eq!(browser.sign_in_there(&there, "/auth/sign-in").status, 303);
            let page = browser.ask("GET", path, &sent_from(site), "");
            assert_eq!(page.status, 200, "{site}");
            assert_eq!(browser.attempts(), 0, "{site}");
            let link = page.body.split("href=\"").nth(1).unwrap();
            let link = link.split('"').next().unwrap().replace("&amp;", "&");
            assert!(browser.is_in());
            // The person's own click leads on.
            let _ = browser.leave(&link);
            // Nothing is lost where nobody is signed in, or not any more.
            let mut other = browser.clone();
            other.sign_out();
            for mut browser in [browser, app.browser()] {
                let asked = Asked::of(&browser.ask("GET", path, &sent_from(site), ""));
                there.gives(&asked, &json!({}));
                assert_eq!(browser.come(&there.back(&asked)).status, 303);
            }
        }
    }
}

#[test]
fn what_is_asked_in_an_address_never_makes_it_too_long() {
    let there = There::start();
    let app = with(&there);
    for acr in ["%22", "a", "%5C"] {
        let path = format!("/auth/sign-in/acme?{}", format!("acr={acr}&").repeat(512));
        let asked = app.browser().leave(&path);
        assert!(asked.get("state").len() <= 1_900, "{acr}");
    }
}

#[test]
fn of_twenty_one_attempts_the_oldest_goes() {
    let there = There::start();
    let app = with(&there);
    let mut browser = app.browser();
    let mut asked: Vec<_> = (0..20)
        .map(|_| {
            app.forward(Duration::from_millis(10));
            browser.leave("/auth/sign-in/acme")
        })
        .collect();
    assert_eq!(browser.attempts(), 20);
    asked.push(browser.leave("/auth/sign-in/acme"));
    assert_eq!(browser.attempts(), 20);
    let mut come = |asked: &Asked| {
        there.gives(asked, &json!({}));
        browser.come(&there.back(asked))
    };
    assert_eq!(come(&asked[1]).status, 303);
    assert_eq!(come(&asked[20]).status, 303);
    browser.jar.remove(SIGNED_IN);
    there.gives(&asked[0], &json!({}));
    let gone = browser.come(&there.back(&asked[0]));
    assert_eq!(gone.status, 400);
    assert!(gone.body.contains("attempt-missing"), "{}", gone.body);
}

#[test]
fn return_to_leads_nowhere_else_and_what_is_too_long_to_the_front_page() {
    let there = There::start();
    let app = with(&there);
    let long = format!("%2F{}", "a".repeat(1_000));
    for (wanted, led) in [
        ("%2Fapp%3Fx%3D%26", "/app?x=&"),
        ("%2F%2Fevil.example", "/"),
        ("https%3A%2F%2Fevil.example", "/"),
        (&*long, "/"),
        ("", "/"),
    ] {
        let mut browser = app.browser();
        let path = format!(
            "/auth/sign-in/acme?return_to={wanted}&acr={}",
            "a".repeat(200)
        );
        let asked = browser.leave(&path);
        there.gives(&asked, &json!({"acr": "a".repeat(200)}));
        let back = browser.come(&there.back(&asked));
        let led = format!("https://app.example{led}");
        assert_eq!(
            back.header("location"),
            Some(&*led),
            "{wanted}: {}",
            back.body
        );
    }
}

#[test]
fn a_strict_cookie_is_sent_by_the_page_that_follows() {
    let there = There::start();
    let app = App::with(|builder, _| builder.provider(there.oidc()).same_site(SameSite::Strict));
    let mut browser = app.browser();
    let page = browser.sign_in_there(&there, "/auth/sign-in/acme?return_to=%2Fapp");
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("refresh"),
        Some("0;url=https://app.example/app")
    );
    assert!(
        cookie_of(&page, SIGNED_IN)
            .unwrap()
            .contains("SameSite=Strict")
    );
    assert!(browser.is_in());
}

#[test]
fn a_sign_in_ends_the_session_before_it_although_the_callback_does_not_see_a_strict_cookie() {
    let there = There::start();
    let app = App::with(|builder, _| builder.provider(there.oidc()).same_site(SameSite::Strict));
    let mut browser = app.browser();
    browser.sign_in_there(&there, "/auth/sign-in/acme");
    let mut stream = browser.open("/watch");
    assert_eq!(browser.next(&mut stream).unwrap(), "watching");
    let mut copy = browser.clone();
    let asked = browser.leave("/auth/sign-in/acme");
    browser.jar.remove(SIGNED_IN);
    // Nor does a page of another site's visit, which begins nothing.
    let sent = browser.come("/auth/sign-in/acme");
    assert_eq!((sent.status, browser.attempts()), (200, 1), "{}", sent.body);
    there.gives(&asked, &json!({"sub": "bob"}));
    assert_eq!(browser.come(&there.back(&asked)).status, 200);
    assert!(browser.is_in() && !copy.is_in());
    assert_eq!(copy.next(&mut stream).unwrap(), "ended: Revoked");
}

#[test]
fn gates_judge_who_comes_from_a_provider_by_what_it_has_verified() {
    let there = There::start();
    let gate = || Gate::new().domains(["example.com"]).roles(["staff"]);
    let app = App::with(|builder, _| {
        builder
            .provider(there.oidc().roles(["realm_access", "roles"]))
            .gate(gate())
    });
    let staff = json!({"realm_access": {"roles": ["staff"]}});
    let refused = |changed: serde_json::Value| {
        let mut browser = app.browser();
        let asked = browser.leave("/auth/sign-in/acme");
        let mut claims = staff.clone();
        claims
            .as_object_mut()
            .unwrap()
            .extend(changed.as_object().unwrap().clone());
        there.gives(&asked, &claims);
        let back = browser.come(&there.back(&asked));
        assert_eq!(browser.is_in(), back.status == 303, "{}", back.body);
        (back.status, back.body)
    };
    assert_eq!(refused(json!({})).0, 303);
    for (changed, status, code) in [
        (json!({"email_verified": false}), 403, "email-not-verified"),
        (json!({"email_verified": "true"}), 403, "email-not-verified"),
        (json!({"email": "ada@evil.example"}), 403, "not-allowed"),
        (json!({"realm_access": {"roles": []}}), 403, "role-missing"),
    ] {
        let (got, body) = refused(changed);
        assert_eq!(got, status, "{body}");
        assert!(
            body.contains(code) && body.contains("account=other"),
            "{body}"
        );
    }
}

#[test]
fn the_mark_of_a_sign_out_asks_which_account_and_nobody_goes_there_unasked() {
    let there = There::start();
    let app = with(&there);
    let mut browser = app.browser();
    assert_eq!(browser.sign_in_there(&there, "/auth/sign-in").status, 303);
    browser.sign_out();
    let page = browser.get("/auth/sign-in");
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(
        browser.leave("/auth/sign-in/acme").get("prompt"),
        "select_account"
    );
    assert_eq!(
        browser.sign_in_there(&there, "/auth/sign-in/acme").status,
        303
    );
    // Once.
    assert_eq!(browser.leave("/auth/sign-in").get("prompt"), "");
    let other = browser.leave("/auth/sign-in?account=other");
    assert_eq!(other.get("prompt"), "select_account");
}
