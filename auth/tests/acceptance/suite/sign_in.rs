//! Signing in on the page.

use apply_cookies::SetCookie;
use apply_cookies_auth::{Gate, Identity, Refusal, RefusalCode};

use super::{App, BINDING, SIGNED_IN};
use crate::harness::{ADA, BOB, WRONG, cookie_of};
use crate::support::http::{FORM, origin_header};

const ORIGIN_OF_A_STRANGER: &str = "Origin: https://elsewhere.example";

#[test]
fn the_page_asks_for_a_name_and_a_password_and_leads_where_the_person_wanted_to_go() {
    let app = App::start();
    let mut browser = app.browser();
    let sent = browser.get("/app");
    assert_eq!(sent.status, 303);
    let page = sent.header("location").unwrap();
    assert_eq!(page, "https://app.example/auth/sign-in?return_to=%2Fapp");
    let page = browser.get(page.strip_prefix("https://app.example").unwrap());
    assert_eq!(page.status, 200);
    for field in [
        "method=\"post\"",
        "name=\"name\"",
        "name=\"password\"",
        "name=\"return_to\" value=\"/app\"",
    ] {
        assert!(page.body.contains(field), "{field} in {}", page.body);
    }
    let answer = browser.sign_in(ADA.0, ADA.1);
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("https://app.example/app"));
    let cookie = cookie_of(&answer, SIGNED_IN).unwrap();
    for attribute in [
        "Path=/",
        "Secure",
        "HttpOnly",
        "SameSite=Lax",
        "Max-Age=43200",
    ] {
        assert!(cookie.split("; ").any(|one| one == attribute), "{cookie}");
    }
    assert!(
        cookie_of(&answer, BINDING).is_some(),
        "the browser had none"
    );
    let page = browser.get("/app");
    assert_eq!((page.status, &*page.body), (200, "ada, "));
    assert_eq!(browser.get("/").body, "ada, ");
}

#[test]
fn a_wrong_password_is_said_on_the_page_which_keeps_the_name() {
    let app = App::start();
    let mut browser = app.browser();
    for name in [ADA.0, "somebody unknown"] {
        let page = browser.sign_in(name, WRONG);
        assert_eq!(page.status, 401);
        let kept = format!("value=\"{name}\"");
        for text in [
            "wrong-password",
            "The name or the password is wrong.",
            &kept,
        ] {
            assert!(page.body.contains(text), "{text} in {}", page.body);
        }
        assert!(!page.body.contains(WRONG));
        assert!(cookie_of(&page, SIGNED_IN).is_none());
        assert!(!browser.is_in());
    }
}

#[test]
fn a_form_of_another_site_or_of_another_kind_signs_nobody_in() {
    let app = App::start();
    let form = crate::harness::sign_in_form(ADA.0, ADA.1);
    let own = origin_header();
    let doubled = format!("{form}&name=bob");
    for (fields, body, status, code) in [
        (vec![ORIGIN_OF_A_STRANGER, FORM], &form, 403, "origin"),
        (
            vec![&*own, "Sec-Fetch-Site: cross-site", FORM],
            &form,
            403,
            "origin",
        ),
        (vec![FORM], &form, 403, "origin"),
        (vec![&*own, FORM], &doubled, 400, "form"),
        (
            vec![&*own, "Content-Type: application/json"],
            &form,
            400,
            "form",
        ),
        (vec![&*own], &form, 400, "form"),
    ] {
        let answer = app.send("POST", "/auth/sign-in", &fields, body);
        assert_eq!(
            (answer.status, &*answer.problem()),
            (status, code),
            "{fields:?}"
        );
        assert!(answer.all("set-cookie").is_empty(), "{fields:?}");
    }
    let answer = app.send("POST", "/auth/sign-in", &[&own, FORM], &form);
    assert_eq!(answer.status, 204, "the same without the fault");
}

#[test]
fn a_script_gets_answers_that_it_can_read() {
    let app = App::start();
    let mut browser = app.browser();
    let refused = browser.fetch("/app");
    assert_eq!((refused.status, &*refused.problem()), (401, "signed-out"));
    let form = crate::harness::sign_in_form(ADA.0, WRONG);
    let refused = browser.fetch_post("/auth/sign-in", &form);
    assert_eq!(
        (refused.status, &*refused.problem()),
        (401, "wrong-password")
    );
    assert_eq!(browser.fetch("/auth/me").status, 401);
    let form = crate::harness::sign_in_form(BOB.0, BOB.1);
    let answer = browser.fetch_post("/auth/sign-in", &form);
    assert_eq!((answer.status, &*answer.body), (204, ""));
    let me: serde_json::Value = serde_json::from_str(&browser.fetch("/auth/me").body).unwrap();
    assert_eq!(me["subject"], "bob");
    assert_eq!(me["roles"], serde_json::json!(["admin"]));
}

#[test]
fn a_part_of_the_app_is_for_those_with_the_role() {
    let app = App::start();
    let sent = app.browser().get("/admin");
    assert_eq!(sent.status, 303, "nobody is sent to the sign-in");
    let refused = app.browser().fetch("/admin");
    assert_eq!((refused.status, &*refused.problem()), (401, "signed-out"));
    let refused = app.signed_in(ADA).fetch("/admin");
    assert_eq!((refused.status, &*refused.problem()), (403, "role-missing"));
    assert_eq!(app.signed_in(ADA).get("/admin").status, 403);
    let page = app.signed_in(BOB).fetch("/admin");
    assert_eq!((page.status, &*page.body), (200, "admin"));
}

#[test]
fn below_the_prefix_only_the_pages_answer() {
    let app = App::start();
    for (method, path, status, allow) in [
        ("GET", "/auth/nowhere", 404, None),
        ("GET", "/auth/sign-in/", 404, None),
        ("PUT", "/auth/sign-in", 405, Some("GET, HEAD, POST")),
        ("DELETE", "/auth/sign-out", 405, Some("GET, HEAD, POST")),
        ("POST", "/auth/me", 405, Some("GET, HEAD")),
    ] {
        let answer = app.send(method, path, &[], "");
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
}

#[test]
fn a_cookie_that_stands_twice_or_was_changed_is_nobodys() {
    let app = App::start();
    let browser = app.signed_in(ADA);
    let (value, binding) = (&browser.jar[SIGNED_IN], &browser.jar[BINDING]);
    let ask = |signed_in: &str| {
        let field = format!("Cookie: {BINDING}={binding}; {signed_in}");
        app.send("GET", "/", &[&field], "").body
    };
    let one = format!("{SIGNED_IN}={value}");
    assert_eq!(ask(&one), "ada, ");
    assert_eq!(ask(&format!("{one}; {one}")), "nobody");
    for at in [0, value.len() / 2, value.len() - 1] {
        let mut changed = value.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(ask(&format!("{SIGNED_IN}={changed}")), "nobody", "at {at}");
    }
}

/// An app that gives those who may read their role, and greets everybody.
fn app_with_a_step() -> App {
    App::with(|auth, accounts| {
        let auth = auth.passwords(accounts).gate(Gate::new().roles(["reader"]));
        auth.on_sign_in(|me, cookies| async move {
            cookies.set(SetCookie::new("greet", "yes"));
            // As a database would answer.
            tokio::task::yield_now().await;
            match me.subject() {
                // A new one of the same person still ends with the password.
                "ada" => Ok(Identity::new("password", "ada")
                    .unwrap()
                    .with_roles(["reader"])),
                "bob" if me.has_role("admin") => Ok(me.with_roles(["writer"])),
                _ => Err(Refusal::new(RefusalCode::NotInvited)),
            }
        })
    })
}

#[test]
fn the_gates_see_the_roles_of_the_apps_own_step_and_its_cookies_travel_with_the_sign_in_or_not() {
    let app = app_with_a_step();
    let mut ada = app.signed_in(ADA);
    assert_eq!(ada.jar["greet"], "yes");
    assert_eq!(ada.fetch("/app").body, "ada, reader");
    let mut inside = app.browser();
    let mut stream = inside.open("/sse-in?name=ada&password=correct+horse");
    assert_eq!(inside.next(&mut stream).unwrap(), "open");
    assert_eq!(inside.next(&mut stream).unwrap(), "Released");
    assert_eq!(inside.jar["greet"], "yes");
    assert_eq!(inside.fetch("/app").body, "ada, reader");
    // A gate refuses after it.
    let form = crate::harness::sign_in_form(BOB.0, BOB.1);
    let refused = app.browser().fetch_post("/auth/sign-in", &form);
    assert_eq!((refused.status, &*refused.problem()), (403, "role-missing"));
    assert!(cookie_of(&refused, "greet").is_none() && cookie_of(&refused, SIGNED_IN).is_none());
    // What the session began with is not lost on the way.
    app.people.change_password_of_ada();
    assert!(!ada.is_in() && !inside.is_in());
}

#[test]
fn the_apps_own_step_can_refuse_and_cannot_answer_with_somebody_else() {
    for somebody_else in [false, true] {
        let app = App::with(|auth, accounts| {
            auth.passwords(accounts)
                .on_sign_in(move |_, cookies| async move {
                    cookies.set(SetCookie::new("greet", "yes"));
                    if somebody_else {
                        return Ok(Identity::new("password", "bob").unwrap());
                    }
                    Err(Refusal::new(RefusalCode::NotInvited))
                })
        });
        let code = if somebody_else {
            "not-allowed"
        } else {
            "not-invited"
        };
        let mut browser = app.browser();
        let form = crate::harness::sign_in_form(ADA.0, ADA.1);
        let refused = browser.fetch_post("/auth/sign-in", &form);
        assert_eq!((refused.status, &*refused.problem()), (403, code));
        let mut stream = browser.open("/sse-in?name=ada&password=correct+horse");
        assert_eq!(browser.next(&mut stream).unwrap(), "open");
        assert_eq!(browser.next(&mut stream).unwrap(), code);
        assert_eq!(browser.next(&mut stream), None);
        assert!(!browser.is_in() && !browser.jar.contains_key("greet"));
    }
}
