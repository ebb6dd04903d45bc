//! Names and passwords under attack, on a clock that the test sets.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use apply_cookies::protocol::Purpose;
use apply_cookies::{ApplyCookies, Clock, Secrets, UnixMillis};
use futures_util::future::join_all;

use super::*;
use crate::credential::CredentialKeys;
use crate::password::Password;
use crate::refusal::{Refusal, RefusalCode};
use crate::throttle::{Subject, Throttle};

/// Counts verifications, and the memory of those that run.
#[derive(Clone, Default)]
pub(super) struct Meter(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    verified: BTreeMap<Parameters, u64>,
    memory: usize,
    most_memory: usize,
}

/// A verification that runs until this is dropped.
pub(super) struct Metered(Meter, usize);

impl Meter {
    pub(super) fn begin(&self, parameters: Parameters) -> Metered {
        let (memory, mut counts) = (parameters.memory(), self.0.lock().unwrap());
        *counts.verified.entry(parameters).or_insert(0) += 1;
        counts.memory += memory;
        counts.most_memory = counts.most_memory.max(counts.memory);
        Metered(self.clone(), memory)
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().memory -= self.1;
    }
}

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

/// Made by werkzeug, of `correct horse`.
const CHEAP: &str = "scrypt:128:1:1$XfsFaPWPasREYMVh$aa392a1293b1db65b0687476107af752f68462480bbb547fcfa55b697df293f7818c742ae587473c12b2037154c84a34ba99b8a216a7b13bb9836c11d1db0b8e";
/// The same, at the cost that werkzeug takes by itself.
const USUAL: &str = "scrypt:32768:8:1$0GaOttEpzLkdevl8$c26a6d2c5ca8c02e57eee8b43c909f542b8737051616511fa1827ca8c6f3cc671382a11ee8380825477fc45a916175af8495d9e37a9e340e9e5db666131e30b7";
/// Of another cost.
const PBKDF2: &str = "pbkdf2:sha256:20$OYyA79wnE3dGH9jp$37cbfb55438d6d50bb21d8a76a6a7fa188d98be62f3cc5ad5b97e2e747cabdac";
/// By argon2-cffi, at less than the cost of new hashes.
const ARGON2: &str =
    "$argon2id$v=19$m=8,t=1,p=1$+vC8hjMcd8hlGOLZ8dwK2g$9qebgPe2L13yRDEJYqiAMBS77Pcc0c2jLqlXE0P1OWs";

/// Accounts of a test, and what was kept of them.
struct Table {
    accounts: Arc<Mutex<BTreeMap<String, Account>>>,
    kept: Arc<Mutex<Vec<(String, PasswordHash)>>>,
    is_away: Arc<AtomicBool>,
}

impl AccountSource for Table {
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>> {
        let found = if self.is_away.load(Ordering::Relaxed) {
            Err(AccountsUnavailable::new("away"))
        } else {
            Ok(self.accounts.lock().unwrap().get(name).cloned())
        };
        Box::pin(std::future::ready(found))
    }

    fn crowd(&self) -> Crowd {
        let accounts = self.accounts.lock().unwrap();
        (accounts.values().map(|account| account.hash.parameters())).collect()
    }

    fn keeps_hashes(&self) -> bool {
        true
    }

    fn keep_hash<'a>(
        &'a self,
        account: &'a Account,
        new: &'a PasswordHash,
    ) -> AccountFuture<'a, ()> {
        let mut kept = self.kept.lock().unwrap();
        kept.push((account.name.clone(), new.clone()));
        if let Some(stored) = self.accounts.lock().unwrap().get_mut(&account.name) {
            stored.hash = new.clone();
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

struct Rig {
    passwords: Passwords,
    now: Arc<AtomicU64>,
    accounts: Arc<Mutex<BTreeMap<String, Account>>>,
    kept: Arc<Mutex<Vec<(String, PasswordHash)>>>,
    is_away: Arc<AtomicBool>,
}

impl Rig {
    fn new<'a>(accounts: impl IntoIterator<Item = (String, &'a str)>) -> Self {
        let now = Arc::new(AtomicU64::new(1_795_000_000_000));
        let kept = Arc::default();
        let is_away = Arc::default();
        let account = |(name, hash): (String, &str)| {
            let account = Account::new(name.clone(), PasswordHash::parse(hash).unwrap());
            (name, account)
        };
        let accounts = Arc::new(Mutex::new(accounts.into_iter().map(account).collect()));
        let table = Table {
            accounts: Arc::clone(&accounts),
            kept: Arc::clone(&kept),
            is_away: Arc::clone(&is_away),
        };
        let clock = now.clone();
        let cookies = ApplyCookies::builder(Secrets::new(SECRET).unwrap())
            .origin("https://app.example")
            .clock(Clock::from_fn(move || {
                UnixMillis::new(clock.load(Ordering::Relaxed)).unwrap()
            }))
            .build()
            .unwrap();
        let throttle = Arc::new(Throttle::new());
        Self {
            passwords: Passwords::new(&cookies, Accounts::from_source(table), throttle),
            now,
            accounts,
            kept,
            is_away,
        }
    }

    fn pass(&self, millis: u64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
    }

    async fn check(&self, name: &str, text: &str, from: IpAddr) -> Result<Account, Refusal> {
        self.ask(Subject::account(name, from), text).await
    }

    async fn ask(&self, subject: Subject<'_>, text: &str) -> Result<Account, Refusal> {
        let password = Password::new(text).unwrap();
        let nothing = std::future::ready(Ok(()));
        let checked = self.passwords.check(&subject, &password, nothing).await;
        checked.map(|(account, ())| account)
    }

    /// Tries until it is heard, as patiently as it is told. How many milliseconds that took.
    async fn sign_in(&self, name: &str, from: IpAddr) -> u64 {
        let begun = self.now.load(Ordering::Relaxed);
        loop {
            match self.check(name, "correct horse", from).await {
                Ok(account) => {
                    assert_eq!(account.name, name);
                    return self.now.load(Ordering::Relaxed) - begun;
                }
                Err(refused) if refused.code() == RefusalCode::Throttled => {
                    let wait = refused.wait().unwrap().as_millis();
                    self.pass(u64::try_from(wait).unwrap().next_multiple_of(1000));
                }
                Err(other) => panic!("{other}"),
            }
        }
    }

    fn verified(&self) -> u64 {
        self.verified_by_cost().values().sum()
    }

    fn verified_by_cost(&self) -> BTreeMap<Parameters, u64> {
        self.passwords.meter.0.lock().unwrap().verified.clone()
    }
}

fn network(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0A00_0000 + number).into()
}

fn named(names: &[&str]) -> Vec<(String, &'static str)> {
    names
        .iter()
        .map(|name| ((*name).to_owned(), CHEAP))
        .collect()
}

fn cost(hash: &str) -> Parameters {
    PasswordHash::parse(hash).unwrap().parameters()
}

#[tokio::test]
async fn the_right_password_of_a_known_name_is_the_only_way_in() {
    let rig = Rig::new(named(&["ada"]));
    let ada = rig.check("ada", "correct horse", network(1)).await.unwrap();
    assert_eq!(ada.name, "ada");
    for (name, password) in [
        ("ada", ""),
        ("ada", "correct horse "),
        ("Ada", "correct horse"),
        ("ada\0", "correct horse"),
        ("", "correct horse"),
        (&"a".repeat(256), "correct horse"),
    ] {
        let refused = rig.check(name, password, network(2)).await.unwrap_err();
        assert_eq!(refused, Refusal::new(RefusalCode::WrongPassword));
    }
}

/// Over ten seconds, at one account, then at a thousand names. Its owner comes in the middle.
#[tokio::test]
async fn of_a_thousand_wrong_passwords_few_are_verified_and_honest_people_get_in() {
    for is_spray in [false, true] {
        for honest_is_neighbour in [false, true] {
            let rig = Rig::new(named(&["ada", "grace"]));
            let mut waited = None;
            for number in 0..1000 {
                let name = if is_spray {
                    format!("user-{number}")
                } else {
                    "ada".to_owned()
                };
                let refused = rig.check(&name, "guess", network(1)).await.unwrap_err();
                assert_ne!(refused.code(), RefusalCode::Unavailable);
                rig.pass(10);
                if number == 500 && !honest_is_neighbour {
                    waited = Some(rig.sign_in("ada", network(2)).await);
                }
            }
            let attempts = rig.verified() - u64::from(waited.is_some());
            assert!(attempts <= 35, "{attempts} of 1,000 guesses were verified");
            // Somebody on the attacker's network, whose browser is new, at the end of the burst.
            let waited = match waited {
                Some(waited) => waited,
                None => rig.sign_in("grace", network(1)).await,
            };
            assert!(waited <= 30_000, "waited {waited} ms");
        }
    }
}

/// All at the same moment, at the usual cost.
#[tokio::test]
async fn a_flood_uses_little_memory_and_known_browsers_do_not_notice() {
    let rig = Rig::new([("ada".to_owned(), USUAL)]);
    let flood = (0..1000).map(|number| {
        let (rig, name) = (&rig, format!("user-{}", number % 50));
        async move { rig.check(&name, "guess", network(1)).await }
    });
    let ada = Subject::account("ada", network(1)).known_device(Some([1; 16]));
    let (refusals, ada) = tokio::join!(join_all(flood), rig.ask(ada, "correct horse"));
    assert_eq!(ada.unwrap().name, "ada");
    assert!(refusals.iter().all(Result::is_err));
    let guesses = rig.verified() - 1;
    assert!((1..=35).contains(&guesses), "{guesses}");
    let cores = std::thread::available_parallelism().unwrap().get();
    let memory = rig.passwords.meter.0.lock().unwrap().most_memory;
    // A hash of werkzeug's takes 32 MiB and two kilobytes.
    assert!(memory <= cores * cost(USUAL).memory(), "{memory} bytes");
}

/// Who has an account knows the password of one of the hashes that are stored.
#[tokio::test]
async fn an_own_password_opens_no_unknown_name() {
    let rig = Rig::new(named(&["attacker"]));
    for number in 0..10_000 {
        let tried = rig
            .check(
                &format!("nobody-{number}"),
                "correct horse",
                network(number),
            )
            .await;
        assert_eq!(tried.unwrap_err().code(), RefusalCode::WrongPassword);
    }
    assert_eq!(
        rig.verified_by_cost(),
        BTreeMap::from([(cost(CHEAP), 10_000)])
    );
    rig.check("attacker", "correct horse", network(1))
        .await
        .unwrap();
}

/// Each answer costs one verification, and those of unknown names have the costs of known ones.
#[tokio::test]
async fn unknown_names_cost_what_known_ones_do() {
    let hashes = [CHEAP, CHEAP, CHEAP, PBKDF2, PBKDF2, ARGON2];
    let known = || (0..60).zip(hashes.into_iter().cycle());
    let rig = Rig::new(known().map(|(number, hash)| (format!("user-{number}"), hash)));
    for (number, _) in known() {
        let _ = rig
            .check(&format!("user-{number}"), "guess", network(number))
            .await;
    }
    let of_known = rig.verified_by_cost();
    let stored = BTreeMap::from([(cost(CHEAP), 30), (cost(PBKDF2), 20), (cost(ARGON2), 10)]);
    assert_eq!(of_known, stored);
    for round in 1..=2 {
        for number in 0..3000 {
            let _ = rig
                .check(&format!("nobody-{number}"), "guess", network(number))
                .await;
        }
        let verified = rig.verified_by_cost();
        for (cost, of_known) in &stored {
            let of_unknown = verified[cost] - of_known;
            // 50 for each stored hash, within five standard deviations; each name always has the same.
            assert_eq!(of_unknown % round, 0);
            assert!(
                (of_unknown / round).abs_diff(of_known * 50) < 150,
                "{cost}: {of_unknown}"
            );
        }
        assert_eq!(rig.verified(), 60 + 3000 * round);
        rig.pass(3_600_000);
    }
}

#[tokio::test]
async fn where_nobody_has_an_account_an_unknown_name_costs_what_a_new_hash_does() {
    let rig = Rig::new([]);
    let refused = rig.check("ada", "guess", network(1)).await.unwrap_err();
    assert_eq!(refused.code(), RefusalCode::WrongPassword);
    assert_eq!(
        rig.verified_by_cost(),
        BTreeMap::from([(Parameters::NEW, 1)])
    );
}

#[tokio::test]
async fn an_old_hash_is_written_anew_when_its_owner_signs_in() {
    let rig = Rig::new(named(&["ada"]));
    rig.check("ada", "guess", network(1)).await.unwrap_err();
    assert!(rig.kept.lock().unwrap().is_empty());
    let ada = rig.check("ada", "correct horse", network(1)).await.unwrap();
    let kept = rig.kept.lock().unwrap();
    let [(name, new)] = &kept[..] else {
        panic!("{kept:?}");
    };
    assert_eq!((name.as_str(), new.parameters()), ("ada", Parameters::NEW));
    assert!(new.verify(&Password::new("correct horse").unwrap()));
    // The session begins with the hash that is stored now.
    let secrets = Secrets::new(SECRET).unwrap();
    let keys = CredentialKeys(secrets.purpose_keys(Purpose::Credential, ""));
    assert!(new.is_of(&ada.hash.credential(&keys), &keys));
    assert!(
        !PasswordHash::parse(CHEAP)
            .unwrap()
            .is_of(&ada.hash.credential(&keys), &keys)
    );
}

#[tokio::test]
async fn accounts_that_are_away_are_nobodys_failure() {
    let rig = Rig::new(named(&["ada"]));
    rig.is_away.store(true, Ordering::Relaxed);
    for _ in 0..100 {
        let refused = rig
            .check("ada", "correct horse", network(1))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), RefusalCode::Unavailable);
    }
    rig.is_away.store(false, Ordering::Relaxed);
    rig.check("ada", "correct horse", network(1)).await.unwrap();
}

#[tokio::test]
async fn a_request_that_is_dropped_has_failed() {
    let rig = Rig::new([("ada".to_owned(), USUAL)]);
    for _ in 0..5 {
        let dropped = rig.check("ada", "guess", network(1));
        // It is verified, and nobody waits for the answer.
        let polled = Box::pin(dropped)
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    let refused = rig
        .check("ada", "correct horse", network(1))
        .await
        .unwrap_err();
    assert_eq!(
        refused,
        Refusal::throttled(Duration::from_secs(1)).because("pair")
    );
}

/// A page and its nineteen pictures, each request with the name and password (HTTP Basic).
#[tokio::test]
async fn basic_verifies_a_password_once_in_five_minutes() {
    let rig = Rig::new(named(&["ada"]));
    let page = async |text: &str| {
        let password = Password::new(text).unwrap();
        let ada = Subject::account("ada", network(1));
        let each = (0..20).map(|_| rig.passwords.check_each(&ada, &password));
        let answers = join_all(each).await;
        let let_in = answers.iter().filter(|answer| answer.is_ok()).count();
        (let_in, rig.verified())
    };
    // The hash is written anew on the way, and the requests that waited know the new one.
    assert_eq!(page("correct horse").await, (20, 1));
    assert_eq!(page("correct horse").await, (20, 1));
    // A wrong one is verified each time, until it is throttled, and disturbs nobody.
    assert_eq!(page("guess").await, (0, 6));
    assert_eq!(page("correct horse").await, (20, 6));
    // The accounts are asked at each request.
    rig.is_away.store(true, Ordering::Relaxed);
    assert_eq!(page("correct horse").await, (0, 6));
    rig.is_away.store(false, Ordering::Relaxed);
    rig.pass(5 * 60_000);
    assert_eq!(page("correct horse").await, (20, 7));
    // The password has been changed.
    let new = PasswordHash::make(&Password::new("another").unwrap());
    rig.accounts.lock().unwrap().get_mut("ada").unwrap().hash = new;
    assert_eq!(page("correct horse").await.0, 0);
    rig.pass(60_000);
    assert_eq!(page("another").await.0, 20);
    // The account is gone.
    rig.accounts.lock().unwrap().clear();
    assert_eq!(page("another").await.0, 0);
}

/// The moment from which a session counts may be a write of the store.
#[tokio::test]
async fn those_who_are_throttled_cost_the_store_nothing() {
    let rig = Rig::new(named(&["ada"]));
    let asked = AtomicU64::new(0);
    let password = Password::new("guess").unwrap();
    for _ in 0..100 {
        let ada = Subject::account("ada", network(1));
        let first = async {
            assert_eq!(rig.verified(), asked.fetch_add(1, Ordering::Relaxed));
            Ok(())
        };
        rig.passwords
            .check(&ada, &password, first)
            .await
            .unwrap_err();
    }
    assert_eq!((asked.into_inner(), rig.verified()), (5, 5));
}

#[tokio::test]
async fn a_store_that_is_away_is_nobodys_failure() {
    let rig = Rig::new(named(&["ada"]));
    let password = Password::new("correct horse").unwrap();
    let ada = Subject::account("ada", network(1));
    for _ in 0..100 {
        let away = std::future::ready(Err::<(), _>(Refusal::new(RefusalCode::Unavailable)));
        let refused = rig.passwords.check(&ada, &password, away).await;
        assert_eq!(refused.unwrap_err().code(), RefusalCode::Unavailable);
    }
    assert_eq!(rig.verified(), 0);
    rig.check("ada", "correct horse", network(1)).await.unwrap();
}
