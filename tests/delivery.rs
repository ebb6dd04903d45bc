//! Receipts, barriers and actions: a handler learns what became of its cookies, and says what
//! happens around them.

mod support;

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Error, HttpResponse, error, rt};
use apply_cookies::replay::{
    Claim, ClaimFuture, ClaimListener, HorizonFuture, MemoryReplayStore, ReplayStore, StoreError,
};
use apply_cookies::{
    ApplyCookies, Clock, Event, Outcome, PendingCookies, PendingState, PushError, Receipt, Secrets,
    SetCookie, testing,
};
use async_stream::stream;
use futures_util::StreamExt;
use support::http::{Connection, Response, post, post_as};
use support::{NOW, SECRET, SESSION_LINE, Server, at, cookie_header, token_with};

const R: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// What handlers leave for the test: receipts, and what pushes and states were.
#[derive(Default)]
struct Notes {
    receipts: Mutex<Vec<Receipt>>,
    errors: Mutex<Vec<PushError>>,
    states: Mutex<Vec<PendingState>>,
}

impl Notes {
    fn take(&self, pushed: Result<Receipt, PushError>) {
        match pushed {
            Ok(receipt) => self.receipts.lock().unwrap().push(receipt),
            Err(error) => self.errors.lock().unwrap().push(error),
        }
    }

    /// The next receipt that a handler got.
    fn receipt(&self) -> Receipt {
        wait(|| self.receipts.lock().unwrap().pop())
    }

    fn error(&self) -> PushError {
        wait(|| self.errors.lock().unwrap().pop())
    }
}

fn wait<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it never came");
}

fn outcome(receipt: &Receipt) -> Outcome {
    wait(|| receipt.outcome())
}

fn session() -> SetCookie<'static> {
    SetCookie::new("session", "8f14e45f")
}

fn serve(
    routes: impl FnOnce(&mut ServiceConfig) + Clone + Send + 'static,
) -> (Server, Data<Notes>) {
    serve_with(None, routes)
}

fn serve_with(
    store: Option<Arc<dyn ReplayStore>>,
    routes: impl FnOnce(&mut ServiceConfig) + Clone + Send + 'static,
) -> (Server, Data<Notes>) {
    let notes = Data::new(Notes::default());
    let data = notes.clone();
    let server = Server::start_with(
        |builder| match store {
            Some(store) => builder.replay_store(store),
            None => builder,
        },
        move |config: &mut ServiceConfig| {
            config.app_data(data);
            routes(config);
        },
    );
    (server, notes)
}

/// As browser 1.
fn get(server: &Server, path: &str) -> Response {
    Connection::open(server.address).request("GET", path, &[&cookie_header(1)], b"")
}

/// The one token of a stream.
fn token_of(response: &Response) -> String {
    let tokens = testing::tokens(&response.body);
    assert_eq!(tokens.len(), 1, "{}", response.body);
    tokens[0].to_owned()
}

/// One stream that signs in, and leaves its receipt.
async fn sign_in(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
    let cookies = pending.clone();
    pending.sse(stream! {
        notes.take(cookies.batch().set(session()).push());
        yield Event::data("signed in");
    })
}

/// One stream that signs out, and at the same moment in again as a guest.
async fn sign_out(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
    let cookies = pending.clone();
    pending.sse(stream! {
        notes.take(cookies.sign_out().delete_cookie("session").push());
        yield Event::data("signed out");
        notes.take(cookies.batch().set(SetCookie::new("guest", "1")).push());
        yield Event::data("a guest");
    })
}

fn signs(config: &mut ServiceConfig) {
    config
        .route("/sign-in", web::get().to(sign_in))
        .route("/sign-out", web::get().to(sign_out));
}

#[test]
fn a_stream_goes_on_when_its_cookies_are_given_out() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            let receipt = cookies.batch().set(session()).push().unwrap();
            yield Event::data(format!("{:?}", receipt.await));
        })
    }
    let (server, _) = serve(|config| {
        config.route("/", web::get().to(events));
    });
    let mut stream = Connection::open(server.address);
    stream.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n", cookie_header(1)).as_bytes());
    let mut response = stream.head();
    response.body = stream.chunk().unwrap();
    let answer = post(server.address, &token_of(&response), Some(R));
    assert_eq!(answer.all("set-cookie"), [SESSION_LINE]);
    assert_eq!(stream.chunk().unwrap(), "data: Released\n\n");
}

#[test]
fn a_receipt_settles_also_when_another_process_redeems() {
    let store: Arc<dyn ReplayStore> =
        Arc::new(MemoryReplayStore::new(Clock::from_fn(|| at(NOW - 60_000))));
    let (minting, notes) = serve_with(Some(store.clone()), signs);
    let (redeeming, _) = serve_with(Some(store), signs);
    let token = token_of(&get(&minting, "/sign-in"));
    let receipt = notes.receipt();
    assert_eq!(receipt.outcome(), None);
    assert_eq!(post(redeeming.address, &token, Some(R)).status, 204);
    assert_eq!(outcome(&receipt), Outcome::Released);
}

#[test]
fn a_refused_post_settles_nothing() {
    let (server, notes) = serve(signs);
    let token = token_of(&get(&server, "/sign-in"));
    let receipt = notes.receipt();
    let refused = post_as(server.address, &cookie_header(2), &token, Some(R));
    assert_eq!(refused.status, 403);
    assert_eq!(post(server.address, "e1.junk", Some(R)).status, 400);
    assert_eq!(receipt.outcome(), None);
    assert_eq!(post(server.address, &token, Some(R)).status, 204);
    assert_eq!(outcome(&receipt), Outcome::Released);
    // Neither does what comes later.
    assert_eq!(post(server.address, &token, None).status, 409);
    server.set_clock(NOW + 120_000);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(receipt.outcome(), Some(Outcome::Released));
}

#[test]
fn a_token_that_nobody_redeems_expires_and_its_receipt_says_so() {
    let (server, notes) = serve(signs);
    get(&server, "/sign-in");
    let receipt = notes.receipt();
    server.set_clock(NOW + 59_999);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(receipt.outcome(), None);
    server.set_clock(NOW + 61_000);
    assert_eq!(outcome(&receipt), Outcome::Expired);
}

#[test]
fn a_receipt_ends_with_its_deployment() {
    let cookies = ApplyCookies::builder(Secrets::new(SECRET).unwrap())
        .origin(support::ORIGIN)
        .build()
        .unwrap();
    let receipt = rt::System::new().block_on(async {
        use actix_web::{App, test};
        let notes = Data::new(Notes::default());
        let app = App::new()
            .wrap(cookies.middleware())
            .app_data(notes.clone())
            .configure(signs);
        let app = test::init_service(app).await;
        let request = test::TestRequest::get().uri("/sign-in").to_request();
        let response = test::call_service(&app, request).await;
        test::read_body(response).await;
        notes.receipt()
    });
    assert_eq!(receipt.outcome(), None);
    drop(cookies);
    assert_eq!(outcome(&receipt), Outcome::Expired);
}

#[test]
fn what_has_no_way_to_the_page_is_undeliverable() {
    async fn fails(pending: PendingCookies, notes: Data<Notes>) -> Result<HttpResponse, Error> {
        notes.take(pending.batch().set(session()).push());
        Err(error::ErrorBadRequest("half-way"))
    }
    async fn unflushed(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
        let frames = pending.frames();
        rt::spawn(async move {
            rt::time::sleep(Duration::from_millis(20)).await;
            notes.take(pending.batch().set(session()).push());
            drop(frames);
        });
        HttpResponse::Ok().finish()
    }
    async fn unsent(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
        let mut frames = pending.frames();
        rt::spawn(async move {
            rt::time::sleep(Duration::from_millis(20)).await;
            // Two tokens, of which the second is never taken.
            let batch = (0..25).fold(pending.batch(), |batch, n| {
                batch.set(SetCookie::new(format!("c{n}"), "1"))
            });
            notes.take(batch.push());
            let first = frames.next().await.unwrap();
            let receipt = first.receipt();
            drop(frames);
            assert_eq!(receipt.outcome(), None, "this one may be on its way");
        });
        HttpResponse::Ok().finish()
    }
    let (server, notes) = serve(|config| {
        config
            .route("/fails", web::get().to(fails))
            .route("/unflushed", web::get().to(unflushed))
            .route("/unsent", web::get().to(unsent));
    });
    for path in ["/fails", "/unflushed"] {
        get(&server, path);
        assert_eq!(outcome(&notes.receipt()), Outcome::Undeliverable, "{path}");
    }
    get(&server, "/unsent");
    let receipt = notes.receipt();
    server.set_clock(NOW + 61_000);
    assert_eq!(
        outcome(&receipt),
        Outcome::Undeliverable,
        "the worse of two"
    );
}

#[test]
fn cookies_that_travel_with_the_headers_are_given_out_with_them() {
    async fn plain(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
        notes.states.lock().unwrap().push(pending.state());
        notes.take(pending.batch().set(session()).push());
        HttpResponse::Ok().finish()
    }
    let (server, notes) = serve(|config| {
        config.route("/", web::get().to(plain));
    });
    assert_eq!(get(&server, "/").all("set-cookie"), [SESSION_LINE]);
    assert_eq!(outcome(&notes.receipt()), Outcome::Released);
    assert_eq!(*notes.states.lock().unwrap(), [PendingState::Headers]);
}

#[test]
fn a_receipt_of_many_cookies_waits_for_all_of_their_tokens() {
    async fn many(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            let batch = (0..45).fold(cookies.batch(), |batch, n| {
                batch.set(SetCookie::new(format!("c{n}"), "1"))
            });
            notes.take(batch.reload().push());
            yield Event::data("all");
        })
    }
    let (server, notes) = serve(|config| {
        config.route("/", web::get().to(many));
    });
    let response = get(&server, "/");
    let receipt = notes.receipt();
    let tokens = testing::tokens(&response.body);
    assert_eq!(tokens.len(), 3);
    let mut actions = Vec::new();
    for token in tokens {
        assert_eq!(receipt.outcome(), None);
        let answer = post(server.address, token, Some(R));
        actions.push(answer.header("apply-cookies-then").map(str::to_owned));
    }
    assert_eq!(outcome(&receipt), Outcome::Released);
    assert_eq!(actions, [None, None, Some("reload".to_owned())]);
}

#[test]
fn after_a_sign_out_no_older_token_of_the_browser_is_redeemed() {
    let (server, notes) = serve(signs);
    let delayed = token_of(&get(&server, "/sign-in"));
    let receipt = notes.receipt();
    let applied = token_of(&get(&server, "/sign-in"));
    assert_eq!(post(server.address, &applied, Some(R)).status, 204);
    let others = token_with(support::SESSION, |_| {});
    let bare = Connection::open(server.address).request("GET", "/sign-in", &[], b"");
    let out = get(&server, "/sign-out");
    let [barrier, younger] = testing::tokens(&out.body)[..] else {
        panic!("two tokens: {}", out.body)
    };
    // The same millisecond, and minted after it.
    let answer = post(server.address, barrier, Some(R));
    assert_eq!(answer.all("set-cookie").len(), 1);
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
    assert_eq!(
        post(server.address, &applied, Some(R)).status,
        410,
        "a retry"
    );
    assert_eq!(post(server.address, &others, Some(R)).status, 410);
    assert_eq!(post(server.address, younger, Some(R)).status, 204);
    assert_eq!(
        post(server.address, barrier, Some(R)),
        answer,
        "its own retry"
    );
    // Another browser's sign-in goes on.
    let value = bare.all("set-cookie")[0].split(';').next().unwrap();
    let own = format!("Cookie: {value}");
    let token = token_of(&bare);
    assert_eq!(post_as(server.address, &own, &token, Some(R)).status, 204);
    // A refusal settles nothing.
    assert_eq!(receipt.outcome(), None);
    server.set_clock(NOW + 61_000);
    assert_eq!(outcome(&receipt), Outcome::Expired);
}

#[test]
fn what_is_pushed_beside_a_sign_out_does_not_undo_it() {
    async fn both(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            cookies.sign_out().delete_cookie("session").push().unwrap();
            cookies.set(SetCookie::new("theme", "dark")).unwrap();
            yield Event::data("both in one token");
        })
    }
    let (server, _) = serve(|config| {
        signs(config);
        config.route("/both", web::get().to(both));
    });
    let delayed = token_of(&get(&server, "/sign-in"));
    let token = token_of(&get(&server, "/both"));
    assert_eq!(
        post(server.address, &token, Some(R))
            .all("set-cookie")
            .len(),
        2
    );
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
}

#[test]
fn a_handle_that_was_closed_before_the_headers_left_says_so() {
    async fn closed(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
        pending.close();
        notes.states.lock().unwrap().push(pending.state());
        HttpResponse::Ok().finish()
    }
    let (server, notes) = serve(|config| {
        config.route("/", web::get().to(closed));
    });
    get(&server, "/");
    assert_eq!(*notes.states.lock().unwrap(), [PendingState::Closed]);
}

#[test]
fn what_a_strangers_socket_sets_leaves_with_the_handshake_since_no_token_could_be_redeemed() {
    async fn socket(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
        let frames = pending.frames();
        notes.take(pending.batch().set(session()).push());
        std::mem::forget(frames);
        HttpResponse::SwitchingProtocols().finish()
    }
    let (server, notes) = serve(|config| {
        config.route("/", web::get().to(socket));
    });
    let mut connection = Connection::open(server.address);
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nOrigin: https://elsewhere.example\r\n\r\n");
    assert_eq!(connection.head().all("set-cookie"), [SESSION_LINE]);
    assert_eq!(outcome(&notes.receipt()), Outcome::Released);
}

#[test]
fn a_handle_without_a_carrier_says_that_it_is_closed() {
    async fn plain(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
        rt::spawn(async move {
            rt::time::sleep(Duration::from_millis(20)).await;
            notes.states.lock().unwrap().push(pending.state());
        });
        HttpResponse::Ok().finish()
    }
    let (server, notes) = serve(|config| {
        config.route("/", web::get().to(plain));
    });
    get(&server, "/");
    let state = wait(|| notes.states.lock().unwrap().pop());
    assert_eq!(state, PendingState::Closed);
}

#[test]
fn of_a_sign_out_in_several_tokens_the_first_is_the_barrier_and_the_others_pass() {
    async fn large(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            let batch = (0..45).fold(cookies.sign_out(), |batch, n| {
                batch.set(SetCookie::new(format!("c{n}"), "1"))
            });
            batch.push().unwrap();
            yield Event::data("signed out");
        })
    }
    let (server, _) = serve(|config| {
        signs(config);
        config.route("/large", web::get().to(large));
    });
    let delayed = token_of(&get(&server, "/sign-in"));
    let response = get(&server, "/large");
    let tokens = testing::tokens(&response.body);
    assert_eq!(post(server.address, tokens[0], Some(R)).status, 204);
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
    for token in &tokens[1..] {
        assert_eq!(post(server.address, token, Some(R)).status, 204);
    }
}

#[test]
fn a_sign_out_in_the_first_moments_of_a_process_does_not_stop_the_next_sign_in() {
    let (server, _) = serve(|config| {
        signs(config);
        config.route("/plain", web::get().to(plain_sign_out));
    });
    server.set_clock(NOW - 60_000);
    let delayed = token_of(&get(&server, "/sign-in"));
    let out = get(&server, "/sign-out");
    let barrier = testing::tokens(&out.body)[0];
    assert_eq!(post(server.address, barrier, Some(R)).status, 204);
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
    // The same where the barrier needs no token.
    server.set_clock(NOW - 60_000 + 5);
    let delayed = token_of(&get(&server, "/sign-in"));
    server.set_clock(NOW - 60_000 + 6);
    assert_eq!(get(&server, "/plain").status, 200);
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
    server.set_clock(NOW - 60_000 + 10);
    let next = token_of(&get(&server, "/sign-in"));
    assert_eq!(post(server.address, &next, Some(R)).status, 204);
}

/// An ordinary response that signs out, with no token at all.
async fn plain_sign_out(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
    notes.take(pending.sign_out().delete_cookie("session").push());
    HttpResponse::Ok().finish()
}

#[test]
fn a_sign_out_on_an_ordinary_response_is_a_barrier_too() {
    let (server, notes) = serve(|config| {
        signs(config);
        config.route("/plain", web::get().to(plain_sign_out));
    });
    let delayed = token_of(&get(&server, "/sign-in"));
    drop(notes.receipt());
    let response = get(&server, "/plain");
    assert_eq!(response.all("set-cookie").len(), 1);
    assert_eq!(outcome(&notes.receipt()), Outcome::Released);
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
    server.set_clock(NOW + 1);
    let next = token_of(&get(&server, "/sign-in"));
    assert_eq!(post(server.address, &next, Some(R)).status, 204);
}

#[test]
fn a_sign_out_that_does_not_show_its_browser_says_that_its_barrier_is_missing() {
    let two = format!(
        "{}; __Host-apply-cookies={}",
        cookie_header(1),
        support::browser(2).to_text()
    );
    let cases: [(&[&str], Outcome); 4] = [
        // SameSite=Lax holds the binding back, and the answer's cookies are stored all the same.
        (
            &[
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Mode: navigate",
                "Sec-Fetch-Dest: document",
            ],
            Outcome::Undeliverable,
        ),
        (
            &["Origin: https://elsewhere.example"],
            Outcome::Undeliverable,
        ),
        (&[&two], Outcome::Undeliverable),
        // A browser that certainly has no binding has no tokens.
        (&["Sec-Fetch-Site: same-origin"], Outcome::Released),
    ];
    let (server, notes) = serve(|config| {
        config.route("/out", web::post().to(plain_sign_out));
    });
    for (headers, expected) in cases {
        let response = Connection::open(server.address).request("POST", "/out", headers, b"");
        assert_eq!(response.all("set-cookie").len(), 1, "{headers:?}");
        assert_eq!(outcome(&notes.receipt()), expected, "{headers:?}");
    }
}

#[test]
fn a_token_of_the_same_response_is_younger_than_its_sign_out() {
    async fn both(pending: PendingCookies) -> HttpResponse {
        pending.sign_out().delete_cookie("session").push().unwrap();
        let cookies = pending.clone();
        pending.sse(stream! {
            cookies.set(SetCookie::new("guest", "1")).unwrap();
            yield Event::data("a guest");
        })
    }
    let (server, _) = serve(|config| {
        config.route("/", web::get().to(both));
    });
    // The clock stands still, so both are of one millisecond.
    let token = token_of(&get(&server, "/"));
    assert_eq!(post(server.address, &token, Some(R)).status, 204);
}

/// A store that takes its time, as one on the network does.
struct Slow(MemoryReplayStore);

impl ReplayStore for Slow {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        ClaimFuture::new(async move {
            let begun = std::time::Instant::now();
            std::future::poll_fn(|context| {
                if begun.elapsed() > Duration::from_millis(400) {
                    return std::task::Poll::Ready(());
                }
                let waker = context.waker().clone();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(20));
                    waker.wake();
                });
                std::task::Poll::Pending
            })
            .await;
            self.0.claim(claim).await
        })
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.0.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.0.horizon()
    }
}

#[test]
fn a_browser_that_leaves_while_the_barrier_is_raised_leaves_no_receipt_open() {
    let store = Slow(MemoryReplayStore::new(Clock::from_fn(|| at(NOW - 60_000))));
    let (server, notes) = serve_with(Some(Arc::new(store)), |config| {
        config.route("/plain", web::get().to(plain_sign_out));
    });
    let mut connection = Connection::open(server.address);
    let request = format!(
        "GET /plain HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n",
        cookie_header(1)
    );
    connection.send(request.as_bytes());
    let receipt = notes.receipt();
    connection.reset();
    assert_eq!(outcome(&receipt), Outcome::Undeliverable);
}

#[test]
fn nothing_waits_for_ever_even_where_it_waits_for_itself() {
    async fn handler(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
        let receipt = pending.batch().set(session()).push().unwrap();
        notes.take(Ok(receipt.clone()));
        HttpResponse::Ok().body(format!("{:?}", receipt.await))
    }
    async fn html(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
        let cookies = pending.clone();
        pending.html(stream! {
            let receipt = cookies.batch().set(session()).push().unwrap();
            notes.take(Ok(receipt.clone()));
            yield format!("{:?}", receipt.await);
        })
    }
    let (server, notes) = serve(|config| {
        config
            .route("/handler", web::get().to(handler))
            .route("/html", web::get().to(html));
    });
    for (n, path) in (1..).zip(["/handler", "/html"]) {
        let address = server.address;
        let answer = std::thread::spawn(move || {
            let mut connection = Connection::open(address);
            connection.request("GET", path, &[&cookie_header(1)], b"")
        });
        let receipt = notes.receipt();
        server.set_clock(NOW + n * 61_000);
        assert_eq!(outcome(&receipt), Outcome::Expired, "{path}");
        let answer = answer.join().unwrap();
        assert!(
            answer.body.starts_with("Expired"),
            "{path}: {}",
            answer.body
        );
    }
}

#[test]
fn what_was_sealed_in_time_lives_as_long_as_its_token() {
    async fn held(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
        let cookies = pending.clone();
        let (held, release) = futures_util::future::abortable(std::future::pending::<()>());
        rt::spawn(async move {
            rt::time::sleep(Duration::from_millis(200)).await;
            release.abort();
        });
        pending.html(stream! {
            notes.take(cookies.batch().set(session()).push());
            let _ = held.await;
            yield "<!doctype html>".to_owned();
        })
    }
    let (server, notes) = serve(|config| {
        config.route("/held", web::get().to(held));
    });
    // Pushed now, sealed half a minute later: the token's end counts, not the push's.
    let address = server.address;
    let answer = std::thread::spawn(move || {
        Connection::open(address).request("GET", "/held", &[&cookie_header(1)], b"")
    });
    let receipt = notes.receipt();
    server.set_clock(NOW + 30_000);
    let token = token_of(&answer.join().unwrap());
    server.set_clock(NOW + 70_000);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(receipt.outcome(), None);
    assert_eq!(post(server.address, &token, Some(R)).status, 204);
    assert_eq!(outcome(&receipt), Outcome::Released);
}

#[test]
fn the_second_token_of_an_idle_process_expires_too() {
    let (server, notes) = serve(signs);
    for n in 1..=2 {
        get(&server, "/sign-in");
        let receipt = notes.receipt();
        server.set_clock(NOW + n * 61_000);
        assert_eq!(outcome(&receipt), Outcome::Expired);
        // Long enough for the thread to find that nothing is left.
        std::thread::sleep(Duration::from_millis(600));
    }
}

/// A waker that panics, as somebody else's code may.
struct Bad;

impl std::task::Wake for Bad {
    fn wake(self: Arc<Self>) {
        panic!("on purpose");
    }
}

#[test]
fn one_that_waits_badly_stops_no_others() {
    use std::future::Future;
    let (server, notes) = serve(signs);
    get(&server, "/sign-in");
    let mut bad = std::pin::pin!(notes.receipt().settled());
    let waker = std::task::Waker::from(Arc::new(Bad));
    let mut context = std::task::Context::from_waker(&waker);
    assert!(bad.as_mut().poll(&mut context).is_pending());
    get(&server, "/sign-in");
    let receipt = notes.receipt();
    server.set_clock(NOW + 61_000);
    assert_eq!(outcome(&receipt), Outcome::Expired);
    get(&server, "/sign-in");
    let next = notes.receipt();
    server.set_clock(NOW + 200_000);
    assert_eq!(outcome(&next), Outcome::Expired);
}

#[test]
fn everyone_who_waits_hears_and_who_has_gone_is_forgotten() {
    use std::future::Future;
    struct Heard(std::sync::atomic::AtomicBool);
    impl std::task::Wake for Heard {
        fn wake(self: Arc<Self>) {
            self.0.store(true, std::sync::atomic::Ordering::SeqCst);
        }
    }
    let (server, notes) = serve(signs);
    let token = token_of(&get(&server, "/sign-in"));
    let receipt = notes.receipt();
    let heard: Vec<_> = (0..3).map(|_| Arc::new(Heard(false.into()))).collect();
    let mut waiting: Vec<_> = heard
        .iter()
        .map(|heard| {
            let mut settled = Box::pin(receipt.clone().settled());
            let waker = std::task::Waker::from(heard.clone());
            let mut context = std::task::Context::from_waker(&waker);
            assert!(settled.as_mut().poll(&mut context).is_pending());
            // A second look does not keep a second waker.
            assert!(settled.as_mut().poll(&mut context).is_pending());
            settled
        })
        .collect();
    assert_eq!(Arc::strong_count(&heard[1]), 2);
    drop(waiting.remove(1));
    assert_eq!(Arc::strong_count(&heard[1]), 1);
    assert_eq!(post(server.address, &token, Some(R)).status, 204);
    assert_eq!(outcome(&receipt), Outcome::Released);
    let heard: Vec<bool> = heard
        .iter()
        .map(|heard| heard.0.load(std::sync::atomic::Ordering::SeqCst))
        .collect();
    assert_eq!(heard, [true, false, true]);
}

#[test]
fn in_a_batch_the_later_operation_on_a_cookie_counts_and_an_action_stays() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            let batch = cookies.batch().delete_cookie("session").set(session());
            batch.reload().push().unwrap();
            cookies.set(SetCookie::new("theme", "dark")).unwrap();
            yield Event::data("both");
        })
    }
    let (server, _) = serve(|config| {
        config.route("/", web::get().to(events));
    });
    let token = token_of(&get(&server, "/"));
    let answer = post(server.address, &token, Some(R));
    assert_eq!(
        answer.all("set-cookie"),
        [
            SESSION_LINE,
            "theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax"
        ]
    );
    assert_eq!(answer.header("apply-cookies-then"), Some("reload"));
}

/// A store that cannot be reached.
struct Unreachable(MemoryReplayStore);

impl ReplayStore for Unreachable {
    fn claim(&self, _: Claim) -> ClaimFuture<'_> {
        ClaimFuture::ready(Err(StoreError::Unavailable("down".into())))
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.0.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.0.horizon()
    }
}

#[test]
fn a_sign_out_whose_barrier_fails_deletes_the_cookie_and_says_so() {
    let store = Unreachable(MemoryReplayStore::new(Clock::from_fn(|| at(NOW - 60_000))));
    let (server, notes) = serve_with(Some(Arc::new(store)), |config| {
        config.route("/plain", web::get().to(plain_sign_out));
    });
    let response = get(&server, "/plain");
    assert_eq!(response.status, 200);
    assert_eq!(response.all("set-cookie").len(), 1);
    assert_eq!(outcome(&notes.receipt()), Outcome::Undeliverable);
}

#[test]
fn an_action_comes_with_the_answer_and_not_with_the_frame() {
    async fn act(pending: PendingCookies, what: web::Path<String>) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            let batch = cookies.batch().set(session());
            match what.as_str() {
                "reconnect" => batch.reconnect(),
                "reload" => batch.reload(),
                // The later one counts.
                _ => batch.reload().go_to("/account?tab=1#top"),
            }
            .push()
            .unwrap();
            yield Event::data("done");
        })
    }
    let (server, _) = serve(|config| {
        config.route("/{what}", web::get().to(act));
    });
    for (path, header) in [
        ("/reconnect", "reconnect"),
        ("/reload", "reload"),
        ("/go", "go /account?tab=1#top"),
    ] {
        let response = get(&server, path);
        let token = token_of(&response);
        assert_eq!(
            response.body,
            format!("event: apply-cookies\ndata: {{\"token\":\"{token}\"}}\n\ndata: done\n\n")
        );
        let answer = post(server.address, &token, Some(R));
        assert_eq!(answer.header("apply-cookies-then"), Some(header));
        assert_eq!(post(server.address, &token, Some(R)), answer, "a retry");
    }
    let plain = token_with(support::SESSION, |_| {});
    let answer = post(server.address, &plain, Some(R));
    assert_eq!(answer.header("apply-cookies-then"), None);
}

#[test]
fn a_batch_is_queued_as_a_whole_or_not_at_all() {
    async fn batches(pending: PendingCookies, notes: Data<Notes>) -> HttpResponse {
        // Before the headers leave there is no token that an action could travel in.
        notes.take(pending.batch().set(session()).reload().push());
        let cookies = pending.clone();
        pending.sse(stream! {
            notes.states.lock().unwrap().push(cookies.state());
            for elsewhere in [
                "https://evil.example/",
                "//evil.example",
                "/\\evil.example",
                "/%2Fevil.example",
                "/a%5cb",
                "account",
                "",
                "/a b",
                "/\u{e9}",
                "/\r\nSet-Cookie: a=b",
            ] {
                notes.take(cookies.batch().set(session()).go_to(elsewhere).push());
            }
            notes.take(cookies.batch().set(session()).set(SetCookie::new("a b", "1")).push());
            // The first mistake counts.
            let two = cookies.batch().set(SetCookie::new("a b", "1")).go_to("elsewhere");
            notes.take(two.push());
            notes.take(cookies.batch().reload().push());
            notes.take(cookies.sign_out().push());
            yield Event::data("nothing was queued");
            cookies.close();
            notes.states.lock().unwrap().push(cookies.state());
        })
    }
    let (server, notes) = serve(|config| {
        config.route("/", web::get().to(batches));
    });
    let response = get(&server, "/");
    assert_eq!(response.body, "data: nothing was queued\n\n");
    assert!(response.all("set-cookie").is_empty());
    assert!(notes.receipts.lock().unwrap().is_empty());
    assert_eq!(notes.error(), PushError::Empty);
    assert_eq!(notes.error(), PushError::Empty);
    assert!(matches!(notes.error(), PushError::Invalid(_)));
    assert!(matches!(notes.error(), PushError::Invalid(_)));
    for _ in 0..10 {
        assert_eq!(notes.error(), PushError::Path);
    }
    assert_eq!(notes.error(), PushError::NoToken);
    assert_eq!(
        *notes.states.lock().unwrap(),
        [PendingState::Carried, PendingState::Closed]
    );
}
