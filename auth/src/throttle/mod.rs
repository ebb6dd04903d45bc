//! Slows guessing down, without locking anybody out, and bounds what those who are let in can store.
//!
//! Every attempt counts as a failure from the moment it is let through, and a success takes that back:
//! otherwise a thousand that arrive together would all pass before the first has failed. What is
//! refused costs no verification.
//!
//! | who | may fail | then |
//! |---|---|---|
//! | a network on one account | 5 times | waits of 1 s, 2 s, 4 s … 15 min |
//! | a network | 20 times, and once more every 6 s: 30 in any minute | until the next |
//! | an account, by all networks | 100 times, and once more every 36 s | each network waits 30 s before each attempt |
//! | a browser that has signed in to this account before | 5 times | the same waits; no other rule |
//! | whoever is right: an account, or the token from one network | begin 300 sessions, and one more every second | until the next |
//! | a network | begin 2,000 sign-ins with a provider, and 50 more every second | until the next |
//! | a network | have 100 codes exchanged that are worth nothing, and one more every second | until the next |
//!
//! A network is an IPv4 address, or a /48 of IPv6; the second rule counts each /64 as well. The third
//! rule never locks an account: somebody new waits 30 s and is then heard, however many others are
//! guessing. The last one is why strangers cannot slow down a browser that its owner has used.
//!
//! Memory is bounded: keys are hashes, in two tables with two generations of at most 32,768 each.
//! Whoever fills one forgives older failures early, and needs more than a thousand networks to do so.

#![cfg_attr(
    not(feature = "password"),
    expect(dead_code, reason = "without names there is the access token alone")
)]

mod generations;
mod rules;

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use apply_cookies::UnixMillis;

pub(crate) use generations::Generations;
use rules::{Pace, Steps};

use crate::refusal::Refusal;

const SECOND: u64 = 1000;

/// How often a network may fail: in any minute, 20 and the 10 that come back.
const NETWORK: Pace = Pace {
    burst: 20,
    every: 6 * SECOND,
};
/// How often an account may fail before every network waits.
const ACCOUNT: Pace = Pace {
    burst: 100,
    every: 36 * SECOND,
};
/// How long each network waits then.
const ACCOUNT_WAIT: u64 = 30 * SECOND;

/// How often a session may begin, by one account, or by the token from one network. Each leaves up to
/// two entries in the store of revocations, which is for everybody.
const SESSIONS: Pace = Pace {
    burst: 300,
    every: SECOND,
};

/// How often a network may begin a sign-in with a provider. A company is one network at nine o'clock.
#[cfg(feature = "providers")]
const ATTEMPTS: Pace = Pace {
    burst: 2_000,
    every: 20,
};

/// How often a network may have a code exchanged that is worth nothing, or that waits or is being exchanged.
/// Nobody guesses a code: this is for the provider, which may refuse an app that asks in vain too often.
#[cfg(feature = "providers")]
const EXCHANGES: Pace = Pace {
    burst: 100,
    every: SECOND,
};

/// A keyed hash of whom an entry is about. That two are one is as likely as a guess of 64 bits.
pub(crate) type Key = u64;

/// How long failures are remembered at least: longer than the longest wait.
const REMEMBERED: u64 = 3600 * SECOND;

/// Who wants to sign in, and where to.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// Whether or not it exists. `None` for the access token.
    account: Option<&'a str>,
    address: IpAddr,
    device: Option<[u8; 16]>,
}

impl<'a> Subject<'a> {
    /// Somebody who names an account. `address` is the person's, not a proxy's.
    pub(crate) const fn account(name: &'a str, address: IpAddr) -> Self {
        Self {
            account: Some(name),
            ..Self::token(address)
        }
    }

    /// Somebody who presents the access token.
    pub(crate) const fn token(address: IpAddr) -> Self {
        Self {
            account: None,
            address,
            device: None,
        }
    }

    pub(crate) fn name(&self) -> &'a str {
        self.account.unwrap_or_default()
    }

    /// From a browser that has signed in to this very account before, as a cookie proves which
    /// nobody else can make; this is a digest of it.
    pub(crate) const fn known_device(self, device: Option<[u8; 16]>) -> Self {
        Self { device, ..self }
    }
}

/// An attempt that was let through. Dropping it leaves it counted as a failure.
#[must_use]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Permit {
    /// This network, or this browser, on this account.
    pub(crate) pair: Key,
    pub(crate) account: Key,
    /// Empty for a browser that is known: nothing but its own failures counts.
    pub(crate) networks: Vec<Key>,
}

impl Permit {
    fn paces(&self) -> impl Iterator<Item = (&'static Pace, Key)> {
        let account = (!self.networks.is_empty()).then_some((&ACCOUNT, self.account));
        let networks = self.networks.iter().map(|key| (&NETWORK, *key));
        account.into_iter().chain(networks)
    }
}

/// An exchange that was let through. Dropping it leaves it counted as one of a code that is worth nothing.
#[cfg(feature = "providers")]
#[must_use]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Exchange(Vec<Key>);

#[cfg(feature = "providers")]
impl Exchange {
    pub(crate) fn network(&self) -> Key {
        self.0[0]
    }
}

/// Counts failures, for all sign-ins of one process. It has no clock: `now` is an argument, and a
/// clock that is set back makes waits longer by as much, at most by the longest.
pub(crate) struct Throttle {
    /// Random: nobody can aim at somebody else's entry.
    keys: RandomState,
    tables: Mutex<Tables>,
}

struct Tables {
    steps: Generations<Key, Steps>,
    /// The moment up to which each has used its pace.
    paces: Generations<Key, u64>,
}

impl Throttle {
    /// Nobody has failed yet.
    pub(crate) fn new() -> Self {
        Self {
            keys: RandomState::new(),
            tables: Mutex::new(Tables {
                steps: Generations::new(REMEMBERED),
                paces: Generations::new(REMEMBERED),
            }),
        }
    }

    /// Lets an attempt through, and counts it as a failure until it has [succeeded](Self::succeeded).
    /// When it is too early nothing is counted.
    pub(crate) fn begin(&self, now: UnixMillis, subject: &Subject<'_>) -> Result<Permit, Refusal> {
        let (now, permit) = (now.get(), self.permit(subject));
        let Tables { steps, paces } = &mut *self.tables();
        let mut used = |pace: &Pace, key| {
            let used_until = paces.find(now, key);
            used_until.map_or(0, |used_until| pace.wait(now, used_until))
        };
        for network in &permit.networks {
            pass(used(&NETWORK, *network), "network")?;
        }
        let is_known = permit.networks.is_empty();
        let is_hot = !is_known && used(&ACCOUNT, permit.account) > 0;
        let steps = steps.entry(now, permit.pair);
        let is_new = is_hot && steps.join_queue(now, ACCOUNT_WAIT);
        let rule = match (is_new, is_known) {
            (true, _) => "account",
            (_, true) => "device",
            _ => "pair",
        };
        pass(steps.wait(now), rule)?;
        steps.failed(now, if is_hot { ACCOUNT_WAIT } else { 0 });
        for (pace, key) in permit.paces() {
            pace.spend(now, paces.entry(now, key));
        }
        Ok(permit)
    }

    /// The attempt was right: what it counted is taken back, and earlier failures of this network or
    /// browser on this account are forgotten.
    pub(crate) fn succeeded(&self, now: UnixMillis, permit: &Permit) {
        self.take_back(now, permit, |steps| *steps = Steps::default());
    }

    /// The attempt was not verified: what it counted is taken back.
    pub(crate) fn withdrawn(&self, now: UnixMillis, permit: &Permit) {
        self.take_back(now, permit, Steps::take_back);
    }

    /// Lets somebody begin a session who has proved who they are.
    pub(crate) fn begin_session(
        &self,
        now: UnixMillis,
        subject: &Subject<'_>,
    ) -> Result<(), Refusal> {
        let permit = self.permit(subject);
        // Many people may have the token, and many networks one account.
        let whose = match subject.account {
            Some(_) => permit.account,
            None => permit.pair,
        };
        self.spend_session(now, self.key(("sessions", whose)))
    }

    /// Lets somebody whom a provider knows begin a session.
    #[cfg(feature = "providers")]
    pub(crate) fn begin_session_there(
        &self,
        now: UnixMillis,
        whose: (&str, &str),
    ) -> Result<(), Refusal> {
        self.spend_session(now, self.key(("sessions", whose)))
    }

    /// Lets a network begin a sign-in with a provider: a store may write something down for each.
    #[cfg(feature = "providers")]
    pub(crate) fn begin_attempt(&self, now: UnixMillis, address: IpAddr) -> Result<(), Refusal> {
        let network = self.networks(address)[0];
        self.spend(now, self.key(("attempts", network)), &ATTEMPTS, "attempts")
    }

    /// Lets a network have a code exchanged, and counts the code as worth nothing until it has
    /// [turned out otherwise](Self::exchange_withdrawn).
    #[cfg(feature = "providers")]
    pub(crate) fn begin_exchange(
        &self,
        now: UnixMillis,
        address: IpAddr,
    ) -> Result<Exchange, Refusal> {
        let networks = self.networks(address).into_iter();
        let networks = networks.map(|network| self.key(("exchanges", network)));
        let (now, exchange) = (now.get(), Exchange(networks.collect()));
        let paces = &mut self.tables().paces;
        for network in &exchange.0 {
            pass(EXCHANGES.wait(now, paces.entry(now, *network)), "exchanges")?;
        }
        for network in &exchange.0 {
            EXCHANGES.spend(now, paces.entry(now, *network));
        }
        Ok(exchange)
    }

    /// The code was good, or has not been judged: what it counted is taken back.
    #[cfg(feature = "providers")]
    pub(crate) fn exchange_withdrawn(&self, now: UnixMillis, exchange: &Exchange) {
        let (now, mut tables) = (now.get(), self.tables());
        for network in &exchange.0 {
            EXCHANGES.take_back(tables.paces.entry(now, *network));
        }
    }

    /// Lets somebody's session go on under a new id, which ends the old one.
    pub(crate) fn rotate_session(
        &self,
        now: UnixMillis,
        whose: (&str, &str),
    ) -> Result<(), Refusal> {
        self.spend_session(now, self.key(("rotations", whose)))
    }

    fn spend_session(&self, now: UnixMillis, key: Key) -> Result<(), Refusal> {
        self.spend(now, key, &SESSIONS, "sessions")
    }

    fn spend(
        &self,
        now: UnixMillis,
        key: Key,
        pace: &Pace,
        rule: &'static str,
    ) -> Result<(), Refusal> {
        let now = now.get();
        let mut tables = self.tables();
        let used_until = tables.paces.entry(now, key);
        pass(pace.wait(now, used_until), rule)?;
        pace.spend(now, used_until);
        Ok(())
    }

    fn take_back(&self, now: UnixMillis, permit: &Permit, forgive: impl Fn(&mut Steps)) {
        let (now, mut tables) = (now.get(), self.tables());
        forgive(tables.steps.entry(now, permit.pair));
        for (pace, key) in permit.paces() {
            pace.take_back(tables.paces.entry(now, key));
        }
    }

    /// The network of an address, and the narrower one that is counted as well.
    fn networks(&self, address: IpAddr) -> Vec<Key> {
        // An IPv4 address that came over an IPv6 socket is the same network.
        match address.to_canonical() {
            IpAddr::V4(address) => vec![self.key(address)],
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                vec![self.key((a, b, c)), self.key((a, b, c, d))]
            }
        }
    }

    fn permit(&self, subject: &Subject<'_>) -> Permit {
        // In one spelling: an app's database may find `ada` where `Ada` is asked for, and each spelling
        // would have limits of its own.
        let account = self.key(("account", subject.account.map(str::to_lowercase)));
        let (pair, networks) = if let Some(device) = subject.device {
            let pair = self.key(("device", account, device));
            (pair, Vec::new())
        } else {
            let networks = self.networks(subject.address);
            let pair = self.key(("pair", account, networks[0]));
            (pair, networks)
        };
        Permit {
            pair,
            account,
            networks,
        }
    }

    fn key(&self, of: impl Hash) -> Key {
        self.keys.hash_one(of)
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses while there is a wait, in milliseconds. The log names the rule.
fn pass(wait: u64, rule: &'static str) -> Result<(), Refusal> {
    match wait {
        0 => Ok(()),
        _ => Err(Refusal::throttled(Duration::from_millis(wait)).because(rule)),
    }
}

#[cfg(test)]
mod tests;
