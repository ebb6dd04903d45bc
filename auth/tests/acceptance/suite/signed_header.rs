//! A proxy in front of the app signs who somebody is.

use std::time::Duration;

use apply_cookies::{ApplyCookies, Secrets};
use apply_cookies_auth::{Auth, AuthError, Gate, Rule, Rules, SignedHeader};
use serde_json::{Value, json};

use super::forged;
use super::{App, SIGNED_IN};
use crate::harness::{Log, cookie_of};
use crate::hostile::signer::{P256, P256_NEXT, RSA, TestKey, key_set};
use crate::support::http::{Response, origin_header};

const AUDIENCE: &str = "/projects/1234567890/apps/my-project";
const ADA: &str = "accounts.google.com:118133858486581853996";
const BOB: &str = "accounts.google.com:102030405060708090100";

/// What Google IAP says of a person whose account a company manages, in the shape of
/// <https://docs.cloud.google.com/iap/docs/signed-headers-howto>.
fn iap(now: u64) -> Value {
    json!({
        "iss": "https://cloud.google.com/iap",
        "aud": AUDIENCE,
        "azp": AUDIENCE,
        "sub": ADA,
        "email": "ada@company.com",
        "hd": "company.com",
        "iat": now,
        "exp": now + 600,
        "google": { "access_levels": ["accessPolicies/1/accessLevels/ANYWHERE"] },
    })
}

/// Of an external identity: <https://cloud.google.com/iap/docs/external-identities>.
fn external(now: u64, email_verified: bool) -> Value {
    let mut claims = iap(now);
    claims.as_object_mut().unwrap().remove("hd");
    claims["sub"] = "securetoken.google.com/my-project/tenant:gZG0yELPypZElTmAT9I55prjHg63".into();
    claims["email"] = "securetoken.google.com/my-project/tenant:ada@company.com".into();
    claims["gcip"] = json!({
        "auth_time": now,
        "email": "ada@company.com",
        "email_verified": email_verified,
        "firebase": { "sign_in_provider": "password", "tenant": "tenant" },
        "name": "Ada Lovelace",
        "sub": "gZG0yELPypZElTmAT9I55prjHg63",
        "user_id": "gZG0yELPypZElTmAT9I55prjHg63",
    });
    claims
}

/// What Cloudflare Access says:
/// <https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/application-token/>.
fn cloudflare(now: u64) -> Value {
    json!({
        "aud": ["32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228"],
        "email": "user@example.com",
        "exp": now + 86_400,
        "iat": now,
        "nbf": now,
        "iss": "https://yourteam.cloudflareaccess.com",
        "type": "app",
        "identity_nonce": "6ei69kawdKzMIAPF",
        "sub": "7335d417-61da-459d-899c-0a01c76a2f94",
        "country": "US",
    })
}

/// What Pomerium says: <https://www.pomerium.com/docs/capabilities/getting-users-identity>.
fn pomerium(now: u64) -> Value {
    json!({
        "iss": "app.example",
        "aud": "app.example",
        "jti": "a7fdc4a8-5b1d-4c6e-9c0c-1c1b6f6d0a2b",
        "iat": now,
        "exp": now + 300,
        "sub": "google/118133858486581853996",
        "user": "google/118133858486581853996",
        "email": "ada@company.com",
        "groups": ["admin", "staff"],
        "sid": "ccfb0d61-5a5e-4b0e-9d3e-a5a4b3e4a2a1",
        "name": "Ada Lovelace",
    })
}

fn keys() -> String {
    key_set(&[P256.jwk(), RSA.jwk()])
}

fn google() -> SignedHeader {
    SignedHeader::google_iap(AUDIENCE).key_set(keys())
}

fn app() -> App {
    App::with(|auth, _| auth.signed_header(google()))
}

fn now(app: &App) -> u64 {
    app.auth.cookies().clock().now().get() / 1000
}

fn field(token: &str) -> String {
    format!("X-Goog-IAP-JWT-Assertion: {token}")
}

fn good(app: &App) -> String {
    field(&P256.token("ES256", &iap(now(app))))
}

fn ask(app: &App, fields: &[&str]) -> Response {
    app.send("GET", "/app", fields, "")
}

fn me(app: &App, field: &str) -> Value {
    let me = app.send("GET", "/auth/me", &[field], "");
    assert_eq!(me.status, 200, "{}", me.body);
    serde_json::from_str(&me.body).unwrap()
}

#[test]
fn whoever_the_proxy_names_is_in_with_each_request_and_gets_no_cookie() {
    let app = app();
    let page = ask(&app, &[&good(&app)]);
    assert_eq!((page.status, page.body.clone()), (200, format!("{ADA}, ")));
    assert!(cookie_of(&page, SIGNED_IN).is_none());
    let me = me(&app, &good(&app));
    assert_eq!(
        me,
        json!({
            "provider": "google-iap", "subject": ADA, "email": "ada@company.com", "email_verified": true,
            "name": "ada@company.com", "roles": [], "expires_at": null,
        })
    );
}

#[test]
fn without_the_header_there_is_nobody() {
    let app = app();
    for path in ["/", "/app", "/auth/me", "/nowhere"] {
        for fields in [&[][..], &["Accept: text/html", "Sec-Fetch-Mode: navigate"]] {
            let refused = app.send("GET", path, fields, "");
            assert_eq!(refused.status, 401, "{path} {fields:?}");
            assert!(!refused.body.contains("/auth/sign-in"), "{}", refused.body);
        }
    }
    // What the proxy does not sign, anybody writes.
    let unsigned = [
        "X-Goog-Authenticated-User-Email: accounts.google.com:ada@company.com",
        "X-Goog-Authenticated-User-ID: accounts.google.com:118133858486581853996",
    ];
    assert_eq!(ask(&app, &unsigned).status, 401);
    for page in ["/auth/sign-in", "/auth/firebase", "/auth/firebase.js"] {
        assert_eq!(
            app.send("GET", page, &[&good(&app)], "").status,
            404,
            "{page}"
        );
    }
}

#[test]
fn the_log_says_what_is_wrong_and_not_the_assertion() {
    Log::of_a_process(
        module_path!(),
        "the_log_says_what_is_wrong_and_not_the_assertion",
        |log| {
            let app = app();
            ask(&app, &[]);
            let mut claims = iap(now(&app));
            claims["aud"] = "another".into();
            let token = P256.token("ES256", &claims);
            ask(&app, &[&field(&token)]);
            ask(&app, &[&good(&app)]);
            let text = log.text();
            for why in [
                "x-goog-iap-jwt-assertion is missing",
                "x-goog-iap-jwt-assertion: aud is another",
            ] {
                assert!(text.contains(why), "{text}");
            }
            for part in token.split('.').chain(["ada@company.com", "1181338584"]) {
                assert!(!text.contains(part), "{part}: {text}");
            }
        },
    );
}

/// Each is one change to a header that lets somebody in.
#[test]
fn no_forged_header_lets_anybody_in() {
    let app = app();
    let (now, claims) = (now(&app), iap(now(&app)));
    let mut all = forged::without_the_key(&P256, &P256_NEXT, "ES256", &claims);
    all.push((
        "the other key of the set".to_owned(),
        RSA.token("RS256", &claims),
    ));
    all.extend(forged::with_claims(
        &P256,
        "ES256",
        &claims,
        [
            ("iss", "https://accounts.google.com".into()),
            ("iss", "https://cloud.google.com/iap/".into()),
            ("iss", json!(["https://cloud.google.com/iap"])),
            ("iss", Value::Null),
            ("aud", "/projects/1234567890/apps/another".into()),
            ("aud", "/projects/1234567890/apps/my-projects".into()),
            (
                "aud",
                json!([AUDIENCE, "/projects/1234567890/apps/another"]),
            ),
            ("aud", json!([])),
            ("aud", 1_234_567_890.into()),
            ("aud", Value::Null),
            ("exp", (now - 31).into()),
            ("exp", (now + 661).into()),
            ("exp", (now + 600).to_string().into()),
            ("exp", Value::Null),
            ("iat", (now + 40).into()),
            ("iat", (now - 61).into()),
            ("iat", Value::Null),
            ("nbf", (now + 40).into()),
            ("sub", "".into()),
            ("sub", "a\nb".into()),
            ("sub", "a".repeat(256).into()),
            ("sub", 118.into()),
            ("sub", Value::Null),
            ("email", json!({ "ada@company.com": true })),
        ],
    ));
    assert!(all.len() >= 55, "{}", all.len());
    for (what, token) in all {
        let refused = ask(&app, &[&field(&token)]);
        assert_eq!(
            (refused.status, &*refused.problem()),
            (401, "token-invalid"),
            "{what}"
        );
    }
    let good = good(&app);
    assert_eq!(ask(&app, &[&good]).status, 200);
    let twice = ask(&app, &[&good, &good]);
    assert_eq!((twice.status, &*twice.problem()), (401, "token-invalid"));
}

#[test]
fn clocks_may_be_half_a_minute_apart() {
    let app = app();
    for (issued, lasts) in [(-625, 600), (25, 600), (0, 660)] {
        let mut claims = iap(now(&app));
        let at = now(&app).checked_add_signed(issued).unwrap();
        claims["iat"] = at.into();
        claims["exp"] = (at + lasts).into();
        let field = field(&P256.token("ES256", &claims));
        assert_eq!(ask(&app, &[&field]).status, 200, "{issued} {lasts}");
    }
    let field = good(&app);
    app.forward(Duration::from_secs(631));
    assert_eq!(ask(&app, &[&field]).status, 401);
}

#[test]
fn what_another_site_makes_the_browser_send_is_nobodys() {
    let app = app();
    let good = good(&app);
    for site in ["cross-site", "same-site"] {
        let site = format!("Sec-Fetch-Site: {site}");
        for mode in ["navigate", "cors", "no-cors"] {
            let fields = [&*good, &*site, &format!("Sec-Fetch-Mode: {mode}")];
            assert_eq!(
                app.send("POST", "/app", &fields, "").status,
                401,
                "{fields:?}"
            );
            // A scheme that browsers do not send by themselves proves nothing here.
            let fields = [&fields[..], &["Authorization: Bearer x"]].concat();
            assert_eq!(
                app.send("POST", "/app", &fields, "").status,
                401,
                "{fields:?}"
            );
        }
        let fields = [&*good, &*site, "Sec-Fetch-Mode: no-cors"];
        assert_eq!(ask(&app, &fields).status, 401, "an image");
        let fields = [&*good, &*site, "Sec-Fetch-Mode: navigate"];
        assert_eq!(ask(&app, &fields).status, 200, "a link");
    }
    let fields = [&*good, "Origin: https://elsewhere.example"];
    assert_eq!(app.send("POST", "/app", &fields, "").status, 401);
    for fields in [
        vec![&*good],
        vec![&*good, "Sec-Fetch-Site: same-origin"],
        vec![&*good, "Sec-Fetch-Site: none"],
    ] {
        assert_eq!(
            app.send("POST", "/app", &fields, "").status,
            200,
            "{fields:?}"
        );
    }
}

#[test]
fn a_socket_needs_the_origin_of_a_page_of_the_app() {
    let app = app();
    let (own, good) = (origin_header(), good(&app));
    let socket = ["Connection: Upgrade", "Upgrade: websocket", &good];
    for (fields, status) in [
        (vec![], 401),
        (vec!["Authorization: Bearer x"], 401),
        (vec!["Origin: https://elsewhere.example"], 401),
        (vec!["Origin: null"], 401),
        (vec!["Sec-Fetch-Site: same-origin"], 401),
        (vec![&*own, "Sec-Fetch-Site: cross-site"], 401),
        (vec![&*own], 200),
    ] {
        let fields = [&socket[..], &fields].concat();
        assert_eq!(ask(&app, &fields).status, status, "{fields:?}");
    }
}

#[test]
fn a_cookie_proves_nothing_without_the_header_and_must_be_of_the_same_person() {
    let app = app();
    let mut browser = app.browser();
    let adopt = [&*good(&app), "Sec-Fetch-Site: same-origin"];
    assert_eq!(browser.ask("POST", "/adopt", &adopt, "").body, "done");
    assert!(browser.jar.contains_key(SIGNED_IN));
    assert!(!browser.is_in(), "past the proxy");
    assert_eq!(browser.ask("GET", "/app", &[&good(&app)], "").status, 200);
    let mut claims = iap(now(&app));
    claims["sub"] = BOB.into();
    let bob = field(&P256.token("ES256", &claims));
    assert_eq!(ask(&app, &[&bob]).status, 200, "without Ada's cookie");
    let refused = browser.ask("GET", "/app", &[&bob], "");
    assert_eq!(
        (refused.status, &*refused.problem()),
        (401, "token-invalid")
    );
    // Bob gets rid of it, and is sent to where the proxy forgets him.
    let own = origin_header();
    let fields = [
        &*bob,
        &*own,
        crate::support::http::FORM,
        "Accept: text/html",
        "Sec-Fetch-Site: same-origin",
    ];
    let out = browser.ask("POST", "/auth/sign-out", &fields, "");
    assert_eq!(
        out.header("location"),
        Some("https://app.example/?gcp-iap-mode=CLEAR_LOGIN_COOKIE")
    );
    assert_eq!(browser.ask("GET", "/app", &[&bob], "").status, 200);
}

#[test]
fn a_rule_opens_the_path_of_a_health_check_and_no_other() {
    let rules = Rules::new([
        Rule::new("/").unwrap().anyone(),
        Rule::new("/admin").unwrap().roles(["admin"]),
    ]);
    let app = App::with(|auth, _| auth.signed_header(google()).rules(rules.unwrap()));
    assert_eq!(app.send("GET", "/", &[], "").body, "nobody");
    assert_eq!(
        app.send("GET", "/", &[&good(&app)], "").body,
        format!("{ADA}, ")
    );
    assert_eq!(app.send("GET", "/", &[&field("x.y.z")], "").status, 401);
    assert_eq!(ask(&app, &[]).status, 401);
    assert_eq!(app.send("GET", "/admin", &[&good(&app)], "").status, 403);
}

#[test]
fn an_address_counts_as_verified_only_where_google_knows_that_it_is() {
    let gate = Gate::new()
        .domains(["company.com"])
        .emails(["ada@gmail.com"]);
    let app = App::with(|auth, _| auth.signed_header(google()).gate(gate));
    let with = |claims: Value| ask(&app, &[&field(&P256.token("ES256", &claims))]);
    let of = |email: &str, hd: Option<&str>| {
        let mut claims = iap(now(&app));
        claims["email"] = email.into();
        claims["hd"] = hd.into();
        with(claims)
    };
    assert_eq!(of("ada@company.com", Some("company.com")).status, 200);
    assert_eq!(of("ada@gmail.com", None).status, 200);
    for (email, hd) in [
        ("ada@company.com", None),
        ("ada@company.com", Some("")),
        ("eve@x@gmail.com", None),
    ] {
        let refused = of(email, hd);
        assert_eq!(refused.status, 403, "{email} {hd:?}");
    }
    assert_eq!(
        of("eve@evil.com", Some("evil.com")).problem(),
        "not-allowed"
    );
    assert_eq!(with(external(now(&app), true)).status, 200);
    let refused = with(external(now(&app), false));
    assert_eq!(
        (refused.status, &*refused.problem()),
        (403, "email-not-verified")
    );
}

#[test]
fn cloudflare_access_is_read_as_it_is_documented() {
    let tag = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";
    let access = SignedHeader::cloudflare_access("yourteam.cloudflareaccess.com", tag);
    let app = App::with(|auth, _| auth.signed_header(access.key_set(keys())));
    let (claims, name) = (cloudflare(now(&app)), "Cf-Access-Jwt-Assertion");
    refuses_what_is_changed(&app, name, (&RSA, "RS256"), (&P256, "ES256"), &claims);
    assert_eq!(
        me(&app, &format!("{name}: {}", RSA.token("RS256", &claims))),
        json!({
            "provider": "cloudflare-access", "subject": "7335d417-61da-459d-899c-0a01c76a2f94",
            "email": "user@example.com", "email_verified": true, "name": "user@example.com", "roles": [],
            "expires_at": null,
        })
    );
}

#[test]
fn pomerium_is_read_as_it_is_documented() {
    let pomerium = || SignedHeader::pomerium("app.example").key_set(keys());
    let app = App::with(|auth, _| auth.signed_header(pomerium()));
    let (mut claims, name) = (self::pomerium(now(&app)), "X-Pomerium-Jwt-Assertion");
    refuses_what_is_changed(&app, name, (&P256, "ES256"), (&RSA, "RS256"), &claims);
    assert_eq!(
        me(&app, &format!("{name}: {}", P256.token("ES256", &claims))),
        json!({
            "provider": "pomerium", "subject": "google/118133858486581853996", "email": "ada@company.com",
            "email_verified": false, "name": "Ada Lovelace", "roles": ["admin", "staff"], "expires_at": null,
        })
    );
    // Go writes an empty list so.
    claims["groups"] = Value::Null;
    assert_eq!(
        me(&app, &format!("{name}: {}", P256.token("ES256", &claims)))["roles"],
        json!([])
    );
    claims["groups"] = 1.into();
    let wrong = format!("{name}: {}", P256.token("ES256", &claims));
    assert_eq!(ask(&app, &[&wrong]).status, 401);
    claims["groups"] = json!([]);
    // With `jwt_issuer_format: uri`, and where the app's owner knows that addresses are verified.
    let other = pomerium()
        .issuer("https://app.example/")
        .vouches_for_email();
    let app = App::with(|auth, _| auth.signed_header(other));
    claims["iss"] = "https://app.example/".into();
    let me = me(&app, &format!("{name}: {}", P256.token("ES256", &claims)));
    assert_eq!(me["email_verified"], true);
}

/// Each is one change to a header that lets somebody in.
fn refuses_what_is_changed(
    app: &App,
    name: &str,
    (key, algorithm): (&TestKey, &str),
    (other, another): (&TestKey, &str),
    claims: &Value,
) {
    let now = now(app);
    let changes = [
        ("iss", "https://cloud.google.com/iap".into()),
        ("aud", "another".into()),
        ("exp", (now - 31).into()),
        ("exp", (now + 40 * 86_400).into()),
        ("sub", "".into()), // as of a service token
    ];
    let mut all = forged::with_claims(key, algorithm, claims, changes);
    all.push((another.to_owned(), other.token(another, claims)));
    for (what, token) in all {
        assert_eq!(
            ask(app, &[&format!("{name}: {token}")]).status,
            401,
            "{name} {what}"
        );
    }
    assert_eq!(
        ask(app, &[&good(app)]).status,
        401,
        "another proxy's header is not looked at"
    );
    let good = format!("{name}: {}", key.token(algorithm, claims));
    assert_eq!(ask(app, &[&good]).status, 200);
}

#[test]
fn a_local_key_is_trusted_on_this_machine_alone() {
    let file = std::env::temp_dir().join(format!(
        "assertion-{}-{}.json",
        std::process::id(),
        module_path!().len()
    ));
    std::fs::write(&file, key_set(&[P256.jwk()])).unwrap();
    let local = || SignedHeader::google_iap(AUDIENCE).trust_local_key(&file);
    let https = ApplyCookies::builder(Secrets::random())
        .origin("https://app.example")
        .build()
        .unwrap();
    let refused = Auth::builder(&https).signed_header(local()).build();
    assert!(matches!(refused, Err(AuthError::NotDevelopment)));

    let app = App::on_dev_cookies(|auth, _| auth.signed_header(local()));
    let host = format!("localhost:{}", app.address.port());
    let good = good(&app);
    assert_eq!(app.send_to(&host, "GET", "/app", &[&good], "").status, 200);
    let other = field(&RSA.token("RS256", &iap(now(&app))));
    assert_eq!(app.send_to(&host, "GET", "/app", &[&other], "").status, 401);
    assert_eq!(
        app.send_to("app.example", "GET", "/app", &[&good], "")
            .status,
        403
    );
    let forwarded = [&*good, "X-Forwarded-For: 192.0.2.1"];
    assert_eq!(
        app.send_to(&host, "GET", "/app", &forwarded, "").status,
        403
    );
    std::fs::remove_file(&file).unwrap();
    let gone = Auth::builder(&ApplyCookies::dev())
        .signed_header(local())
        .build();
    assert!(matches!(gone, Err(AuthError::Vouching(_))));
}

/// Nobody knows where, so the page says who has signed the person in.
#[test]
fn a_sign_out_under_a_proxy_of_ones_own_says_that_it_is_elsewhere() {
    let own = SignedHeader::new("own", "x-assertion", "proxy", "app", "https://keys.example");
    let app = App::with(|auth, _| auth.signed_header(own.key_set(keys())));
    let now = now(&app);
    let claims = json!({ "iss": "proxy", "aud": "app", "sub": "ada", "iat": now, "exp": now + 60 });
    let (good, origin) = (
        format!("X-Assertion: {}", P256.token("ES256", &claims)),
        origin_header(),
    );
    assert_eq!(ask(&app, &[&good]).status, 200);
    let fields = [
        &*good,
        &*origin,
        crate::support::http::FORM,
        "Accept: text/html",
    ];
    let page = app.send("POST", "/auth/sign-out", &fields, "");
    assert_eq!(page.status, 200);
    assert!(
        page.body
            .contains("A service in front of this app has signed you in"),
        "{}",
        page.body
    );
}

#[test]
fn it_is_the_only_way_in() {
    let https = ApplyCookies::builder(Secrets::random())
        .origin("https://app.example")
        .build()
        .unwrap();
    let token = apply_cookies_auth::AccessToken::random();
    let both = Auth::builder(&https)
        .signed_header(google())
        .access_token(token)
        .build();
    assert!(
        both.unwrap_err()
            .to_string()
            .contains("excludes every other way")
    );
    for (header, why) in [
        (
            SignedHeader::new("x", "X-Upper", "i", "a", "https://keys.example"),
            "lower-case",
        ),
        (
            SignedHeader::new("x y", "x", "i", "a", "https://keys.example"),
            "the provider's name",
        ),
        (
            SignedHeader::new("x", "x", "", "a", "https://keys.example"),
            "the issuer",
        ),
        (
            SignedHeader::new("x", "x", "i", "a", "http://keys.example"),
            "over https",
        ),
        (SignedHeader::new("x", "x", "i", "a", "keys"), "keys"),
        (google().key_set("[]"), "the set of keys"),
        (google().skew(Duration::from_secs(301)), "five minutes"),
    ] {
        let error = Auth::builder(&https)
            .signed_header(header)
            .build()
            .unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}
