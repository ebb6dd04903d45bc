//! Two processes of one app that share revocations in Redis or in Postgres: who signs out at one is
//! signed out at the other.
//!
//! `APPLY_COOKIES_FAULTS=full` sets the full counts; `scripts/faults` sets it.

#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "../../auth/tests/acceptance/harness/browser.rs"]
mod browser;
#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "../../auth/tests/acceptance/harness/people.rs"]
mod people;
#[path = "../../replay/tests/support/servers/mod.rs"]
mod servers;
mod support;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use actix_web::{App, HttpServer, rt, web};
use apply_cookies::replay::{
    Clock, MemoryRevocations, PostgresRevocations, RedisRevocations, Revocations,
};
use apply_cookies::{ApplyCookies, Event, PendingCookies, Secrets, Sse, Streamed};
use apply_cookies_auth::{Account, AccountFuture, AccountSource, Accounts, Auth, Identity};
use async_stream::stream;
use browser::{Browser, Events};
use futures_util::Stream;
use people::{ADA, People, Table};
use servers::{Postgres, Redis, wait_until};
use support::http::Connection;
use support::{ORIGIN, SECRET};

/// Far longer than a message takes, or the poll of two seconds, and the ten of silence.
const SOON: Duration = Duration::from_secs(8);

/// The count of a short run, and that of a full one.
fn count(short: usize, full: usize) -> usize {
    match std::env::var("APPLY_COOKIES_FAULTS").as_deref() {
        Ok("full") => full,
        _ => short,
    }
}

type Watching = Streamed<Pin<Box<dyn Stream<Item = Event> + Send>>, Sse>;

/// Says so when the session has ended.
async fn watch(who: Identity, pending: PendingCookies) -> Watching {
    pending.sse(|_| -> Pin<Box<dyn Stream<Item = Event> + Send>> {
        Box::pin(stream! {
            yield Event::data("watching");
            yield Event::data(format!("ended: {:?}", who.ended().await));
        })
    })
}

/// Whoever has Ada's password, under whatever name: one person alone may not sign in so often.
struct Everybody(Table);

impl AccountSource for Everybody {
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>> {
        Box::pin(async move {
            let ada = self.0.find(ADA.0).await?;
            Ok(ada.map(|ada| Account::new(name, ada.hash)))
        })
    }
}

/// Serves the app until the process ends.
fn serve(secret: &str, revocations: Arc<dyn Revocations>) -> SocketAddr {
    let cookies = ApplyCookies::builder(Secrets::new(secret).unwrap()).origin(ORIGIN);
    let auth = Auth::builder(&cookies.build().unwrap())
        .passwords(Accounts::from_source(Everybody(Table(People::new()))))
        .revocations(revocations)
        .build()
        .unwrap();
    let (started, starting) = mpsc::channel();
    std::thread::spawn(move || {
        rt::System::new().block_on(async move {
            let server = HttpServer::new(move || {
                App::new()
                    .route(
                        "/app",
                        web::to(|who: Identity| async move { who.subject().to_owned() }),
                    )
                    .route("/watch", web::to(watch))
                    .wrap(auth.middleware())
                    .wrap(auth.cookies().middleware())
            })
            .workers(2)
            .bind(("127.0.0.1", 0))
            .unwrap();
            started.send(server.addrs()[0]).unwrap();
            server.run().await.unwrap();
        });
    });
    starting.recv().unwrap()
}

/// Also the program that the other tests start twice: an app that serves until its input ends.
#[test]
fn an_app_lets_in_who_has_signed_in() {
    let Ok(url) = std::env::var("REVOCATIONS") else {
        let address = serve(&SECRET, Arc::new(MemoryRevocations::new(Clock::system())));
        let mut browser = Browser::new(address);
        assert!(!browser.is_in());
        browser.sign_in(ADA.0, ADA.1);
        assert!(browser.is_in());
        return;
    };
    let store: Arc<dyn Revocations> = if url.starts_with("redis") {
        Arc::new(RedisRevocations::new(&url, Clock::system()).unwrap())
    } else {
        Arc::new(PostgresRevocations::new(&url, Clock::system()).unwrap())
    };
    let address = serve(&std::env::var("SECRET").unwrap(), store);
    println!("listening {address}");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// A process of the app. It ends with its value, and with this process at the latest.
struct Process(Child, SocketAddr);

impl Process {
    fn start(url: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "an_app_lets_in_who_has_signed_in", "--nocapture"])
            .env("REVOCATIONS", url)
            .env("SECRET", &*SECRET)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The harness's own words may be in front.
        let address = loop {
            let line = lines.next().expect("it listens").unwrap();
            if let Some((_, address)) = line.split_once("listening ") {
                break address.parse().unwrap();
            }
        };
        Self(child, address)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The same browser, at another process.
fn at(process: &Process, browser: &Browser) -> Browser {
    let mut browser = browser.clone();
    browser.address = process.1;
    browser
}

fn signed_in(process: &Process) -> Browser {
    static PEOPLE: AtomicUsize = AtomicUsize::new(0);
    let name = format!("ada-{}", PEOPLE.fetch_add(1, Ordering::Relaxed) % 199);
    let mut browser = Browser::new(process.1);
    let answer = browser.sign_in(&name, ADA.1);
    assert_eq!(answer.status, 303, "{}", answer.body);
    browser
}

/// Two processes, once a session that begins at one is known at the other.
fn two(url: &str) -> [Process; 2] {
    let both = [(); 2].map(|()| Process::start(url));
    wait_until("known", || {
        let answer = Browser::new(both[0].1).sign_in(ADA.0, ADA.1);
        let is_known = || at(&both[1], &signed_in(&both[0])).is_in();
        (answer.status == 303 && is_known()).then_some(())
    });
    both
}

fn watching(browser: &mut Browser) -> Events {
    let mut stream = browser.open("/watch");
    assert_eq!(browser.next(&mut stream).unwrap(), "watching");
    stream
}

fn is_heard_of(name: &str, both: &[Process; 2]) {
    let mut waits = Vec::new();
    for n in 0..count(20, 200) {
        let [one, other] = [n % 2, 1 - n % 2].map(|n| &both[n]);
        let mut browser = signed_in(one);
        let mut elsewhere = at(other, &browser);
        let mut stream = watching(&mut elsewhere);
        assert_eq!(browser.sign_out().status, 200);
        let begun = Instant::now();
        assert!(!elsewhere.is_in(), "the very next request");
        assert_eq!(elsewhere.next(&mut stream).unwrap(), "ended: Revoked");
        waits.push(begun.elapsed());
    }
    waits.sort_unstable();
    let last = waits.len() - 1;
    let at = |percent: usize| waits[last * percent / 100].as_secs_f64() * 1e3;
    println!(
        "table: {name}: sign-outs at another process, {} times | the next request refused each time, ended() {:.1} ms after the answer (median), {:.1} ms at most",
        waits.len(),
        at(50),
        at(100),
    );
    assert!(waits[last] < SOON, "neither a message nor the poll");
}

fn serves_nobody_afterwards(name: &str, both: &[Process; 2]) {
    let turns = count(500, 10_000);
    let mut connections = both.each_ref().map(|one| Connection::open(one.1));
    let (mut before, mut after) = (0, 0);
    let begun = Instant::now();
    for n in 0..turns {
        let (one, other) = (n % 2, 1 - n % 2);
        let mut browser = signed_in(&both[one]);
        let mut is_served = |browser: &mut Browser, at: usize| {
            let answer = browser.ask_on(&mut connections[at], "GET", "/app", &[], "");
            assert!(matches!(answer.status, 200 | 401), "{}", answer.status);
            usize::from(answer.status == 200)
        };
        before += is_served(&mut browser, other);
        let mut leaving = browser.clone();
        let answer = leaving.fetch_post("/auth/sign-out", "");
        assert_eq!(answer.status, 204);
        after += is_served(&mut browser, other) + is_served(&mut browser, one);
    }
    println!(
        "table: {name}: {turns} sign-outs in turn at two processes | {before} requests served before, {after} of {} afterwards, in {:.0} s",
        2 * turns,
        begun.elapsed().as_secs_f64()
    );
    assert_eq!((before, after), (turns, 0));
}

/// Nobody passes while the store is away, and streams end.
fn is_silent(name: &str, both: &[Process; 2], stop: impl FnOnce()) {
    let mut browser = signed_in(&both[0]);
    let mut elsewhere = at(&both[1], &browser);
    let mut stream = watching(&mut elsewhere);
    stop();
    let begun = Instant::now();
    for browser in [&mut browser, &mut elsewhere] {
        let refused = browser.fetch("/app");
        assert_eq!((refused.status, &*refused.problem()), (503, "unavailable"));
    }
    assert_eq!(browser.sign_out().status, 503);
    assert_eq!(elsewhere.next(&mut stream).unwrap(), "ended: Unknown");
    let silent = begun.elapsed();
    println!(
        "table: {name}: the store is away | requests 503, ended() after {:.1} s",
        silent.as_secs_f64()
    );
    assert!(silent < SOON + Duration::from_secs(10));
}

#[test]
fn two_processes_share_sign_outs_in_redis() {
    let mut redis = Redis::start(&[]);
    let both = two(&redis.url());
    is_heard_of("Redis", &both);
    serves_nobody_afterwards("Redis", &both);
    let mut stays = signed_in(&both[0]);
    is_silent("Redis", &both, || redis.kill());
    redis.restart();
    wait_until("answers", || {
        (stays.fetch("/app").status != 503).then_some(())
    });
    assert!(!stays.is_in(), "a restart signs everybody out");
}

#[test]
fn two_processes_share_sign_outs_in_postgres() {
    let mut postgres = Postgres::start(&[]);
    let both = two(&postgres.url());
    is_heard_of("Postgres", &both);
    serves_nobody_afterwards("Postgres", &both);
    let mut stays = signed_in(&both[0]);
    is_silent("Postgres", &both, || postgres.kill());
    postgres.restart();
    wait_until("answers", || {
        (stays.fetch("/app").status != 503).then_some(())
    });
    assert!(stays.is_in(), "a restart signs nobody out");
}
