//! The tokens that this process has minted and that are neither redeemed nor expired yet. Settles
//! their receipts.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use apply_cookies_protocol::{Lifetime, Nonce, TokenId, UnixMillis};
use dashmap::DashMap;

use super::receipt::{Deadline, Outcome, ReceiptState};
use crate::metrics;
use crate::replay::{BarrierAnswer, ClaimListener, Clock};
use crate::seldom::{Seldom, seldom};

/// A claim that began just before the end of its token may still be under way.
const GRACE_MS: u64 = 500;

/// Tokens that expire within the same quarter of a second are handled together.
const WIDTH_MS: u64 = 250;

/// The thread's longest sleep while tokens are in flight: the clock may be changed meanwhile.
const SLEEP_MAX: Duration = Duration::from_millis(WIDTH_MS);

/// The most tokens whose receipts are followed at a time: some 80 MB. Whoever opens streams makes
/// them, and need never redeem one.
const TRACKED_MAX: usize = 100_000;

/// The most entries of the agenda, where a redeemed token stays until its expiry: some 50 MB.
const AGENDA_MAX: usize = 1_000_000;

/// The tokens of one deployment that are in flight. Their thread ends when this is dropped.
pub(crate) struct InFlight {
    table: Arc<Table>,
}

pub(crate) struct Table {
    clock: Clock,
    lifetime: Lifetime,
    states: DashMap<Nonce, Arc<ReceiptState>>,
    /// How many states there are.
    tracked: AtomicUsize,
    tracked_max: usize,
    agenda_max: usize,
    agenda: Mutex<Agenda>,
    changed: Condvar,
    // Whoever opens streams and posts nothing causes these at any rate.
    expired: Seldom,
    awaited: Seldom,
    untracked: Seldom,
    no_thread: Seldom,
}

#[derive(Default)]
struct Agenda {
    /// By expiry. A token that was claimed meanwhile is still in here.
    by_end: BTreeMap<u64, Vec<Due>>,
    /// How many there are in all.
    entries: usize,
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
        Self::bounded(clock, lifetime, TRACKED_MAX, AGENDA_MAX)
    }

    fn bounded(clock: Clock, lifetime: Lifetime, tracked_max: usize, agenda_max: usize) -> Self {
        Self {
            table: Arc::new(Table {
                clock,
                lifetime,
                states: DashMap::new(),
                tracked: AtomicUsize::new(0),
                tracked_max,
                agenda_max,
                agenda: Mutex::default(),
                changed: Condvar::new(),
                expired: Seldom::new(),
                awaited: Seldom::new(),
                untracked: Seldom::new(),
                no_thread: Seldom::new(),
            }),
        }
    }

    /// The listener for the store's claims.
    pub(crate) fn listener(&self) -> Weak<dyn ClaimListener> {
        let table: Arc<dyn ClaimListener> = self.table.clone();
        Arc::downgrade(&table)
    }

    /// A token is about to leave. Called before anyone can redeem it. If too many are in flight it
    /// travels all the same, and its receipt says that nobody will know.
    pub(crate) fn add(&self, nonce: Nonce, expires_at: UnixMillis, state: Arc<ReceiptState>) {
        let table = &self.table;
        if table.tracked.fetch_add(1, Ordering::Relaxed) >= table.tracked_max {
            table.tracked.fetch_sub(1, Ordering::Relaxed);
            table.lose_track(&state);
            return;
        }
        table.states.insert(nonce, state);
        if !table.enter(expires_at, Due::Token(nonce))
            && let Some(state) = table.take(nonce)
        {
            table.lose_track(&state);
        }
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
    /// Returns false, and does nothing, if the agenda is full.
    fn enter(self: &Arc<Self>, expires_at: UnixMillis, due: Due) -> bool {
        let mut agenda = self.lock();
        if agenda.thread == ThreadState::Ended {
            drop(agenda);
            self.expire(&due);
            return true;
        }
        if agenda.entries >= self.agenda_max {
            return false;
        }
        agenda.entries += 1;
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
        true
    }

    fn take(&self, nonce: Nonce) -> Option<Arc<ReceiptState>> {
        let (_, state) = self.states.remove(&nonce)?;
        self.tracked.fetch_sub(1, Ordering::Relaxed);
        Some(state)
    }

    fn settle(&self, nonce: Nonce, outcome: Outcome) {
        if let Some(state) = self.take(nonce) {
            state.settle(outcome);
        }
    }

    /// Ends a receipt that cannot be followed.
    fn lose_track(&self, state: &ReceiptState) {
        metrics::token_untracked();
        seldom!(
            self.untracked,
            self.clock.now(),
            WARN,
            tracked = self.tracked_max,
            "more tokens are in flight than receipts can follow: the cookies travel all the same, and their receipts end as unknown"
        );
        state.settle(Outcome::Unknown);
    }

    /// The thread's work: expires everything that is due.
    fn look_after(&self) {
        let mut agenda = self.lock();
        while agenda.thread != ThreadState::Ended {
            let now = self.clock.now().get() / WIDTH_MS;
            let later = agenda.by_end.split_off(&(now + 1));
            let due = std::mem::replace(&mut agenda.by_end, later);
            if !due.is_empty() {
                agenda.entries -= due.values().map(Vec::len).sum::<usize>();
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
                if let Some(state) = self.take(*nonce) {
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
        // Nobody may wait for what nothing will end.
        if !self.enter(end, Due::Unsealed(Arc::downgrade(state))) {
            self.lose_track(state);
        }
    }
}

impl ClaimListener for Table {
    fn claimed(&self, nonce: Nonce, barrier: BarrierAnswer) {
        // A process that only redeems follows no token, and has nothing to look for.
        if self.tracked.load(Ordering::Relaxed) == 0 {
            return;
        }
        let outcome = match barrier {
            BarrierAnswer::NoRoom => Outcome::ReleasedWithoutBarrier,
            BarrierAnswer::Raised | BarrierAnswer::NotAsked => Outcome::Released,
        };
        self.settle(nonce, outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mint::Receipt;
    use std::sync::atomic::AtomicU64;
    use std::time::Instant;

    const NOW: u64 = 1_795_000_000_000;

    fn nonce(n: u64) -> Nonce {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        Nonce::from_random(bytes)
    }

    /// What is in flight, and the hands of its clock.
    fn in_flight(tracked: usize, agenda: usize) -> (InFlight, Arc<AtomicU64>) {
        let hands = Arc::new(AtomicU64::new(NOW));
        let shown = hands.clone();
        let clock = Clock::from_fn(move || UnixMillis::EPOCH.plus(shown.load(Ordering::SeqCst)));
        (
            InFlight::bounded(clock, Lifetime::default(), tracked, agenda),
            hands,
        )
    }

    fn send(flight: &InFlight, n: u64) -> Receipt {
        let state = Arc::new(ReceiptState::of_token(None));
        let receipt = Receipt::new(state.clone());
        let end = UnixMillis::EPOCH.plus(NOW + 60_000);
        flight.add(nonce(n), end, state);
        receipt
    }

    #[test]
    fn a_flood_of_tokens_ends_in_receipts_that_say_so_and_is_not_remembered() {
        for (tracked, agenda, followed) in [
            (0, 9, 0),
            (1, 9, 1),
            (10, 100, 10),
            (100, 100, 100),
            (100, 7, 7),
        ] {
            let (flight, hands) = in_flight(tracked, agenda);
            let receipts: Vec<_> = (0..1_000).map(|n| send(&flight, n)).collect();
            let unknown = |r: &&Receipt| r.outcome() == Some(Outcome::Unknown);
            assert_eq!(receipts.iter().filter(unknown).count(), 1_000 - followed);
            assert_eq!(flight.table.states.len(), followed);
            assert_eq!(flight.table.lock().entries, followed);
            // Redeemed ones make room for others, as far as the agenda goes.
            let listener = flight.table.clone();
            let open = receipts.iter().filter(|r| r.outcome().is_none()).count();
            for n in 0..1_000 {
                listener.claimed(nonce(n), BarrierAnswer::NotAsked);
            }
            let released = |r: &&Receipt| r.outcome() == Some(Outcome::Released);
            assert_eq!(receipts.iter().filter(released).count(), open);
            let again = send(&flight, 2_000).outcome();
            let has_room = tracked > 0 && agenda > followed;
            assert_eq!(again.is_none(), has_room, "{tracked} of {agenda}");
            // Expired ones, too.
            hands.store(NOW + 120_000, Ordering::SeqCst);
            let deadline = Instant::now() + Duration::from_secs(10);
            while flight.table.lock().entries > 0 && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(5));
            }
            let last = send(&flight, 3_000).outcome();
            assert_eq!(last != Some(Outcome::Unknown), tracked > 0);
        }
    }

    #[test]
    fn a_receipt_says_what_became_of_the_barrier() {
        for (barrier, outcome) in [
            (BarrierAnswer::NotAsked, Outcome::Released),
            (BarrierAnswer::Raised, Outcome::Released),
            (BarrierAnswer::NoRoom, Outcome::ReleasedWithoutBarrier),
        ] {
            let (flight, _) = in_flight(10, 10);
            let receipt = send(&flight, 1);
            let listener = flight.listener().upgrade().unwrap();
            listener.claimed(nonce(1), barrier);
            // The first report counts.
            listener.claimed(nonce(1), BarrierAnswer::Raised);
            assert_eq!(receipt.outcome(), Some(outcome));
        }
    }
}
