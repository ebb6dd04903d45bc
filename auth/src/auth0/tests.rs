use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::oidc::ClientSecret;
use crate::outgoing::{HttpClient, HttpFuture, HttpRequest, HttpResponse};

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

/// Fields of a head.
type Fields<'a> = &'a [(&'a str, &'a str)];

/// One answer, with its fields.
type Answer = (u16, Vec<(String, String)>, Value);

/// Answers in place of the tenant, in order, and each after a moment. Token requests have answers of
/// their own.
#[derive(Default)]
struct Tenant {
    answers: Mutex<VecDeque<Answer>>,
    tokens: Mutex<VecDeque<Answer>>,
    /// What was asked: `GET /api/v2/users?page=0 {"body":true}`.
    asked: Mutex<Vec<String>>,
}

impl HttpClient for Tenant {
    fn send(&self, request: HttpRequest) -> HttpFuture<'_> {
        let address = request.url().strip_prefix("https://tenant.example");
        let address = address.expect("another host").to_owned();
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        let is_token = address == "/oauth/token";
        let bearer = request.fields().find(|(name, _)| *name == "authorization");
        let bearer = bearer
            .map(|(_, value)| value.to_owned())
            .unwrap_or_default();
        let shown = if is_token {
            String::new()
        } else {
            format!(" {body}")
        };
        let line = format!("{} {address}{shown} {bearer}", request.method());
        self.asked.lock().unwrap().push(line.trim().to_owned());
        Box::pin(async move {
            sleep(Duration::from_millis(10)).await;
            let answers = if is_token {
                &self.tokens
            } else {
                &self.answers
            };
            let (status, fields, body) = (answers.lock().unwrap().pop_front())
                .unwrap_or_else(|| panic!("nothing to answer to {address}"));
            let body = match body {
                Value::Null => Vec::new(),
                body => body.to_string().into_bytes(),
            };
            Ok(HttpResponse::new(status, fields, body))
        })
    }
}

impl Tenant {
    fn answer(&self, status: u16, body: Value) {
        self.answer_with(status, &[], body);
    }

    fn answer_with(&self, status: u16, fields: Fields<'_>, body: Value) {
        let fields = fields
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        (self.answers.lock().unwrap()).push_back((status, fields.collect(), body));
    }

    fn grant(&self, token: &str, seconds: u64) {
        let body = json!({ "access_token": token, "expires_in": seconds, "token_type": "Bearer" });
        self.tokens
            .lock()
            .unwrap()
            .push_back((200, Vec::new(), body));
    }

    /// What was asked since the last time, token requests aside.
    fn asked(&self) -> Vec<String> {
        let all = std::mem::take(&mut *self.asked.lock().unwrap());
        let others = all
            .into_iter()
            .filter(|line| !line.contains("/oauth/token"));
        others
            .map(|line| line.split(" Bearer ").next().unwrap().to_owned())
            .collect()
    }

    fn token_requests(&self) -> usize {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|line| line.contains("/oauth/token"))
            .count()
    }
}

fn users() -> (Arc<Tenant>, Management) {
    let tenant = Arc::new(Tenant::default());
    let secret = ClientSecret::new(SECRET).unwrap();
    let users = Management::new("tenant.example", "client", secret).unwrap();
    let users = users.http_client(tenant.clone()).unwrap();
    (tenant, users)
}

fn ada() -> Value {
    json!({ "user_id": "auth0|ada", "email": "ada@example.com", "logins_count": 3,
        "identities": [{ "connection": "sales-users", "provider": "auth0", "user_id": "ada" }] })
}

/// One page, as documented at <https://auth0.com/docs/api/management/v2/users/get-users>.
fn page(users: &[Value]) -> Value {
    json!({ "start": 0, "limit": 25, "length": users.len(), "total": users.len(), "users": users })
}

#[tokio::test(start_paused = true)]
async fn many_callers_make_one_request_for_a_token_and_share_its_failure() {
    let (tenant, users) = users();
    tenant.grant("one", 86_400);
    for _ in 0..64 {
        tenant.answer(200, page(&[]));
    }
    let list = |users: &Management| {
        let users = users.clone();
        tokio::spawn(async move { users.list(Query::all()).await })
    };
    let callers: Vec<_> = (0..64).map(|_| list(&users)).collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(tenant.token_requests(), 1);

    let (tenant, users) = self::users();
    let refused = json!({ "error": "access_denied", "error_description": "Unauthorized" });
    tenant
        .tokens
        .lock()
        .unwrap()
        .push_back((401, Vec::new(), refused));
    let callers: Vec<_> = (0..64).map(|_| list(&users)).collect();
    for caller in callers {
        let error = caller.await.unwrap().unwrap_err();
        let ManagementError::Credentials { code } = error else {
            panic!("{error:?}");
        };
        assert_eq!(code, "access_denied");
    }
    assert_eq!(tenant.token_requests(), 1);
    // Who comes later asks again.
    tenant.grant("two", 86_400);
    tenant.answer(200, page(&[]));
    users.list(Query::all()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_is_replaced_before_its_end_and_when_auth0_no_longer_takes_it() {
    let (tenant, users) = users();
    // Half of so short a life is kept back: it is over before the next request.
    tenant.grant("short", 0);
    tenant.grant("long", 86_400);
    tenant.answer(200, page(&[]));
    tenant.answer(200, page(&[]));
    users.list(Query::all()).await.unwrap();
    users.list(Query::all()).await.unwrap();
    assert_eq!(tenant.token_requests(), 2);

    tenant.answer(401, json!({ "statusCode": 401, "error": "Unauthorized" }));
    tenant.grant("new", 86_400);
    tenant.answer(200, page(&[]));
    users.list(Query::all()).await.unwrap();
    assert_eq!(tenant.token_requests(), 3);
    let last = tenant.asked.lock().unwrap().last().unwrap().clone();
    assert!(last.ends_with("Bearer new"), "{last}");
    // Once: it may be the client that is refused.
    tenant.answer(401, json!({ "statusCode": 401, "error": "Unauthorized" }));
    tenant.grant("newer", 86_400);
    tenant.answer(401, json!({ "statusCode": 401, "error": "Unauthorized" }));
    let error = users.list(Query::all()).await.unwrap_err();
    assert!(
        matches!(error, ManagementError::Refused { status: 401, .. }),
        "{error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_are_waited_for_once_and_within_a_bound() {
    let now = apply_cookies::Clock::system().now().get() / 1000;
    let (soon, late) = ((now + 3).to_string(), (now + 600).to_string());
    // How long it says, whether it is waited for, and at least and at most how long.
    let cases: [(Fields<'_>, bool, u64, u64); 6] = [
        (&[("retry-after", "2")], true, 2, 2),
        (&[("X-RateLimit-Reset", &soon)], true, 1, 3),
        (
            &[("retry-after", "1"), ("x-ratelimit-reset", &late)],
            true,
            1,
            1,
        ),
        (&[], true, 1, 1),
        (&[("retry-after", "6")], false, 6, 6),
        (&[("x-ratelimit-reset", &late)], false, 500, 600),
    ];
    for (fields, waits, least, most) in cases {
        let (tenant, users) = users();
        tenant.grant("token", 86_400);
        tenant.answer_with(429, fields, json!({ "statusCode": 429 }));
        tenant.answer(200, page(&[]));
        let begun = Instant::now();
        let listed = users.list(Query::all()).await;
        let seconds = begun.elapsed().as_secs();
        if waits {
            listed.unwrap();
            assert!((least..=most).contains(&seconds), "{fields:?}: {seconds}");
            continue;
        }
        let Err(ManagementError::Throttled { wait }) = listed else {
            panic!("{listed:?}");
        };
        assert_eq!(seconds, 0);
        assert!((least..=most).contains(&wait.as_secs()), "{wait:?}");
    }
    let (tenant, users) = users();
    tenant.grant("token", 86_400);
    tenant.answer(429, json!({}));
    tenant.answer_with(429, &[("retry-after", "1")], json!({}));
    let error = users.list(Query::all()).await.unwrap_err();
    assert!(
        matches!(error, ManagementError::Throttled { .. }),
        "{error:?}"
    );
    assert_eq!(tenant.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn each_refusal_has_its_kind_and_auth0s_own_code() {
    for (status, body, kind) in [
        (
            400,
            json!({ "errorCode": "invalid_body", "message": "why" }),
            "Auth0 refuses with status 400: why (invalid_body)",
        ),
        (
            403,
            json!({ "errorCode": "insufficient_scope", "message": "why" }),
            "Auth0 forbids it: why (insufficient_scope)",
        ),
        (
            404,
            json!({ "errorCode": "inexistent_user" }),
            "Auth0 has no such user (inexistent_user)",
        ),
        (
            409,
            json!({ "error": "Conflict" }),
            "Auth0 has this user already (Conflict)",
        ),
        (
            500,
            json!({ "message": "why" }),
            "Auth0 failed with status 500",
        ),
        (503, json!("no object"), "Auth0 failed with status 503"),
        (200, json!([]), "Auth0 gave an answer that cannot be read"),
        (
            200,
            json!({ "user_id": 1 }),
            "Auth0 gave an answer that cannot be read",
        ),
    ] {
        let (tenant, users) = users();
        tenant.grant("token-of-this-test", 86_400);
        tenant.answer(status, body);
        let error = users.get("auth0|ada").await.unwrap_err();
        let shown = format!("{error:?}");
        assert!(shown.starts_with(kind), "{shown}");
        assert!(!format!("{shown} {error} {users:?}").contains("token-of-this-test"));
        assert!(!format!("{users:?}").contains(SECRET));
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_reaches_no_other_address() {
    let (tenant, users) = users();
    tenant.grant("token", 86_400);
    for (id, path) in [
        ("auth0|ada", "auth0%7Cada"),
        ("google-oauth2|1", "google-oauth2%7C1"),
        (
            "auth0|../../clients?a=b#c",
            "auth0%7C..%2F..%2Fclients%3Fa%3Db%23c",
        ),
        ("auth0|%2e%2e ä", "auth0%7C%252e%252e%20%C3%A4"),
    ] {
        tenant.answer(200, json!({}));
        users.block(id).await.unwrap();
        let asked = tenant.asked();
        assert_eq!(
            asked,
            [format!("PATCH /api/v2/users/{path} {{\"blocked\":true}}")]
        );
    }
    let long = format!("auth0|{}", "x".repeat(250));
    for id in ["", "..", ".", "ada", "auth0|\n", &long] {
        let error = users.block(id).await.unwrap_err();
        assert!(
            matches!(error, ManagementError::Setting(_)),
            "{id:?}: {error:?}"
        );
    }
    assert!(tenant.asked().is_empty());
}

#[test]
fn a_domain_is_a_host_and_nothing_else() {
    let new = |domain: &str| Management::new(domain, "id", ClientSecret::new(SECRET).unwrap());
    for domain in ["tenant.eu.auth0.com", "login.Example.com", "localhost:4433"] {
        assert!(new(domain).is_ok(), "{domain}");
    }
    for domain in [
        "",
        "https://tenant.example",
        "tenant.example/",
        "tenant.example/x",
        "a b",
        "a@b",
        "a?b",
        "a#b",
        "tenant.example\n",
        "a\\b",
        "a/../b",
    ] {
        assert!(new(domain).is_err(), "{domain}");
    }
}

#[test]
fn a_search_is_text_and_no_query() {
    let lucene = |text: &str| Query::text(text).lucene().map(str::to_owned);
    assert_eq!(lucene(" \n<>"), None);
    assert_eq!(
        lucene("ad").unwrap(),
        "email:ad* OR name:ad* OR given_name:ad* OR family_name:ad* OR nickname:ad*"
    );
    assert!(lucene("Ada L").unwrap().ends_with("OR name:*Ada\\ L"));
    let signs = r#"+-=&|!(){}[]^"~*?:\/@. "#;
    let text = format!("a{signs}b");
    let escaped: String = signs.chars().flat_map(|c| ['\\', c]).collect();
    assert!(
        lucene(&text)
            .unwrap()
            .starts_with(&format!("email:a{escaped}b* OR "))
    );
    assert!(lucene("a<b>\u{7}c").unwrap().starts_with("email:abc* OR "));
    let longest = lucene(&"ä*".repeat(100)).unwrap();
    assert_eq!(longest.matches('ä').count(), 50 * 6);
}

#[tokio::test(start_paused = true)]
async fn a_link_is_only_for_those_whom_this_client_invited_and_who_never_signed_in() {
    let invited = json!({ "invited": true, "invited_by": "client" });
    let new = |count: u64, metadata: &Value| {
        let mut user = ada();
        user["logins_count"] = json!(count);
        user["app_metadata"] = metadata.clone();
        user
    };
    let mut elsewhere = ada();
    elsewhere["identities"][0]["provider"] = json!("google-oauth2");
    let mut never_counted = new(0, &invited);
    never_counted
        .as_object_mut()
        .unwrap()
        .remove("logins_count");
    let mut odd_count = new(0, &invited);
    odd_count["logins_count"] = json!("2");
    for (user, is_link) in [
        (new(0, &invited), true),
        (never_counted, true),
        (new(1, &invited), false),
        (odd_count, false),
        (new(0, &json!({ "invited": true })), false),
        (
            new(0, &json!({ "invited": true, "invited_by": "other" })),
            false,
        ),
        (
            new(0, &json!({ "invited": "true", "invited_by": "client" })),
            false,
        ),
        (new(0, &json!({})), false),
    ] {
        let (tenant, users) = users();
        tenant.grant("token", 86_400);
        tenant.answer(200, user.clone());
        tenant.answer(
            if is_link { 201 } else { 200 },
            json!({ "ticket": "https://link" }),
        );
        let ttl = Duration::from_secs(600);
        let given = users.password_link("auth0|ada", ttl).await.unwrap();
        let last = tenant.asked().pop().unwrap();
        match given {
            PasswordLink::Link(link) => {
                assert!(is_link, "{user}");
                assert_eq!(link, "https://link");
                assert_eq!(
                    last,
                    "POST /api/v2/tickets/password-change {\"mark_email_as_verified\":false,\"ttl_sec\":600,\"user_id\":\"auth0|ada\"}"
                );
            }
            PasswordLink::Mailed => {
                assert!(!is_link, "{user}");
                assert!(
                    last.starts_with("POST /dbconnections/change_password {"),
                    "{last}"
                );
            }
        }
    }
    let (tenant, users) = users();
    tenant.grant("token", 86_400);
    tenant.answer(200, elsewhere);
    let error = users
        .password_link("google-oauth2|1", Duration::from_secs(1))
        .await
        .unwrap_err();
    assert!(matches!(error, ManagementError::Setting(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn an_odd_value_hides_nobody() {
    let (tenant, users) = users();
    tenant.grant("token", 86_400);
    let mut odd = ada();
    for field in [
        "email_verified",
        "blocked",
        "name",
        "email",
        "last_login",
        "app_metadata",
        "identities",
    ] {
        odd[field] = json!([{ "not": "as documented" }]);
    }
    tenant.answer(200, page(&[odd, ada()]));
    let listed = users.list(Query::all()).await.unwrap();
    let [odd, ada] = listed.users() else {
        panic!("{listed:?}");
    };
    assert_eq!((odd.id(), odd.name()), ("auth0|ada", "auth0|ada"));
    assert!(!odd.is_email_verified() && !odd.is_blocked());
    assert_eq!(ada.email(), Some("ada@example.com"));
}

#[tokio::test(start_paused = true)]
async fn roles_that_change_end_sessions_also_when_only_some_could_be_changed() {
    let role = |name: &str| json!({ "id": format!("rol_{name}"), "name": name });
    let all = |names: &[&str]| {
        let roles: Vec<_> = names.iter().map(|name| role(name)).collect();
        json!({ "start": 0, "limit": 50, "total": roles.len(), "roles": roles })
    };
    let ended = Arc::new(Mutex::new(Vec::new()));
    let heard = ended.clone();
    let (tenant, users) = users();
    let users = users.end_sessions_by(Arc::new(move |id| {
        heard.lock().unwrap().push(id);
        Box::pin(std::future::ready(Ok(())))
    }));
    tenant.grant("token", 86_400);
    let set = |had: &[&str]| {
        tenant.answer(200, all(&["admin", "viewer", "editor"]));
        tenant.answer(200, all(had));
    };

    set(&["viewer", "editor"]);
    tenant.answer(204, Value::Null);
    tenant.answer(204, Value::Null);
    users
        .set_roles("auth0|ada", ["admin", "viewer", "admin"])
        .await
        .unwrap();
    let asked = tenant.asked();
    assert_eq!(
        asked[2..],
        [
            r#"DELETE /api/v2/users/auth0%7Cada/roles {"roles":["rol_editor"]}"#,
            r#"POST /api/v2/users/auth0%7Cada/roles {"roles":["rol_admin"]}"#,
        ]
    );
    assert_eq!(std::mem::take(&mut *ended.lock().unwrap()), ["auth0|ada"]);

    // Also where nothing differs: the store may have been away when it did.
    set(&["viewer"]);
    users.set_roles("auth0|ada", ["viewer"]).await.unwrap();
    assert_eq!(std::mem::take(&mut *ended.lock().unwrap()), ["auth0|ada"]);
    tenant.answer(200, all(&["viewer"]));
    let unknown = users
        .set_roles("auth0|ada", ["viewer", "Admin"])
        .await
        .unwrap_err();
    assert!(matches!(unknown, ManagementError::UnknownRole(name) if name == "Admin"));
    assert!(ended.lock().unwrap().is_empty());

    set(&["viewer"]);
    tenant.answer(204, Value::Null);
    tenant.answer(500, Value::Null);
    let half = users.set_roles("auth0|ada", ["admin"]).await.unwrap_err();
    assert!(
        matches!(half, ManagementError::Failed { status: 500 }),
        "{half:?}"
    );
    assert_eq!(std::mem::take(&mut *ended.lock().unwrap()), ["auth0|ada"]);

    tenant.answer(200, json!({}));
    users.block("auth0|ada").await.unwrap();
    assert_eq!(std::mem::take(&mut *ended.lock().unwrap()), ["auth0|ada"]);
    tenant.answer(500, Value::Null);
    users.block("auth0|ada").await.unwrap_err();
    let down = || apply_cookies::replay::StoreError::Unavailable("down".into());
    let deaf = (users.clone())
        .end_sessions_by(Arc::new(move |_| Box::pin(std::future::ready(Err(down())))));
    tenant.answer(200, json!({}));
    let half = deaf.block("auth0|ada").await.unwrap_err();
    assert!(
        matches!(half, ManagementError::StillSignedIn(_)),
        "{half:?}"
    );
    tenant.answer(200, json!({}));
    users.unblock("auth0|ada").await.unwrap();
    assert!(ended.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn whoever_is_blocked_is_signed_out_also_when_whoever_asked_has_gone() {
    let ended = Arc::new(Mutex::new(Vec::new()));
    let heard = ended.clone();
    let (tenant, users) = users();
    let users = users.end_sessions_by(Arc::new(move |id| {
        heard.lock().unwrap().push(id);
        Box::pin(std::future::ready(Ok(())))
    }));
    let role = json!({ "total": 1, "roles": [{ "id": "rol_viewer", "name": "viewer" }] });
    tenant.grant("token", 86_400);
    tenant.answer(200, json!({}));
    let gone = timeout(Duration::from_millis(15), users.block("auth0|ada"));
    assert!(gone.await.is_err());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(std::mem::take(&mut *ended.lock().unwrap()), ["auth0|ada"]);

    tenant.answer(200, role);
    tenant.answer(200, json!({ "total": 0, "roles": [] }));
    tenant.answer(204, Value::Null);
    let roles = users.set_roles("auth0|ada", ["viewer"]);
    assert!(timeout(Duration::from_millis(25), roles).await.is_err());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(std::mem::take(&mut *ended.lock().unwrap()), ["auth0|ada"]);
}

#[tokio::test(start_paused = true)]
async fn somebody_invited_can_sign_in_only_by_the_link_and_with_an_address_still_to_verify() {
    let (tenant, users) = users();
    tenant.grant("token", 86_400);
    tenant.answer(201, ada());
    tenant.answer(201, json!({ "ticket": "https://link" }));
    let invite = Invite::new("sales-users").link_for(Duration::from_secs(3600));
    let invited = users
        .invite("ada@example.com", invite.clone())
        .await
        .unwrap();
    assert_eq!(invited.link(), "https://link");
    assert!(!format!("{invited:?}").contains("https://link"));
    let asked = tenant.asked();
    let body = asked[0].strip_prefix("POST /api/v2/users ").unwrap();
    let mut body: Value = serde_json::from_str(body).unwrap();
    let password = body["password"].take();
    let password = password.as_str().unwrap();
    assert!((40..=72).contains(&password.len()) && password.ends_with("-aA1"));
    assert_eq!(
        body,
        json!({ "connection": "sales-users", "email": "ada@example.com", "password": null,
            "email_verified": false, "verify_email": false,
            "app_metadata": { "invited": true, "invited_by": "client" } })
    );
    assert!(asked[1].contains("\"mark_email_as_verified\":false,\"ttl_sec\":3600"));

    // A user without a link is said to be there.
    tenant.answer(201, ada());
    tenant.answer(500, Value::Null);
    let error = users.invite("ada@example.com", invite).await.unwrap_err();
    let ManagementError::Incomplete { id, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(id, "auth0|ada");
}
