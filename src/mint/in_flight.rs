//! The tokens that this process has minted and that are neither redeemed nor expired yet. Settles
//! their receipts.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use apply_cookies_protocol::{Lifetime, Nonce, TokenId, UnixMillis};
use dashmap::DashMap;

use super::receipt::{Deadline, Outcome, ReceiptState};
use crate::metrics;
use crate::replay::{ClaimListener, Clock};
use crate::seldom::{Seldom, seldom};

/// A claim that began just before the end of its token may still be under way.
const GRACE_MS: u64 = 500;

/// Tokens that expire within the same quarter of a second are handled together.
const WIDTH_MS: u64 = 250;

/// The thread's longest sleep while tokens are in flight: the clock may be changed meanwhile.
const SLEEP_MAX: Duration = Duration::from_millis(WIDTH_MS);

/// The tokens of one deployment that are in flight. Their thread ends when this is dropped.
pub(crate) struct InFlight {
    table: Arc<Table>,
}

pub(crate) struct Table {
    clock: Clock,
    lifetime: Lifetime,
    states: DashMap<Nonce, Arc<ReceiptState>>,
    agenda: Mutex<Agenda>,
    changed: Condvar,
    // Whoever opens streams and posts nothing causes these at any rate.
    expired: Seldom,
    awaited: Seldom,
    no_thread: Seldom,
}

#[derive(Default)]
struct Agenda {
    /// By expiry. A token that was claimed meanwhile is still in here.
    by_end: BTreeMap<u64, Vec<Due>>,
    thread: ThreadState,
}

enum Due {
    /// The token of this nonce has expired.
    Token(Nonce),
    /// Pushed operations have waited for as long as their token would have lived.
    Unsealed(Weak<ReceiptState>),
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum ThreadState {
    /// No token was minted yet. A process that only redeems needs no thread.
    #[default]
    None,
    Running,
    /// The deployment is gone.
    Ended,
}

impl InFlight {
    pub(crate) fn new(clock: Clock, lifetime: Lifetime) -> Self {
        Self {
            table: Arc::new(Table {
                clock,
                lifetime,
                states: DashMap::new(),
                agenda: Mutex::default(),
                changed: Condvar::new(),
                expired: Seldom::new(),
                awaited: Seldom::new(),
                no_thread: Seldom::new(),
            }),
        }
    }

    /// The listener for the store's claims.
    pub(crate) fn listener(&self) -> Weak<dyn ClaimListener> {
        let table: Arc<dyn ClaimListener> = self.table.clone();
        Arc::downgrade(&table)
    }

    /// A token is about to leave. Called before anyone can redeem it.
    pub(crate) fn add(&self, nonce: Nonce, expires_at: UnixMillis, state: Arc<ReceiptState>) {
        self.table.states.insert(nonce, state);
        self.table.enter(expires_at, Due::Token(nonce));
    }

    /// The deadline that ends the wait for cookies that no carrier takes.
    pub(crate) fn deadline(&self) -> Arc<dyn Deadline> {
        self.table.clone()
    }

    /// A token was not sent after all.
    pub(crate) fn undeliverable(&self, nonce: Nonce) {
        self.table.settle(nonce, Outcome::Undeliverable);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.table.lock().thread = ThreadState::Ended;
        self.table.changed.notify_all();
    }
}

impl Table {
    fn enter(self: &Arc<Self>, expires_at: UnixMillis, due: Due) {
        let mut agenda = self.lock();
        if agenda.thread == ThreadState::Ended {
            drop(agenda);
            return self.expire(&due);
        }
        let end = expires_at.plus(GRACE_MS).get().div_ceil(WIDTH_MS);
        agenda.by_end.entry(end).or_default().push(due);
        if agenda.thread == ThreadState::None {
            let table = self.clone();
            let spawned = std::thread::Builder::new()
                .name("apply-cookies-expiry".to_owned())
                .spawn(move || table.look_after());
            match spawned {
                Ok(_) => agenda.thread = ThreadState::Running,
                // The next token tries again.
                Err(error) => seldom!(
                    self.no_thread,
                    self.clock.now(),
                    ERROR,
                    %error,
                    "no thread for the expiry of tokens"
                ),
            }
        } else if agenda.by_end.len() == 1 {
            self.changed.notify_one();
        }
    }

    fn settle(&self, nonce: Nonce, outcome: Outcome) {
        if let Some((_, state)) = self.states.remove(&nonce) {
            state.settle(outcome);
        }
    }

    /// The thread's work: expires everything that is due.
    fn look_after(&self) {
        let mut agenda = self.lock();
        while agenda.thread != ThreadState::Ended {
            let now = self.clock.now().get() / WIDTH_MS;
            let later = agenda.by_end.split_off(&(now + 1));
            let due = std::mem::replace(&mut agenda.by_end, later);
            if !due.is_empty() {
                drop(agenda);
                for due in due.into_values().flatten() {
                    // A logger or a metrics recorder is foreign code. Even if it panics, the others
                    // must be settled.
                    let _ = catch_unwind(AssertUnwindSafe(|| self.expire(&due)));
                }
                agenda = self.lock();
            } else if agenda.by_end.is_empty() {
                agenda = self
                    .changed
                    .wait(agenda)
                    .unwrap_or_else(PoisonError::into_inner);
            } else {
                agenda = self
                    .changed
                    .wait_timeout(agenda, SLEEP_MAX)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
        }
        drop(agenda);
        // Nobody mints or redeems here any more, but a handler may still be waiting.
        let rest: Vec<Nonce> = self.states.iter().map(|entry| *entry.key()).collect();
        for nonce in rest {
            self.settle(nonce, Outcome::Expired);
        }
    }

    fn expire(&self, due: &Due) {
        match due {
            Due::Token(nonce) => {
                if let Some((_, state)) = self.states.remove(nonce) {
                    metrics::token_expired();
                    seldom!(
                        self.expired,
                        self.clock.now(),
                        INFO,
                        token = %TokenId::from_nonce(*nonce),
                        "a token expired unredeemed, as far as this process knows; its cookies are lost"
                    );
                    state.settle(Outcome::Expired);
                }
            }
            Due::Unsealed(state) => {
                if state.upgrade().is_some_and(|state| state.expire_unsealed()) {
                    seldom!(
                        self.awaited,
                        self.clock.now(),
                        WARN,
                        "a receipt was awaited for as long as a token lives, and nothing took the cookies meanwhile; a handler must not await it before it answers"
                    );
                }
            }
        }
    }

    // Nothing between lock and unlock can panic halfway through a change.
    fn lock(&self) -> MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deadline for Table {
    fn watch(self: Arc<Self>, state: &Arc<ReceiptState>) {
        let end = self.clock.now().plus(self.lifetime.as_millis());
        self.enter(end, Due::Unsealed(Arc::downgrade(state)));
    }
}

impl ClaimListener for Table {
    fn claimed(&self, nonce: Nonce) {
        self.settle(nonce, Outcome::Released);
    }
}
