//! The tokens that this process has minted and that are neither redeemed nor expired: whom their
//! receipts wait for.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use apply_cookies_protocol::{Nonce, TokenId, UnixMillis};
use dashmap::DashMap;

use crate::Clock;
use crate::counts;
use crate::receipt::{Outcome, Slip};
use crate::replay::ClaimListener;

/// A claim that began just before the end of its token may still be under way.
const GRACE_MS: u64 = 500;

/// Tokens that end within the same quarter of a second are looked after together.
const WIDTH_MS: u64 = 250;

/// How long the thread sleeps at most while tokens are out: the clock may be set.
const NAP: Duration = Duration::from_millis(WIDTH_MS);

/// The outstanding tokens of one deployment. Its thread ends when this is dropped.
pub(crate) struct OutstandingTokens {
    table: Arc<Table>,
}

pub(crate) struct Table {
    clock: Clock,
    slips: DashMap<Nonce, Arc<Slip>>,
    agenda: Mutex<Agenda>,
    changed: Condvar,
}

#[derive(Default)]
struct Agenda {
    /// By their end. A token that was claimed meanwhile is in here still.
    by_end: BTreeMap<u64, Vec<Due>>,
    thread: ThreadState,
}

enum Due {
    /// The token of this nonce has expired.
    Token(Nonce),
    /// What was pushed has waited for as long as its token would have lived.
    Unsealed(Weak<Slip>),
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum ThreadState {
    /// No token was minted yet, and a process that only redeems needs no thread.
    #[default]
    None,
    Running,
    /// The deployment is gone.
    Ended,
}

impl OutstandingTokens {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            table: Arc::new(Table {
                clock,
                slips: DashMap::new(),
                agenda: Mutex::default(),
                changed: Condvar::new(),
            }),
        }
    }

    /// Who must hear of claims.
    pub(crate) fn listener(&self) -> Weak<dyn ClaimListener> {
        let table: Arc<dyn ClaimListener> = self.table.clone();
        Arc::downgrade(&table)
    }

    /// A token leaves. Called before anyone can redeem it.
    pub(crate) fn add(&self, nonce: Nonce, expires_at: UnixMillis, slip: Arc<Slip>) {
        self.table.slips.insert(nonce, slip);
        self.enter(expires_at, Due::Token(nonce));
    }

    /// Somebody may wait for this, and it may never become a token.
    pub(crate) fn add_unsealed(&self, expires_at: UnixMillis, slip: &Arc<Slip>) {
        self.enter(expires_at, Due::Unsealed(Arc::downgrade(slip)));
    }

    fn enter(&self, expires_at: UnixMillis, due: Due) {
        let table = &self.table;
        let mut agenda = table.lock();
        let end = expires_at.plus(GRACE_MS).get().div_ceil(WIDTH_MS);
        agenda.by_end.entry(end).or_default().push(due);
        if agenda.thread == ThreadState::None {
            let table = table.clone();
            let spawned = std::thread::Builder::new()
                .name("apply-cookies-expiry".to_owned())
                .spawn(move || table.look_after());
            match spawned {
                Ok(_) => agenda.thread = ThreadState::Running,
                // Tried again with the next token.
                Err(error) => tracing::error!(%error, "no thread for the expiry of tokens"),
            }
        } else if agenda.by_end.len() == 1 {
            table.changed.notify_one();
        }
    }

    /// A token was not sent after all.
    pub(crate) fn undeliverable(&self, nonce: Nonce) {
        self.table.settle(nonce, Outcome::Undeliverable);
    }
}

impl Drop for OutstandingTokens {
    fn drop(&mut self) {
        self.table.lock().thread = ThreadState::Ended;
        self.table.changed.notify_all();
    }
}

impl Table {
    fn settle(&self, nonce: Nonce, outcome: Outcome) {
        if let Some((_, slip)) = self.slips.remove(&nonce) {
            slip.settle(outcome);
        }
    }

    /// The thread's work: whatever has reached its end has expired.
    fn look_after(&self) {
        let mut agenda = self.lock();
        while agenda.thread != ThreadState::Ended {
            let now = self.clock.now().get() / WIDTH_MS;
            let later = agenda.by_end.split_off(&(now + 1));
            let due = std::mem::replace(&mut agenda.by_end, later);
            if !due.is_empty() {
                drop(agenda);
                for due in due.into_values().flatten() {
                    // A waker is somebody else's code. Whatever it does, others must hear too.
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
                    .wait_timeout(agenda, NAP)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
        }
        drop(agenda);
        // Nobody mints or redeems here any more; a handler may wait all the same.
        let rest: Vec<Nonce> = self.slips.iter().map(|entry| *entry.key()).collect();
        for nonce in rest {
            self.settle(nonce, Outcome::Expired);
        }
    }

    fn expire(&self, due: &Due) {
        match due {
            Due::Token(nonce) => {
                if let Some((_, slip)) = self.slips.remove(nonce) {
                    counts::token_expired();
                    tracing::info!(
                        token = %TokenId::of(*nonce),
                        "a token expired unredeemed, as far as this process knows; its cookies are lost"
                    );
                    slip.settle(Outcome::Expired);
                }
            }
            Due::Unsealed(slip) => {
                if slip.upgrade().is_some_and(|slip| slip.expire_unsealed()) {
                    tracing::warn!(
                        "somebody waited for a receipt for as long as a token lives, and nothing has taken the cookies meanwhile; a handler must not await it before it answers"
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

impl ClaimListener for Table {
    fn claimed(&self, nonce: Nonce) {
        self.settle(nonce, Outcome::Released);
    }
}
