//! Slows guessing down, without locking anybody out.
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
//!
//! A network is an IPv4 address, or a /48 of IPv6; the second rule counts each /64 as well. The third
//! rule never locks an account: somebody new waits 30 s and is then heard, however many others are
//! guessing. The last one is why strangers cannot slow down a browser that its owner has used.
//!
//! Memory is bounded: keys are digests, in two generations of at most 32,768 each a rule. Whoever
//! fills one forgives older failures early, and needs more than a thousand networks to do so.

pub(crate) mod generations;
mod pace;
mod steps;
mod throttled;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use apply_cookies::UnixMillis;
use sha2::{Digest, Sha256};

use generations::{Generations, Key};
use pace::Pace;
use steps::Steps;
pub use throttled::{Limit, Throttled};

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

/// How long failures are remembered at least, by rule: longer than each rule's longest wait.
const PAIRS_FOR: u64 = 3600 * SECOND;
const NETWORKS_FOR: u64 = 120 * SECOND;
const ACCOUNTS_FOR: u64 = 3600 * SECOND;

/// Who wants to sign in, and where to.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    target: Target<'a>,
    address: IpAddr,
    device: Option<[u8; 16]>,
}

#[derive(Clone, Copy)]
enum Target<'a> {
    Account(&'a str),
    Token(&'a str),
}

impl<'a> Subject<'a> {
    /// Somebody who names an account, whether or not it exists. `address` is the person's, not a
    /// proxy's.
    #[must_use]
    pub fn account(name: &'a str, address: IpAddr) -> Self {
        Self {
            target: Target::Account(name),
            address,
            device: None,
        }
    }

    /// Somebody who presents an access token; `name` says which one is meant.
    #[must_use]
    pub fn token(name: &'a str, address: IpAddr) -> Self {
        Self {
            target: Target::Token(name),
            address,
            device: None,
        }
    }

    /// The browser has signed in to this very account before, as a cookie proves which nobody else
    /// can make; this is a digest of what is in it.
    #[must_use]
    pub fn known_device(self, digest: [u8; 16]) -> Self {
        Self {
            device: Some(digest),
            ..self
        }
    }
}

/// Neither the name nor the address.
impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("known_device", &self.device.is_some())
            .finish_non_exhaustive()
    }
}

/// An attempt that was let through. Dropping it leaves it counted as a failure.
#[must_use]
pub struct Permit(Keys);

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit(..)")
    }
}

/// What an attempt counts under.
enum Keys {
    Known(Key),
    Stranger {
        pair: Key,
        account: Key,
        networks: [Option<Key>; 2],
    },
}

/// Counts failures, for all sign-ins of one process. It has no clock: `now` is an argument, and a
/// clock that is set back makes waits longer by as much, at most by the longest.
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use apply_cookies::Clock;
/// use apply_cookies_auth::{Limit, Subject, Throttle};
///
/// let (throttle, now) = (Throttle::new([7; 32]), Clock::system().now());
/// let ada = Subject::account("ada", Ipv4Addr::new(192, 0, 2, 1).into());
/// for _ in 0..5 {
///     let permit = throttle.begin(now, &ada)?;
///     drop(permit); // a wrong password
/// }
/// let refused = throttle.begin(now, &ada).unwrap_err();
/// assert_eq!((refused.limit, refused.retry_after_seconds()), (Limit::Pair, 1));
/// # Ok::<(), apply_cookies_auth::Throttled>(())
/// ```
pub struct Throttle {
    /// Keys the digests: nobody can aim at somebody else's entry.
    seed: [u8; 32],
    tables: Mutex<Tables>,
}

struct Tables {
    pairs: Generations<Steps>,
    devices: Generations<Steps>,
    /// The moment up to which each has used its pace.
    networks: Generations<u64>,
    accounts: Generations<u64>,
}

impl Throttle {
    /// Nobody has failed yet. `seed` is random.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            seed,
            tables: Mutex::new(Tables {
                pairs: Generations::new(PAIRS_FOR),
                devices: Generations::new(PAIRS_FOR),
                networks: Generations::new(NETWORKS_FOR),
                accounts: Generations::new(ACCOUNTS_FOR),
            }),
        }
    }

    /// Lets an attempt through, and counts it as a failure until it has [succeeded](Self::succeeded).
    ///
    /// # Errors
    ///
    /// When it is too early; then nothing is counted.
    pub fn begin(&self, now: UnixMillis, subject: &Subject<'_>) -> Result<Permit, Throttled> {
        let (now, keys) = (now.get(), self.keys(subject));
        let mut tables = self.tables();
        match &keys {
            Keys::Known(device) => {
                let steps = tables.devices.entry(now, *device);
                let wait = steps.wait(now);
                if wait > 0 {
                    return Err(Throttled::new(Limit::Device, wait));
                }
                steps.failed(now, 0);
            }
            Keys::Stranger {
                pair,
                account,
                networks,
            } => tables.stranger(now, *pair, *account, *networks)?,
        }
        Ok(Permit(keys))
    }

    /// The attempt was right: what it counted is taken back, and earlier failures of this network or
    /// browser on this account are forgotten.
    pub fn succeeded(&self, now: UnixMillis, permit: Permit) {
        self.take_back(now, permit, true);
    }

    /// The attempt was not verified: what it counted is taken back.
    pub fn withdrawn(&self, now: UnixMillis, permit: Permit) {
        self.take_back(now, permit, false);
    }

    fn take_back(&self, now: UnixMillis, Permit(keys): Permit, succeeded: bool) {
        let now = now.get();
        let mut tables = self.tables();
        let forgive = |steps: &mut Steps| {
            if succeeded {
                *steps = Steps::default();
            } else {
                steps.take_back();
            }
        };
        match keys {
            Keys::Known(device) => forgive(tables.devices.entry(now, device)),
            Keys::Stranger {
                pair,
                account,
                networks,
            } => {
                forgive(tables.pairs.entry(now, pair));
                ACCOUNT.take_back(tables.accounts.entry(now, account));
                for network in networks.into_iter().flatten() {
                    NETWORK.take_back(tables.networks.entry(now, network));
                }
            }
        }
    }

    /// A key for those who share a network, in other tables.
    #[cfg(feature = "password")]
    pub(crate) fn group_of_network(&self, address: IpAddr) -> [u8; 16] {
        self.network(address).0
    }

    /// A key for those who name one account.
    #[cfg(feature = "password")]
    pub(crate) fn group_of_account(&self, name: &str) -> [u8; 16] {
        self.digest(&[&[0], name.as_bytes()])
    }

    /// The network of an address, and the narrower one that is counted as well.
    fn network(&self, address: IpAddr) -> (Key, Option<Key>) {
        // An IPv4 address that came over an IPv6 socket is the same network.
        match address.to_canonical() {
            IpAddr::V4(address) => (self.digest(&[&[3], &address.octets()]), None),
            IpAddr::V6(address) => {
                let octets = address.octets();
                let of = |kind, bytes| self.digest(&[&[kind], &octets[..bytes]]);
                (of(4, 6), Some(of(5, 8)))
            }
        }
    }

    fn keys(&self, subject: &Subject<'_>) -> Keys {
        let (kind, name) = match subject.target {
            Target::Account(name) => (0, name),
            Target::Token(name) => (1, name),
        };
        let account = self.digest(&[&[kind], name.as_bytes()]);
        if let Some(device) = subject.device {
            return Keys::Known(self.digest(&[&[2], &account, &device]));
        }
        let (network, narrower) = self.network(subject.address);
        Keys::Stranger {
            pair: self.digest(&[&[6], &account, &network]),
            account,
            networks: [Some(network), narrower],
        }
    }

    /// Only the last part may vary in length. The digests never leave, so the key may be in front.
    fn digest(&self, parts: &[&[u8]]) -> Key {
        let mut hasher = Sha256::new_with_prefix(self.seed);
        for part in parts {
            hasher.update(part);
        }
        let mut half = [0; 16];
        half.copy_from_slice(&hasher.finalize()[..16]);
        half
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn stranger(
        &mut self,
        now: u64,
        pair: Key,
        account: Key,
        networks: [Option<Key>; 2],
    ) -> Result<(), Throttled> {
        let used = |pace: &Pace, table: &mut Generations<u64>, key| {
            let used_until = table.find(now, key);
            used_until.map_or(0, |used_until| pace.wait(now, used_until))
        };
        for network in networks.into_iter().flatten() {
            let wait = used(&NETWORK, &mut self.networks, network);
            if wait > 0 {
                return Err(Throttled::new(Limit::Network, wait));
            }
        }
        let is_hot = used(&ACCOUNT, &mut self.accounts, account) > 0;
        let steps = self.pairs.entry(now, pair);
        let is_new = is_hot && steps.join_queue(now, ACCOUNT_WAIT);
        let wait = steps.wait(now);
        if wait > 0 {
            let limit = if is_new { Limit::Account } else { Limit::Pair };
            return Err(Throttled::new(limit, wait));
        }
        steps.failed(now, if is_hot { ACCOUNT_WAIT } else { 0 });
        ACCOUNT.spend(now, self.accounts.entry(now, account));
        for network in networks.into_iter().flatten() {
            NETWORK.spend(now, self.networks.entry(now, network));
        }
        Ok(())
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Throttle(..)")
    }
}

#[cfg(test)]
mod tests;
