//! Sessions that are held open for a while. Time is paused, and passes when everybody waits.

use std::sync::Mutex;
use std::sync::Weak;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use apply_cookies::replay::{
    HorizonFuture, MomentFuture, Revocation, RevocationListener, Revocations, StandingFuture,
    StandingsFuture, StoreFuture,
};
use apply_cookies::web::{Asked, Exchange};
use apply_cookies::{ApplyCookies, Clock, Secrets};
use http::HeaderMap;
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::AccountsUnavailable;
use crate::account::{AccountFuture, AccountSource, Accounts, PasswordHash};

const SECOND: Duration = Duration::from_secs(1);

/// A store that other processes share.
#[derive(Default)]
struct Shared {
    is_down: AtomicBool,
    is_revoked: AtomicBool,
    /// How often many sessions were asked about at once.
    asked: AtomicUsize,
}

impl Shared {
    fn standing(&self) -> Result<Standing, StoreError> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("down".into()));
        }
        Ok(if self.is_revoked.load(Ordering::SeqCst) {
            Standing::Revoked
        } else {
            Standing::Valid
        })
    }
}

impl Revocations for Shared {
    fn now(&self) -> MomentFuture<'_> {
        StoreFuture::ready(Ok(UnixMillis::EPOCH))
    }

    fn revoke(&self, _: Revocation) -> MomentFuture<'_> {
        StoreFuture::ready(Ok(UnixMillis::EPOCH))
    }

    fn check(&self, _: SessionCheck) -> StandingFuture<'_> {
        StoreFuture::ready(self.standing())
    }

    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        StoreFuture::ready(self.standing().map(|one| vec![one; sessions.len()]))
    }

    fn listen(&self, _: Weak<dyn RevocationListener>) {}

    fn horizon(&self) -> HorizonFuture<'_> {
        StoreFuture::ready(Ok(UnixMillis::EPOCH))
    }
}

/// Accounts whose passwords a test changes.
struct Table {
    accounts: Mutex<HashMap<&'static str, PasswordHash>>,
    asked: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    is_away: AtomicBool,
}

impl AccountSource for Arc<Table> {
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
            sleep(Duration::from_millis(100)).await;
            self.at_once.fetch_sub(1, Ordering::SeqCst);
            if self.is_away.load(Ordering::SeqCst) {
                return Err(AccountsUnavailable::new("away"));
            }
            let hash = self.accounts.lock().unwrap().get(name).cloned();
            Ok(hash.map(|hash| Account::new(name, hash)))
        })
    }
}

/// Nobody proves a password here.
fn hash(salt: &str) -> PasswordHash {
    let hash = "00".repeat(64);
    PasswordHash::parse(&format!("scrypt:128:1:1${salt}${hash}")).unwrap()
}

struct Site {
    auth: Auth,
    store: Arc<Shared>,
    table: Arc<Table>,
}

impl Site {
    fn new(settings: impl FnOnce(crate::AuthBuilder) -> crate::AuthBuilder) -> Self {
        let (start, real) = (Instant::now(), Clock::system().now());
        let passed = move || u64::try_from(start.elapsed().as_millis()).unwrap();
        let cookies = ApplyCookies::builder(Secrets::random())
            .origin("https://app.example")
            .clock(Clock::from_fn(move || real.plus(passed())));
        let cookies = cookies.build().unwrap();
        let store = Arc::<Shared>::default();
        let table = Arc::new(Table {
            accounts: Mutex::new([("ada", hash("first")), ("bob", hash("first"))].into()),
            asked: AtomicUsize::new(0),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            is_away: AtomicBool::new(false),
        });
        let builder = Auth::builder(&cookies)
            .revocations(store.clone())
            .passwords(Accounts::from_source(table.clone()));
        let auth = settings(builder).build().unwrap();
        Self { auth, store, table }
    }

    fn request(&self) -> Exchange {
        let fields = &HeaderMap::new();
        let asked = Asked {
            method: "GET",
            path: "/",
            fields,
        };
        Exchange::begin(self.auth.cookies(), asked)
    }

    /// The identity in a request of somebody who has signed in, and the request.
    async fn request_of(&self, name: &str) -> (Identity, Exchange) {
        let (parts, request) = (&self.auth.0, self.request());
        let slot = request.slot();
        let hash = self.table.accounts.lock().unwrap().get(name).cloned();
        let credential = hash.map(|hash| hash.credential(&parts.credentials));
        let who = Identity::new(PASSWORD, name).unwrap().proved_by(Evidence {
            since: Some(parts.now()),
            credential,
        });
        self.auth
            .sign_in(&slot.pending(), who)
            .push()
            .await
            .unwrap();
        let session = parts.session_of(&slot.pending()).unwrap();
        let check = session.check(&parts.person_keys);
        (self.auth.hold(session, &check, &slot).0, request)
    }
}

/// How many seconds it takes.
async fn seconds(of: impl Future) -> u64 {
    let begun = Instant::now();
    of.await;
    begun.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn after_ten_silent_seconds_of_the_store_nobody_knows_whether_a_session_is_over() {
    let site = Site::new(|auth| auth);
    let (who, _slot) = site.request_of("ada").await;
    // Nine are not enough.
    site.store.is_down.store(true, Ordering::SeqCst);
    assert!(timeout(9 * SECOND, who.ended()).await.is_err());
    site.store.is_down.store(false, Ordering::SeqCst);
    assert!(timeout(60 * SECOND, who.ended()).await.is_err());
    site.store.is_down.store(true, Ordering::SeqCst);
    let took = seconds(async { assert_eq!(who.ended().await, Ended::Unknown) }).await;
    assert!((8..=12).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_anew_at_every_message_hears_of_the_silence_too() {
    let site = Site::new(|auth| auth);
    let (who, _slot) = site.request_of("ada").await;
    assert!(timeout(SECOND, who.ended()).await.is_err());
    site.store.is_down.store(true, Ordering::SeqCst);
    let waits = async { while timeout(SECOND, who.ended()).await != Ok(Ended::Unknown) {} };
    let took = seconds(timeout(60 * SECOND, waits)).await;
    assert!((8..=12).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_in_another_process_is_heard_of_and_one_question_is_for_all_streams() {
    let site = Site::new(|auth| auth);
    let mut streams = Vec::new();
    for _ in 0..100 {
        let (who, request) = site.request_of("ada").await;
        streams.push((tokio::spawn(async move { who.ended().await }), request));
    }
    sleep(20 * SECOND).await;
    let asked = site.store.asked.load(Ordering::SeqCst);
    assert!((8..=12).contains(&asked), "{asked}");
    site.store.is_revoked.store(true, Ordering::SeqCst);
    let all = async {
        for (stream, _) in streams {
            assert_eq!(stream.await.unwrap(), Ended::Revoked);
        }
    };
    assert!(seconds(all).await <= 4);
    assert!(site.auth.0.watch.all().is_empty(), "nothing is left behind");
}

#[tokio::test(start_paused = true)]
async fn another_password_or_no_account_ends_open_streams_and_each_account_is_asked_for_once() {
    let site = Site::new(|auth| auth);
    let mut streams = Vec::new();
    for name in ["ada", "ada", "ada", "bob"] {
        let (who, request) = site.request_of(name).await;
        streams.push((tokio::spawn(async move { who.ended().await }), request));
    }
    sleep(24 * SECOND).await;
    let asked = site.table.asked.load(Ordering::SeqCst);
    assert!(
        (8..=14).contains(&asked),
        "two accounts each four seconds: {asked}"
    );
    assert_eq!(site.table.most_at_once.load(Ordering::SeqCst), 1);
    site.table.is_away.store(true, Ordering::SeqCst);
    site.table
        .accounts
        .lock()
        .unwrap()
        .insert("ada", hash("second"));
    sleep(30 * SECOND).await;
    assert!(streams.iter().all(|(stream, _)| !stream.is_finished()));
    site.table.is_away.store(false, Ordering::SeqCst);
    sleep(7 * SECOND).await;
    let finished: Vec<_> = streams.iter().map(|(one, _)| one.is_finished()).collect();
    assert_eq!(finished, [true, true, true, false]);
    site.table.accounts.lock().unwrap().remove("bob");
    let (bob, _slot) = streams.pop().unwrap();
    assert_eq!(
        timeout(7 * SECOND, bob).await.unwrap().unwrap(),
        Ended::Revoked
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_the_idle_end_of_the_cookie_unless_it_is_written_anew() {
    let minute = 60 * SECOND;
    let site = Site::new(|auth| auth.idle(10 * minute));
    let (unused, _unused) = site.request_of("ada").await;
    let (kept, request) = site.request_of("ada").await;
    let waits = async { assert_eq!(unused.ended().await, Ended::Expired) };
    assert_eq!(seconds(waits).await, 600);
    let (used, other) = site.request_of("bob").await;
    let stream = tokio::spawn({
        let kept = kept.clone();
        async move { kept.ended().await }
    });
    // The cookie of the first request is over by now.
    assert_eq!(
        timeout(SECOND, stream).await.unwrap().unwrap(),
        Ended::Expired
    );
    drop((kept, request));
    let stream = tokio::spawn(async move { used.ended().await });
    for _ in 0..5 {
        sleep(9 * minute).await;
        // As another request of the browser, or the stream itself.
        site.auth
            .keep(&other.slot().pending())
            .push()
            .await
            .unwrap();
    }
    assert!(!stream.is_finished());
    let begun = Instant::now();
    assert_eq!(stream.await.unwrap(), Ended::Expired);
    assert_eq!(begun.elapsed().as_secs(), 600);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_the_same_response_has_written_counts() {
    let site = Site::new(|auth| auth.idle(60 * SECOND));
    let (who, request) = site.request_of("ada").await;
    sleep(50 * SECOND).await;
    site.auth
        .keep(&request.slot().pending())
        .push()
        .await
        .unwrap();
    assert_eq!(seconds(who.ended()).await, 60);
}

#[tokio::test]
async fn a_session_of_development_counts_nowhere_else_even_under_the_same_secret() {
    let site = Site::new(|auth| auth);
    let (request, who) = (site.request(), Identity::new("badges", "eve").unwrap());
    let who = who.proved_by(Evidence {
        since: Some(site.auth.0.now()),
        credential: None,
    });
    let pending = request.slot().pending();
    site.auth.sign_in(&pending, who).push().await.unwrap();
    let mut session = site.auth.0.session_of(&pending).unwrap();
    assert!(site.auth.0.judge(&mut session).await.unwrap().is_some());
    session.who = Identity::new(DEV, "eve").unwrap();
    assert!(site.auth.0.judge(&mut session).await.unwrap().is_none());
    // Nor can an app begin one under a name of this crate.
    for provider in [DEV, ACCESS_TOKEN] {
        let who = Identity::new(provider, "eve").unwrap();
        assert!(site.auth.sign_in(&pending, who).push().await.is_err());
    }
}

struct Hangs(Arc<Table>);

impl AccountSource for Hangs {
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>> {
        if name == "bob" && self.0.is_away.load(Ordering::SeqCst) {
            return Box::pin(std::future::pending());
        }
        Box::pin(async move {
            let hash = self.0.accounts.lock().unwrap().get(name).cloned();
            Ok(hash.map(|hash| Account::new(name, hash)))
        })
    }
}

/// One look-up that never answers, as on a connection that has silently gone.
#[tokio::test(start_paused = true)]
async fn one_account_that_hangs_holds_up_no_other() {
    let table = Site::new(|auth| auth).table;
    let hangs = Accounts::from_source(Hangs(table.clone()));
    let mut site = Site::new(|auth| auth.passwords(hangs));
    site.table = table.clone();
    let (ada, _ada) = site.request_of("ada").await;
    let (bob, _bob) = site.request_of("bob").await;
    let ada = tokio::spawn(async move { ada.ended().await });
    let bob = tokio::spawn(async move { bob.ended().await });
    sleep(6 * SECOND).await;
    table.is_away.store(true, Ordering::SeqCst);
    // Long enough for a round to hang.
    sleep(20 * SECOND).await;
    table.is_away.store(false, Ordering::SeqCst);
    // The database answers again.
    table.accounts.lock().unwrap().remove("ada");
    table.accounts.lock().unwrap().remove("bob");
    let heard = timeout(3600 * SECOND, ada).await;
    assert!(heard.is_ok(), "the account went an hour ago");
    assert!(timeout(3600 * SECOND, bob).await.is_ok());
}

struct Stuck {
    shared: Shared,
    is_stuck: AtomicBool,
}

impl Revocations for Stuck {
    fn now(&self) -> MomentFuture<'_> {
        self.shared.now()
    }

    fn revoke(&self, revocation: Revocation) -> MomentFuture<'_> {
        self.shared.revoke(revocation)
    }

    fn check(&self, session: SessionCheck) -> StandingFuture<'_> {
        self.shared.check(session)
    }

    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_> {
        if self.is_stuck.load(Ordering::SeqCst) {
            return StoreFuture::new(std::future::pending());
        }
        self.shared.check_all(sessions)
    }

    fn listen(&self, _: Weak<dyn RevocationListener>) {}

    fn horizon(&self) -> HorizonFuture<'_> {
        self.shared.horizon()
    }
}

/// One question that the store never answers.
#[tokio::test(start_paused = true)]
async fn one_question_that_hangs_ends_no_later_stream() {
    let store = Arc::new(Stuck {
        shared: Shared::default(),
        is_stuck: AtomicBool::new(false),
    });
    let site = Site::new(|auth| auth.revocations(store.clone()));
    let (who, _who) = site.request_of("ada").await;
    let who = tokio::spawn(async move { who.ended().await });
    sleep(5 * SECOND).await;
    store.is_stuck.store(true, Ordering::SeqCst);
    assert_eq!(
        timeout(60 * SECOND, who).await.unwrap().unwrap(),
        Ended::Unknown
    );
    store.is_stuck.store(false, Ordering::SeqCst);
    // An hour later, with a store that answers.
    sleep(3600 * SECOND).await;
    let (who, _who) = site.request_of("ada").await;
    let later = timeout(60 * SECOND, who.ended()).await;
    assert!(later.is_err(), "{later:?}");
}

/// An app that makes the identity of an account itself, as after a link by mail.
#[tokio::test]
async fn a_session_of_an_account_ends_with_the_account_whoever_has_made_it() {
    let site = Site::new(|auth| auth);
    let (request, who) = (site.request(), Identity::new(PASSWORD, "ada").unwrap());
    let who = who.proved_by(Evidence {
        since: Some(site.auth.0.now()),
        credential: None,
    });
    let pending = request.slot().pending();
    site.auth
        .sign_in(&pending, who.with_roles(["admin"]))
        .push()
        .await
        .unwrap();
    let mut session = site.auth.0.session_of(&pending).unwrap();
    site.table.accounts.lock().unwrap().remove("ada");
    let stands = site.auth.0.judge(&mut session).await.unwrap();
    assert!(stands.is_none(), "the account is gone");
}
