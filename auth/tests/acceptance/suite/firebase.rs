//! People sign in with Firebase in the page, or in the emulator.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use apply_cookies::{ApplyCookies, Secrets};
use apply_cookies_auth::{Auth, AuthBuilder, AuthError, Firebase, Gate};
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::forged;
use super::{App, SIGNED_IN};
use crate::harness::{ADA, Browser, cookie_of};
use crate::hostile::signer::{P256, RSA, RSA_NEXT, key_set, signed};
use crate::support::http::{FORM, Response, origin_header};

const PROJECT: &str = "my-project";
const UID: &str = "gZG0yELPypZElTmAT9I55prjHg63";

/// The claims of an ID token, in the shape of
/// <https://firebase.google.com/docs/reference/admin/node/firebase-admin.auth.decodedidtoken>.
fn claims(now: u64) -> Value {
    json!({
        "name": "Ada Lovelace",
        "picture": "https://lh3.googleusercontent.com/a/ada=s96-c",
        "iss": "https://securetoken.google.com/my-project",
        "aud": PROJECT,
        "auth_time": now,
        "user_id": UID,
        "sub": UID,
        "iat": now,
        "exp": now + 3600,
        "email": "ada@company.com",
        "email_verified": true,
        "firebase": {
            "identities": { "google.com": ["118133858486581853996"], "email": ["ada@company.com"] },
            "sign_in_provider": "google.com",
        },
        "groups": ["admin"],
    })
}

fn google() -> Firebase {
    Firebase::project(PROJECT).key_set(key_set(&[RSA.jwk(), P256.jwk()]))
}

fn app() -> App {
    App::with(|auth, _| auth.firebase(google()))
}

fn now(app: &App) -> u64 {
    app.auth.cookies().clock().now().get() / 1000
}

fn token(claims: &Value) -> String {
    RSA.token("RS256", claims)
}

fn sign_in(browser: &mut Browser, token: &str) -> Response {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token", token)
        .append_pair("return_to", "/app")
        .finish();
    browser.fetch_post("/auth/firebase", &body)
}

#[test]
fn an_id_token_becomes_a_session() {
    let app = App::with(|auth, _| auth.firebase(google().roles(["groups"])));
    let mut browser = app.browser();
    let answer = sign_in(&mut browser, &token(&claims(now(&app))));
    assert_eq!(answer.status, 204, "{}", answer.body);
    let line = cookie_of(&answer, SIGNED_IN).unwrap();
    assert!(
        line.contains("HttpOnly") && line.contains("Secure"),
        "{line}"
    );
    assert_eq!(browser.fetch("/app").body, format!("{UID}, admin"));
    let me: Value = serde_json::from_str(&browser.fetch("/auth/me").body).unwrap();
    assert_eq!(
        (
            &me["provider"],
            &me["email"],
            &me["email_verified"],
            &me["name"]
        ),
        (
            &json!("firebase"),
            &json!("ada@company.com"),
            &json!(true),
            &json!("Ada Lovelace")
        )
    );
    // It outlives the token.
    app.forward(Duration::from_secs(2 * 3600));
    assert!(browser.is_in());
    let mut copy = browser.clone();
    browser.sign_out();
    assert!(!browser.is_in() && !copy.is_in());
}

#[test]
fn a_form_of_the_page_goes_on_to_where_the_person_wanted_to_go() {
    let app = app();
    let mut browser = app.browser();
    let body = format!("id_token={}&return_to=%2Fapp", token(&claims(now(&app))));
    let answer = browser.post("/auth/firebase", &body);
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("https://app.example/app"))
    );
    assert!(browser.is_in());
    let refused = app.browser().post("/auth/firebase", "id_token=x.y.z");
    assert_eq!(refused.status, 401);
    assert!(refused.body.contains("token-invalid"), "{}", refused.body);
}

#[test]
fn an_id_token_in_a_stream_becomes_a_session() {
    let app = app();
    let mut browser = app.browser();
    let good = token(&claims(now(&app)));
    let mut stream = browser.open(&format!("/sse-in?id_token={good}"));
    assert_eq!(browser.next(&mut stream).unwrap(), "open");
    assert_eq!(browser.next(&mut stream).unwrap(), "Released");
    assert!(browser.is_in());
    let mut other = app.browser();
    let mut stream = other.open(&format!("/sse-in?id_token={good}x"));
    assert_eq!(other.next(&mut stream).unwrap(), "open");
    assert_eq!(other.next(&mut stream).unwrap(), "token-invalid");
    assert!(!other.is_in());
}

/// Each is one change to a token that lets somebody in.
#[test]
fn no_forged_id_token_lets_anybody_in() {
    let app = App::with(|auth, _| auth.firebase(google()).trusted_proxy("127.0.0.1"));
    let (now, claims) = (now(&app), claims(now(&app)));
    // Each from a network of its own: whoever fails waits.
    let send = |number: usize, token: &str| {
        let (own, from) = (
            origin_header(),
            format!("X-Forwarded-For: 198.51.100.{number}"),
        );
        let body = format!("id_token={}", token.replace(' ', "+"));
        app.send("POST", "/auth/firebase", &[&own, FORM, &from], &body)
    };
    let mut all = forged::without_the_key(&RSA, &RSA_NEXT, "RS256", &claims);
    all.push((
        "the other key of the set".to_owned(),
        P256.token("ES256", &claims),
    ));
    all.extend(forged::with_claims(
        &RSA,
        "RS256",
        &claims,
        [
            ("iss", "https://securetoken.google.com/another".into()),
            ("iss", "https://securetoken.google.com/my-project/".into()),
            (
                "iss",
                "https://session.firebase.google.com/my-project".into(),
            ),
            ("iss", "https://accounts.google.com".into()),
            ("iss", PROJECT.into()),
            ("iss", Value::Null),
            ("aud", "another".into()),
            ("aud", json!([PROJECT, "another"])),
            ("aud", Value::Null),
            ("exp", (now - 61).into()),
            ("exp", Value::Null),
            ("iat", (now + 70).into()),
            ("iat", Value::Null),
            ("nbf", (now + 70).into()),
            ("auth_time", (now - 302).into()),
            ("auth_time", (now + 70).into()),
            ("auth_time", now.to_string().into()),
            ("auth_time", Value::Null),
            ("sub", "".into()),
            ("sub", 1.into()),
            ("sub", Value::Null),
            ("email", 1.into()),
            ("email_verified", "true".into()),
            ("firebase", json!({ "sign_in_provider": "anonymous" })),
            (
                "firebase",
                json!({ "sign_in_provider": "password", "tenant": "tenant" }),
            ),
        ],
    ));
    assert!(all.len() >= 55, "{}", all.len());
    for (number, (what, token)) in all.into_iter().enumerate() {
        let refused = send(number, &token);
        assert_eq!(
            (refused.status, &*refused.problem()),
            (401, "token-invalid"),
            "{what}"
        );
        assert!(cookie_of(&refused, SIGNED_IN).is_none(), "{what}");
    }
    assert_eq!(send(0, &token(&claims)).status, 204);
}

#[test]
fn a_token_is_worth_nothing_five_minutes_after_the_sign_in() {
    let app = app();
    let good = token(&claims(now(&app)));
    assert_eq!(sign_in(&mut app.browser(), &good).status, 204);
    app.forward(Duration::from_secs(302));
    let mut thief = app.browser();
    assert_eq!(sign_in(&mut thief, &good).problem(), "token-invalid");
    // A token that the SDK has renewed is as old as the sign-in.
    let mut renewed = claims(now(&app));
    renewed["auth_time"] = (now(&app) - 302).into();
    assert_eq!(
        sign_in(&mut thief, &token(&renewed)).problem(),
        "token-invalid"
    );
}

#[test]
fn a_token_from_before_a_sign_out_signs_nobody_in_again() {
    let app = app();
    let mut browser = app.browser();
    let old = token(&claims(now(&app)));
    assert_eq!(sign_in(&mut browser, &old).status, 204);
    app.forward(Duration::from_secs(1));
    browser.sign_out();
    sign_in(&mut browser, &old);
    assert!(!browser.is_in());
    app.forward(Duration::from_secs(2));
    assert_eq!(
        sign_in(&mut browser, &token(&claims(now(&app)))).status,
        204
    );
    assert!(browser.is_in());
}

/// A clock of Google's that is ahead must not carry a session past its end.
#[test]
fn a_session_of_a_token_from_the_future_ends_with_all_of_the_person() {
    let app = app();
    let mut browser = app.browser();
    assert_eq!(
        sign_in(&mut browser, &token(&claims(now(&app) + 50))).status,
        204
    );
    assert!(browser.is_in());
    app.forward(Duration::from_secs(1));
    let ended = app.auth.end_all_of("firebase", UID).now_or_never();
    ended.unwrap().unwrap();
    assert!(!browser.is_in());
}

#[test]
fn a_page_of_another_site_signs_nobody_in() {
    let app = app();
    let body = format!("id_token={}", token(&claims(now(&app))));
    let own = origin_header();
    for fields in [
        vec!["Origin: https://elsewhere.example", FORM],
        vec!["Origin: null", FORM],
        vec![&*own, FORM, "Sec-Fetch-Site: cross-site"],
        vec![FORM],
    ] {
        let refused = app.send("POST", "/auth/firebase", &fields, &body);
        assert_eq!(
            (refused.status, &*refused.problem()),
            (403, "origin"),
            "{fields:?}"
        );
        assert!(cookie_of(&refused, SIGNED_IN).is_none());
    }
    let mut browser = app.browser();
    for body in ["", "id_token=a&id_token=b", "name=ada&password=x"] {
        assert_eq!(
            browser.fetch_post("/auth/firebase", body).problem(),
            "form",
            "{body}"
        );
    }
    assert_eq!(browser.fetch("/auth/firebase").status, 405);
    let text = [&*own, "Content-Type: text/plain"];
    assert_eq!(
        app.send("POST", "/auth/firebase", &text, &body).problem(),
        "form"
    );
    assert_eq!(
        app.send("POST", "/auth/firebase", &[&own, FORM], &body)
            .status,
        204
    );
}

#[test]
fn a_gate_sees_whether_the_address_is_verified() {
    let gate = Gate::new().verified_email().domains(["company.com"]);
    let app = App::with(|auth, _| auth.firebase(google()).gate(gate));
    let with = |verified: Value, email: &str| {
        let mut claims = claims(now(&app));
        claims["email_verified"] = verified;
        claims["email"] = email.into();
        sign_in(&mut app.browser(), &token(&claims))
    };
    assert_eq!(with(true.into(), "ada@company.com").status, 204);
    for unverified in [Value::Bool(false), Value::Null] {
        let refused = with(unverified, "ada@company.com");
        assert_eq!(
            (refused.status, &*refused.problem()),
            (403, "email-not-verified")
        );
    }
    assert_eq!(with(true.into(), "eve@evil.com").problem(), "not-allowed");
}

#[test]
fn people_of_a_tenant_are_taken_where_it_is_named() {
    let app = App::with(|auth, _| auth.firebase(google().tenant("tenant")));
    let with = |tenant: Value| {
        let mut claims = claims(now(&app));
        claims["firebase"]["tenant"] = tenant;
        sign_in(&mut app.browser(), &token(&claims)).status
    };
    assert_eq!(with("tenant".into()), 204);
    assert_eq!(with("another".into()), 401);
    assert_eq!(with(Value::Null), 401);
}

#[test]
fn nobody_waits_for_those_who_bring_tokens_that_are_old_or_made_up() {
    let app = App::with(|auth, accounts| auth.passwords(accounts).firebase(google()));
    let mut old = claims(now(&app));
    old["auth_time"] = (now(&app) - 301).into();
    for worthless in ["x.y.z", &token(&old)] {
        for _ in 0..20 {
            let refused = sign_in(&mut app.browser(), worthless);
            assert_eq!(refused.problem(), "token-invalid");
        }
    }
    let mut browser = app.browser();
    browser.sign_in(ADA.0, ADA.1);
    assert!(browser.is_in());
    assert_eq!(
        sign_in(&mut app.browser(), &token(&claims(now(&app)))).status,
        204
    );
}

#[test]
fn people_are_sent_to_the_page_of_the_app() {
    let app = App::with(|auth, _| auth.firebase(google().page("/")));
    let mut browser = app.browser();
    let sent = browser.get("/app?tab=2");
    let place = "https://app.example/auth/sign-in?return_to=%2Fapp%3Ftab%3D2";
    assert_eq!((sent.status, sent.header("location")), (303, Some(place)));
    let sent = browser.get("/auth/sign-in?return_to=%2Fapp%3Ftab%3D2");
    let place = "https://app.example/?return_to=%2Fapp%3Ftab%3D2";
    assert_eq!((sent.status, sent.header("location")), (303, Some(place)));
    assert_eq!(
        browser
            .get("/auth/sign-in?return_to=https://evil.example")
            .status,
        401,
        "no circle"
    );
    assert_eq!(browser.fetch("/app").status, 401);
    let without = App::with(|auth, _| auth.firebase(google()));
    let refused = without.browser().get("/app");
    assert_eq!(refused.status, 401);
    assert!(!refused.body.contains("/auth/sign-in"), "{}", refused.body);
}

#[test]
fn the_browsers_module_is_served() {
    let app = app();
    let module = app.send("GET", "/auth/firebase.js", &[], "");
    assert_eq!(module.status, 200);
    assert_eq!(
        module.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    assert!(module.body.contains("export async function signIn("));
    let worker = app.send("GET", "/auth/firebase.js", &["Service-Worker: script"], "");
    assert_eq!(worker.status, 403);
}

/// An emulator that knows Ada, as far as it is asked here; `auth/tests/firebase` runs the real one.
fn emulator() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut head, mut length) = (String::new(), 0);
            while stream.read_line(&mut head).unwrap() > 2 {
                let line = head.lines().last().unwrap().to_ascii_lowercase();
                if let Some(number) = line.strip_prefix("content-length: ") {
                    length = number.parse().unwrap();
                }
            }
            stream
                .by_ref()
                .take(length)
                .read_to_end(&mut Vec::new())
                .unwrap();
            assert!(
                head.starts_with("POST /identitytoolkit.googleapis.com/v1/accounts:lookup?key="),
                "{head}"
            );
            let body = json!({ "users": [{ "localId": UID }] }).to_string();
            let length = body.len();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            let answer = format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

/// As the emulator writes them.
fn unsigned(claims: &Value) -> String {
    signed(r#"{"alg":"none","typ":"JWT"}"#, claims.to_string()) + "."
}

fn at_the_emulator() -> (App, impl Fn(&App, &str) -> Response) {
    let emulator = Firebase::emulator(PROJECT, emulator().to_string());
    let app = App::on_dev_cookies(|auth, _| auth.firebase(emulator));
    let post = |app: &App, token: &str| {
        let host = format!("localhost:{}", app.address.port());
        let origin = format!("Origin: http://{host}");
        let body = format!("id_token={token}");
        app.send_to(&host, "POST", "/auth/firebase", &[&origin, FORM], &body)
    };
    (app, post)
}

#[test]
fn the_emulators_tokens_are_taken_at_the_emulator_and_no_others() {
    // Each at an app of its own: whoever fails waits.
    let sent = |token: &str| {
        let (app, post) = at_the_emulator();
        let refused = post(&app, token).problem();
        assert_eq!(post(&app, &unsigned(&claims(now(&app)))).status, 204);
        refused
    };
    let now = now(&app());
    let claims = claims(now);
    let changes = [
        ("iss", "https://securetoken.google.com/another".into()),
        ("aud", "another".into()),
        ("exp", (now - 61).into()),
        ("auth_time", (now - 302).into()),
        ("sub", "eve".into()), // whom the emulator does not know
    ];
    for (name, value) in changes {
        let mut claims = claims.clone();
        claims[name] = value;
        assert_eq!(sent(&unsigned(&claims)), "token-invalid", "{name}");
    }
    let good = unsigned(&claims);
    for (what, other) in [
        ("a real one", token(&claims)),
        ("one with a signature", format!("{good}AAAA")),
        ("two parts", good.trim_end_matches('.').to_owned()),
        (
            "RS256 without a signature",
            signed(r#"{"alg":"RS256","typ":"JWT"}"#, claims.to_string()) + ".",
        ),
        ("not a token", "none".to_owned()),
    ] {
        assert_eq!(sent(&other), "token-invalid", "{what}");
    }
}

#[test]
fn the_emulator_is_for_this_machine_alone() {
    let build = |origin: &str, address: &str| {
        let cookies = ApplyCookies::builder(Secrets::random())
            .origin(origin)
            .build()
            .unwrap();
        let auth: AuthBuilder = Auth::builder(&cookies);
        auth.firebase(Firebase::emulator(PROJECT, address)).build()
    };
    assert!(build("https://localhost", "127.0.0.1:9099").is_ok());
    let elsewhere = build("https://app.example", "127.0.0.1:9099");
    assert!(matches!(elsewhere, Err(AuthError::NotDevelopment)));
    for address in [
        "192.0.2.1:9099",
        "emulator.example:9099",
        "127.0.0.1",
        "127.0.0.1:9099/x",
        "",
    ] {
        assert!(
            matches!(
                build("https://localhost", address),
                Err(AuthError::Vouching(_))
            ),
            "{address}"
        );
    }
    let (app, post) = at_the_emulator();
    let good = unsigned(&claims(now(&app)));
    let host = format!("localhost:{}", app.address.port());
    let origin = format!("Origin: http://{host}");
    let fields = [&*origin, FORM, "X-Forwarded-For: 127.0.0.1"];
    let forwarded = app.send_to(
        &host,
        "POST",
        "/auth/firebase",
        &fields,
        &format!("id_token={good}"),
    );
    assert_eq!((forwarded.status, &*forwarded.problem()), (403, "origin"));
    assert_eq!(post(&app, &good).status, 204);
}

/// Nothing listens there.
#[test]
fn an_emulator_that_does_not_answer_lets_nobody_in() {
    let port = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let app =
        App::on_dev_cookies(|auth, _| auth.firebase(Firebase::emulator(PROJECT, port.to_string())));
    let host = format!("localhost:{}", app.address.port());
    let origin = format!("Origin: http://{host}");
    let body = format!("id_token={}", unsigned(&claims(now(&app))));
    let answer = app.send_to(&host, "POST", "/auth/firebase", &[&origin, FORM], &body);
    assert_eq!(
        (answer.status, &*answer.problem()),
        (502, "provider-unreachable")
    );
}
