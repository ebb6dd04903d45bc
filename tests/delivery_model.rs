//! Delivery against a model of ten lines: in whatever order tokens are minted, posted, lost,
//! retried, signed out and left to expire, and the program is restarted, the endpoint answers as
//! the model says.

mod support;

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::SET_COOKIE;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{self, Data, Query};
use actix_web::{App, Responder, rt};
use apply_cookies::{
    ApplyCookies, Clock, Event, Outcome, PendingCookies, Receipt, Secrets, SetCookie, testing,
};
use async_stream::stream;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::Deserialize;
use support::{NOW, ORIGIN, SECRET, at};

const SCHEDULES: u32 = 2_000;

/// Of every token, in milliseconds.
const LIFETIME: u64 = 60_000;

/// One step of a schedule. Token numbers count from the latest one, so that schedules that mint few
/// tokens still hit existing ones.
#[derive(Clone, Debug)]
enum Step {
    Mint {
        browser: u8,
        sign_out: bool,
    },
    /// By anyone, with any redemption id or none.
    Post {
        token: usize,
        browser: u8,
        r: Option<u8>,
    },
    /// As the client module does it, until an answer is not lost: with one redemption id.
    Deliver {
        token: usize,
        lost: usize,
    },
    Wait(u64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let browser = 1..=2_u8;
    let token = 0..4_usize;
    let wait = prop_oneof![
        4 => Just(1),
        2 => 2..200_u64,
        1 => Just(LIFETIME / 2),
        1 => Just(LIFETIME - 1),
        1 => Just(LIFETIME),
        // Long after: the store has forgotten.
        1 => Just(4 * LIFETIME),
    ];
    prop_oneof![
        6 => (browser.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(browser, a, b)| Step::Mint { browser, sign_out: a && b }),
        8 => (token.clone(), browser, proptest::option::weighted(0.8, 0..3_u8))
            .prop_map(|(token, browser, r)| Step::Post { token, browser, r }),
        4 => (token, 0..3_usize).prop_map(|(token, lost)| Step::Deliver { token, lost }),
        4 => wait.prop_map(Step::Wait),
        1 => Just(Step::Restart),
    ]
}

/// A token, and what the model knows about it.
struct Token {
    text: String,
    value: String,
    receipt: Receipt,
    browser: u8,
    barrier: bool,
    issued_at: u64,
    /// The run of the program that minted it.
    run: usize,
    /// Whether any POST of it was answered with its cookie.
    released: bool,
}

#[derive(Default)]
struct Model {
    run: usize,
    claims: HashMap<usize, Option<u8>>,
    barriers: HashMap<u8, (u64, usize)>,
}

impl Model {
    /// The right status for a POST: everything that SPEC §9.3 and §10 say about time and order.
    #[rustfmt::skip]
    fn answer(&mut self, id: usize, token: &Token, from: u8, r: Option<u8>, now: u64) -> u16 {
        let is_behind = |(at, by): &(u64, usize)| token.issued_at <= *at && id != *by;
        if now >= token.issued_at + LIFETIME { return 410; }
        if from != token.browser { return 403; }
        if token.run != self.run { return 410; }
        if self.barriers.get(&from).is_some_and(is_behind) { return 410; }
        if self.claims.get(&id).is_some_and(|first| r.is_none() || *first != r) { return 409; }
        self.claims.insert(id, r);
        if token.barrier { self.barriers.insert(from, (token.issued_at, id)); }
        204
    }
}

/// One run of the program, without the socket.
struct Program {
    receipts: Data<Mutex<Vec<Receipt>>>,
    handle: Box<dyn Fn(TestRequest) -> Answer>,
}

type Answer = Pin<Box<dyn Future<Output = ServiceResponse<BoxBody>>>>;

#[derive(Deserialize)]
struct Wanted {
    value: String,
    sign_out: bool,
}

async fn mint(
    pending: PendingCookies,
    wanted: Query<Wanted>,
    receipts: Data<Mutex<Vec<Receipt>>>,
) -> impl Responder {
    pending.sse(|cookies| {
        stream! {
            let batch = if wanted.sign_out { cookies.sign_out() } else { cookies.batch() };
            let receipt = batch.set(SetCookie::new("session", &*wanted.value)).push().unwrap();
            receipts.lock().unwrap().push(receipt);
            yield Event::data("minted");
        }
    })
}

impl Program {
    /// With the one secret that a deployment keeps, and a store that remembers nothing yet.
    async fn start(clock: Clock) -> Self {
        let cookies = ApplyCookies::builder(Secrets::new(SECRET).unwrap())
            .origin(ORIGIN)
            .lifetime(Duration::from_millis(LIFETIME))
            .clock(clock)
            .build()
            .unwrap();
        let receipts = Data::new(Mutex::new(Vec::new()));
        let app = App::new()
            .wrap(cookies.middleware())
            .app_data(receipts.clone())
            .route("/mint", web::get().to(mint));
        let app = Rc::new(init_service(app).await);
        Self {
            receipts,
            handle: Box::new(move |request| {
                let app = app.clone();
                Box::pin(async move {
                    call_service(&app, request.to_request())
                        .await
                        .map_into_boxed_body()
                })
            }),
        }
    }

    async fn mint(&self, browser: u8, value: &str, sign_out: bool) -> (String, Receipt) {
        let uri = format!("/mint?value={value}&sign_out={sign_out}");
        let request = TestRequest::get().uri(&uri).insert_header(cookie(browser));
        let body = read_body((self.handle)(request).await).await;
        let body = String::from_utf8(body.to_vec()).unwrap();
        let [token] = testing::tokens(&body)[..] else {
            panic!("no token: {body}");
        };
        let receipt = self.receipts.lock().unwrap().pop().unwrap();
        (token.to_owned(), receipt)
    }

    /// The status, and the values of the `Set-Cookie` lines.
    async fn post(&self, from: u8, token: &str, r: Option<u8>) -> (u16, Vec<String>) {
        let mut form = vec![("t", token.to_owned())];
        form.extend(r.map(|r| ("r", format!("{r:022}"))));
        let request = TestRequest::post()
            .uri("/__apply-cookies")
            .insert_header(("origin", ORIGIN))
            .insert_header(cookie(from))
            .set_form(form);
        let answer = (self.handle)(request).await;
        let lines = answer.headers().get_all(SET_COOKIE);
        let lines = lines
            .map(|line| line.to_str().unwrap().to_owned())
            .collect();
        (answer.status().as_u16(), lines)
    }
}

fn cookie(browser: u8) -> (&'static str, String) {
    (
        "cookie",
        format!(
            "__Host-apply-cookies={}",
            support::browser(browser).to_text()
        ),
    )
}

/// A schedule under way, on both sides.
struct Run {
    model: Model,
    program: Program,
    clock: Clock,
    hands: Arc<AtomicU64>,
    tokens: Vec<Token>,
    tally: BTreeMap<u16, usize>,
}

impl Run {
    async fn start() -> Self {
        let hands = Arc::new(AtomicU64::new(NOW));
        let read = hands.clone();
        let clock = Clock::from_fn(move || at(read.load(Ordering::SeqCst)));
        Self {
            model: Model::default(),
            program: Program::start(clock.clone()).await,
            clock,
            hands,
            tokens: Vec::new(),
            tally: BTreeMap::new(),
        }
    }

    fn now(&self) -> u64 {
        self.hands.load(Ordering::SeqCst)
    }

    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Mint { browser, sign_out } => {
                let value = format!("of-token-{}", self.tokens.len());
                let (text, receipt) = self.program.mint(browser, &value, sign_out).await;
                self.tokens.push(Token {
                    text,
                    value,
                    receipt,
                    browser,
                    barrier: sign_out,
                    issued_at: self.now(),
                    run: self.model.run,
                    released: false,
                });
            }
            Step::Post { token, browser, r } => {
                if let Some(id) = self.tokens.len().checked_sub(token + 1) {
                    self.post(id, browser, r).await;
                }
            }
            Step::Deliver { token, lost } => {
                if let Some(id) = self.tokens.len().checked_sub(token + 1) {
                    let from = self.tokens[id].browser;
                    // Every answer except the last is lost. To the client they look the same.
                    let heard = self.post(id, from, CLIENTS_OWN).await;
                    for _ in 0..lost {
                        self.hands.fetch_add(1, Ordering::SeqCst);
                        let again = self.post(id, from, CLIENTS_OWN).await;
                        // It may have expired meanwhile. Nothing else changes for a retry.
                        assert!(again == heard || again == 410);
                    }
                }
            }
            Step::Wait(millis) => {
                self.hands.fetch_add(millis, Ordering::SeqCst);
            }
            Step::Restart => {
                self.program = Program::start(self.clock.clone()).await;
                self.model = Model {
                    run: self.model.run + 1,
                    ..Model::default()
                };
            }
        }
    }

    /// Posts on both sides and compares: the status, the lines, and what the receipt says.
    async fn post(&mut self, id: usize, from: u8, r: Option<u8>) -> u16 {
        let now = self.now();
        let token = &mut self.tokens[id];
        let expected = self.model.answer(id, token, from, r, now);
        let (status, lines) = self.program.post(from, &token.text, r).await;
        assert_eq!(status, expected, "token {id} from browser {from}");
        let line = format!(
            "session={}; Path=/; Secure; HttpOnly; SameSite=Lax",
            token.value
        );
        let released = if status == 204 {
            vec![line]
        } else {
            Vec::new()
        };
        assert_eq!(lines, released);
        token.released |= status == 204;
        *self.tally.entry(status).or_default() += 1;
        status
    }

    /// At the end every receipt is right, or still has time.
    fn check_receipts(&self) {
        for token in &self.tokens {
            let over = self.now() >= token.issued_at + LIFETIME || token.run != self.model.run;
            match token.receipt.outcome() {
                Some(Outcome::Released) => assert!(token.released),
                Some(Outcome::Expired) => assert!(!token.released && over),
                None => assert!(!token.released),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// The redemption id that the client has drawn for the token; others are a thief's.
const CLIENTS_OWN: Option<u8> = Some(0);

#[test]
fn the_endpoint_answers_as_ten_lines_say() {
    let tally = Mutex::new(BTreeMap::<u16, usize>::new());
    let system = rt::System::new();
    let config = Config {
        cases: SCHEDULES,
        failure_persistence: None,
        ..Config::default()
    };
    let schedules = proptest::collection::vec(step(), 1..40);
    let result = TestRunner::new(config).run(&schedules, |schedule| {
        system.block_on(async {
            let mut run = Run::start().await;
            for step in &schedule {
                run.take(step).await;
            }
            run.check_receipts();
            let mut tally = tally.lock().unwrap();
            for (status, number) in run.tally {
                *tally.entry(status).or_default() += number;
            }
        });
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let tally = tally.into_inner().unwrap();
    println!("{SCHEDULES} schedules; answers: {tally:?}");
    // Each answer was seen often, or the schedules test less than they seem to.
    for status in [204, 403, 409, 410] {
        assert!(tally[&status] > 500, "{tally:?}");
    }
}
