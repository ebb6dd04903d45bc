//! The pages on which somebody looks after Auth0's people.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use apply_cookies_auth::auth0::{Invite, Management};
use apply_cookies_auth::{
    AuthBuilder, ClientSecret, HttpClient, HttpFuture, HttpRequest, HttpResponse, Oidc,
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::App;
use crate::harness::{ADA, BOB, Log};
use crate::support::http::{Connection, FORM, Response};

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
const LINK: &str = "https://tenant.example/lo/reset?ticket=planted";
const EVE: &str = "auth0%7Ceve";

/// Answers in place of the tenant, whose people are Eve, with a hostile name, and whoever is invited.
#[derive(Default)]
struct Tenant {
    changes: Mutex<Vec<String>>,
    is_away: std::sync::atomic::AtomicBool,
    /// If it takes its time, a permit for each change that it answers.
    answered: Option<Semaphore>,
}

impl Tenant {
    /// The changes since the last time.
    fn changes(&self) -> Vec<String> {
        std::mem::take(&mut *self.changes.lock().unwrap())
    }
}

impl HttpClient for Tenant {
    fn send(&self, request: HttpRequest) -> HttpFuture<'_> {
        let address = request.url().trim_start_matches("https://tenant.example");
        let path = address.split('?').next().unwrap_or_default();
        let is_change = request.method() != "GET" && path != "/oauth/token";
        if is_change {
            let line = format!("{} {path}", request.method());
            self.changes.lock().unwrap().push(line);
        }
        let eve = json!({
            "user_id": "auth0|eve", "email": "eve@example.com", "name": "<b>Eve</b>\"'", "logins_count": 0,
            "app_metadata": { "invited": true, "invited_by": "client" },
            "identities": [{ "connection": "sales-users", "provider": "auth0" }],
        });
        let role = json!({ "id": "rol_1", "name": "admin<script>" });
        let (status, body) = match (request.method(), path) {
            (_, "/oauth/token") => (
                200,
                json!({ "access_token": "planted", "expires_in": 86400 }),
            ),
            _ if self.is_away.load(std::sync::atomic::Ordering::SeqCst) => (503, Value::Null),
            ("GET", "/api/v2/users") => (
                200,
                json!({ "start": 0, "limit": 25, "total": 60, "users": [eve] }),
            ),
            ("GET", "/api/v2/roles") => (200, json!({ "total": 1, "roles": [role] })),
            ("GET", path) if path.ends_with("/roles") => (200, json!({ "total": 0, "roles": [] })),
            ("POST", "/api/v2/tickets/password-change") => (201, json!({ "ticket": LINK })),
            ("POST", "/api/v2/users")
                if String::from_utf8_lossy(request.body()).contains("bob@") =>
            {
                (409, json!({ "errorCode": "auth0_idp_error" }))
            }
            ("GET", "/api/v2/users/auth0%7Cnobody") => {
                (404, json!({ "errorCode": "inexistent_user" }))
            }
            _ => (200, eve),
        };
        let body = body.to_string().into_bytes();
        Box::pin(async move {
            if let Some(answered) = self.answered.as_ref().filter(|_| is_change) {
                answered.acquire().await.unwrap().forget();
            }
            Ok(HttpResponse::new(status, Vec::new(), body))
        })
    }
}

fn app() -> (Arc<Tenant>, App) {
    app_of(Tenant::default(), |auth| auth)
}

fn app_of(tenant: Tenant, and: impl FnOnce(AuthBuilder) -> AuthBuilder) -> (Arc<Tenant>, App) {
    let tenant = Arc::new(tenant);
    let secret = ClientSecret::new(SECRET).unwrap();
    let users = Management::new("tenant.example", "client", secret).unwrap();
    let users = users.http_client(tenant.clone()).unwrap();
    let invite = Invite::new("sales-users");
    let app = App::with(|auth, accounts| {
        and(auth.passwords(accounts).admin_pages("admin", users, invite))
    });
    (tenant, app)
}

const PAGES: [&str; 3] = [
    "/auth/admin",
    "/auth/admin/invite",
    "/auth/admin/person?id=auth0%7Ceve",
];
const ACTS: [&str; 7] = [
    "invite", "roles", "link", "mail", "verify", "block", "unblock",
];

fn act(name: &str) -> (String, String) {
    let body = format!("id={EVE}&email=zoe%40example.com&role=admin%3Cscript%3E");
    (format!("/auth/admin/{name}"), body)
}

/// What a page may never do.
fn check_page(answer: &Response) {
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("script-src"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for raw in ["<b>Eve", "<script>", "\"'\""] {
        assert!(!answer.body.contains(raw), "{raw}: {}", answer.body);
    }
}

#[test]
fn only_somebody_with_the_role_sees_them_or_does_anything() {
    let (tenant, app) = app();
    let (mut nobody, mut ada, mut bob) = (app.browser(), app.signed_in(ADA), app.signed_in(BOB));
    for page in PAGES {
        assert_eq!(nobody.get(page).status, 303, "{page}");
        assert_eq!(nobody.fetch(page).status, 401, "{page}");
        let refused = ada.get(page);
        assert_eq!(refused.status, 403, "{page}");
        assert!(refused.body.contains("role-missing") && !refused.body.contains("eve@"));
        let shown = bob.get(page);
        assert_eq!(shown.status, 200, "{page}: {}", shown.body);
        check_page(&shown);
    }
    for name in ACTS {
        let (path, body) = act(name);
        assert_eq!(nobody.fetch_post(&path, &body).status, 401, "{name}");
        assert_eq!(ada.post(&path, &body).status, 403, "{name}");
        assert!(tenant.changes().is_empty(), "{name}");
        let done = bob.post(&path, &body);
        assert!(matches!(done.status, 200 | 303), "{name}: {}", done.body);
        assert!(!tenant.changes().is_empty(), "{name}");
    }
    assert_eq!(bob.get("/auth/admin/nothing").status, 404);
    assert_eq!(bob.get("/auth/administration").status, 404);
    assert_eq!(bob.post("/auth/admin/nothing", "id=a").status, 404);
    assert_eq!(bob.post("/auth/admin", "").status, 404);
    assert_eq!(bob.ask("DELETE", "/auth/admin", &[], "").status, 405);
    assert!(tenant.changes().is_empty());
}

#[test]
fn a_page_of_another_origin_does_nothing_in_the_name_of_whoever_may() {
    let (tenant, app) = app();
    let mut bob = app.signed_in(BOB);
    for fields in [
        [
            "Origin: https://evil.example",
            "Sec-Fetch-Site: cross-site",
            FORM,
        ],
        [
            "Origin: https://evil.app.example",
            "Sec-Fetch-Site: same-site",
            FORM,
        ],
        ["Origin: null", "Sec-Fetch-Site: cross-site", FORM],
        ["X-Nothing: 1", "X-Nothing: 2", FORM],
        [
            "Origin: https://app.example",
            "Sec-Fetch-Site: same-origin",
            "Content-Type: text/plain",
        ],
    ] {
        for name in ACTS {
            let (path, body) = act(name);
            let refused = bob.ask("POST", &path, &fields, &body);
            assert!(
                matches!(refused.status, 400 | 403),
                "{fields:?} {}",
                refused.status
            );
        }
    }
    for name in ACTS {
        // By a link or a picture.
        let answer = bob.get(&format!("/auth/admin/{name}?id={EVE}&email=a%40b.example"));
        assert!(matches!(answer.status, 200 | 404));
    }
    assert_eq!(
        bob.post("/auth/admin/block", &format!("id={EVE}&id=auth0%7Cx"))
            .status,
        400
    );
    assert!(tenant.changes().is_empty());
}

#[test]
fn who_is_blocked_or_gets_other_roles_is_signed_out_everywhere() {
    for name in ["block", "roles"] {
        let (_, app) = app();
        let mut bob = app.signed_in(BOB);
        let [mut eve, mut zoe] = ["auth0%7Ceve", "auth0%7Czoe"].map(|subject| {
            let mut browser = app.browser();
            let entered = browser.get(&format!("/enter?name={subject}"));
            assert_eq!(entered.body, "done");
            browser
        });
        assert!(eve.is_in() && zoe.is_in());
        let (path, body) = act(name);
        assert_eq!(bob.post(&path, &body).status, 303);
        assert!(!eve.is_in(), "{name}");
        assert!(zoe.is_in() && bob.is_in(), "{name}");
    }
}

#[test]
fn an_act_goes_on_and_is_in_the_log_when_the_browser_has_gone() {
    Log::of_a_process(
        module_path!(),
        "an_act_goes_on_and_is_in_the_log_when_the_browser_has_gone",
        |log| {
            let tenant = Tenant {
                answered: Some(Semaphore::new(0)),
                ..Tenant::default()
            };
            let (tenant, app) = app_of(tenant, |auth| auth);
            let bob = app.signed_in(BOB);
            for name in ["block", "roles", "invite"] {
                let mut eve = app.browser();
                eve.get("/enter?name=auth0%7Ceve");
                assert!(eve.is_in());
                let (path, body) = act(name);
                let (length, cookies) = (body.len(), bob.cookies());
                let mut connection = Connection::open(app.address);
                connection.send(
                    format!(
                        "POST {path} HTTP/1.1\r\nHost: app.example\r\nOrigin: https://app.example\r\n\
                         Sec-Fetch-Site: same-origin\r\n{FORM}\r\n{cookies}\r\n\
                         Content-Length: {length}\r\n\r\n{body}"
                    )
                    .as_bytes(),
                );
                until(|| !tenant.changes().is_empty());
                drop(connection);
                // Long enough for the server to notice.
                std::thread::sleep(Duration::from_millis(200));
                // An invitation is three changes.
                tenant.answered.as_ref().unwrap().add_permits(3);
                let line = format!(r#"subject="bob" act="{name}" whom="#);
                until(|| log.text().contains(&line));
                until(|| name == "invite" || !eve.is_in());
                let left = tenant.answered.as_ref().unwrap();
                left.forget_permits(3);
                tenant.changes();
            }
        },
    );
}

/// Waits for what must come.
fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..400 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("it never came");
}

#[test]
fn a_page_says_signed_out_only_where_people_sign_in_with_auth0() {
    let secret = ClientSecret::new(SECRET).unwrap();
    let auth0 = Oidc::auth0("tenant.example", "client", secret);
    for (provider, signs_out) in [(None, false), (Some(auth0), true)] {
        let (_, app) = app_of(Tenant::default(), |auth| match provider {
            Some(provider) => auth.provider(provider),
            None => auth,
        });
        let mut bob = app.signed_in(BOB);
        let shown = bob.get(&format!("/auth/admin/person?id={EVE}"));
        assert!(shown.body.contains("Block"));
        assert_eq!(shown.body.contains("Block, and sign out"), signs_out);
        for name in ["block", "roles"] {
            let (path, body) = act(name);
            let done = bob.post(&path, &body);
            let shown = bob.get(done.header("location").unwrap());
            let says = ["The person is blocked", "The roles are saved"];
            assert!(says.iter().any(|says| shown.body.contains(says)));
            assert_eq!(shown.body.contains("signed out here"), signs_out, "{name}");
        }
    }
}

#[test]
fn a_link_is_shown_once_and_the_log_has_who_and_whom_and_no_link() {
    Log::of_a_process(
        module_path!(),
        "a_link_is_shown_once_and_the_log_has_who_and_whom_and_no_link",
        |log| {
            let (_, app) = app();
            let mut bob = app.signed_in(BOB);
            for name in ["invite", "link"] {
                let (path, body) = act(name);
                let shown = bob.post(&path, &body);
                assert_eq!(shown.status, 200);
                assert!(shown.body.contains(LINK), "{}", shown.body);
                check_page(&shown);
            }
            let (path, body) = act("verify");
            let done = bob.post(&path, &body);
            let place = "/auth/admin/person?id=auth0%7Ceve&done=verify";
            assert_eq!(done.header("location"), Some(place));
            let shown = bob.get(place);
            assert!(shown.body.contains("marked as verified"));
            assert!(!shown.body.contains(LINK));
            let text = log.text();
            for line in [
                r#"provider="password" subject="bob" act="invite" whom="zoe@example.com""#,
                r#"provider="password" subject="bob" act="link" whom="auth0|eve""#,
                r#"provider="password" subject="bob" act="verify" whom="auth0|eve""#,
            ] {
                assert!(text.contains(line), "{line} in {text}");
            }
            for secret in [SECRET, LINK, "planted"] {
                assert!(!text.contains(secret), "{secret}");
            }
        },
    );
}

#[test]
fn what_auth0_refuses_is_said_on_a_page() {
    let (tenant, app) = app();
    let mut bob = app.signed_in(BOB);
    let form = "email=bob%40example.com&role=admin%3Cscript%3E";
    let taken = bob.post("/auth/admin/invite", form);
    assert_eq!(taken.status, 400);
    assert!(taken.body.contains("auth0_idp_error") && taken.body.contains("bob@example.com"));
    assert!(taken.body.contains(" checked"), "{}", taken.body);
    let nobody = bob.get("/auth/admin/person?id=auth0%7Cnobody");
    assert_eq!(nobody.status, 400);
    assert!(nobody.body.contains("inexistent_user"));
    for id in ["", "eve", "..", "auth0%7Ca%0Ab"] {
        assert_eq!(
            bob.post("/auth/admin/block", &format!("id={id}")).status,
            400,
            "{id}"
        );
    }
    tenant
        .is_away
        .store(true, std::sync::atomic::Ordering::SeqCst);
    for page in PAGES {
        let away = bob.get(page);
        assert_eq!(away.status, 502, "{page}");
        check_page(&away);
    }
}
