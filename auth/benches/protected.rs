//! The protected page of an app, beside the same page without sign-ins, and beside the same page with
//! an encrypted cookie class: processor time a request, in one process, without sockets.
//!
//! `cargo bench -p apply-cookies-auth --features actix --bench protected`

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::{HeaderMap, SET_COOKIE};
use actix_web::{App, Error, test, web};
use apply_cookies::replay::{
    MemoryRevocations, Revocation, RevocationDigest, Revocations, SessionLength, Subject,
};
use apply_cookies::{ApplyCookies, Clock, Cookie, CookieClass, Secrets};
use apply_cookies_auth::{AccessToken, Auth, Identity};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

const ORIGIN: &str = "https://app.example";

/// What most apps have: who it is, in an encrypted cookie that nobody can end.
#[derive(CookieClass, Serialize, Deserialize)]
#[cookie(name = "__Host-session", encrypted, max_age = "12h")]
struct Session {
    user: String,
    roles: Vec<String>,
}

const ROUNDS: usize = 15;
const EACH: usize = 4_000;

fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let nanos = u32::try_from(now.tv_nsec).expect("below a second");
    Duration::new(u64::try_from(now.tv_sec).expect("not negative"), nanos)
}

/// Microseconds a request.
async fn cost<S, B>(app: &S, path: &str, cookies: &str, requests: usize) -> f64
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let begun = processor_time();
    for _ in 0..requests {
        let request = test::TestRequest::get()
            .uri(path)
            .insert_header(("cookie", cookies))
            .insert_header(("accept", "text/html"))
            .insert_header(("sec-fetch-mode", "navigate"))
            .insert_header(("sec-fetch-site", "same-origin"));
        let response = test::call_service(app, request.to_request()).await;
        assert_eq!(response.status(), 200);
    }
    let spent = processor_time().saturating_sub(begun);
    spent.as_secs_f64() * 1e6 / f64::from(u32::try_from(requests).expect("few"))
}

/// The cookies that a browser has after this answer.
fn jar(fields: &HeaderMap) -> String {
    let lines = fields.get_all(SET_COOKIE);
    let pairs = lines.map(|line| {
        line.to_str()
            .expect("ASCII")
            .split(';')
            .next()
            .unwrap_or("")
    });
    pairs.collect::<Vec<_>>().join("; ")
}

#[actix_web::main]
async fn main() {
    let bench = std::env::args().any(|argument| argument == "--bench");
    // `cargo test --benches` only wants to see that it runs.
    let (rounds, each) = if bench { (ROUNDS, EACH) } else { (1, 10) };
    let apply = ApplyCookies::builder(Secrets::random()).origin(ORIGIN);
    let apply = apply.build().expect("a deployment");
    let revocations = Arc::new(MemoryRevocations::new(Clock::system()));
    let token = "a token for the benchmark";
    let auth = Auth::builder(&apply)
        .access_token(AccessToken::chosen(token).expect("a good one"))
        .revocations(revocations.clone())
        .build()
        .expect("sign-ins");
    let plain = App::new()
        .wrap(apply.middleware())
        .route("/", web::get().to(async || "hello"))
        .route(
            "/class",
            web::get().to(async |session: Cookie<Session>| session.user.clone()),
        );
    let plain = test::init_service(plain).await;
    let protected = App::new()
        .wrap(auth.middleware())
        .wrap(apply.middleware())
        .route(
            "/",
            web::get().to(async |me: Identity| me.name().to_owned()),
        );
    let protected = test::init_service(protected).await;

    let sign_in = test::TestRequest::get()
        .uri("/?access_token=a+token+for+the+benchmark")
        .insert_header(("sec-fetch-mode", "navigate"));
    let signed_in = test::call_service(&protected, sign_in.to_request()).await;
    assert_eq!(signed_in.status(), 303);
    let cookies = jar(signed_in.headers());
    let session = Session {
        user: "ada".to_owned(),
        roles: vec!["admin".to_owned()],
    };
    let line = apply.classes().set(&session).expect("fits").to_set_cookie();
    let class = line.split(';').next().unwrap_or("").to_owned();

    println!(
        "| revoked sessions | the page alone, µs | with an encrypted class, µs | protected, µs | protected / alone | protected / class |"
    );
    println!("|---|---|---|---|---|---|");
    for revoked in [0, 1_000_000] {
        fill(&*revocations, if bench { revoked } else { revoked / 1000 }).await;
        let mut all = Vec::new();
        for _ in 0..rounds {
            let alone = cost(&plain, "/", &cookies, each).await;
            let class = cost(&plain, "/class", &format!("{cookies}; {class}"), each).await;
            let ours = cost(&protected, "/", &cookies, each).await;
            all.push((alone, class, ours));
        }
        let middle = |of: fn(&(f64, f64, f64)) -> f64| {
            let mut numbers: Vec<f64> = all.iter().map(of).collect();
            numbers.sort_by(f64::total_cmp);
            numbers[numbers.len() / 2]
        };
        println!(
            "| {revoked} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
            middle(|one| one.0),
            middle(|one| one.1),
            middle(|one| one.2),
            middle(|one| one.2 / one.0),
            middle(|one| one.2 / one.1),
        );
    }
}

async fn fill(revocations: &dyn Revocations, number: u32) {
    let length = SessionLength::from_millis(43_200_000).expect("half a day");
    for number in 0..number {
        let mut digest = [0; 16];
        digest[..4].copy_from_slice(&number.wrapping_mul(0x9E37_79B9).to_be_bytes());
        digest[4..8].copy_from_slice(&number.to_be_bytes());
        let subject = Subject::Absolute(RevocationDigest::from_bytes(digest));
        let revocation = Revocation::new(subject, length);
        revocations.revoke(revocation).await.expect("room");
    }
}
