//! The receipts of one store: settled with its claims, in whichever process those are made.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::rt::time::timeout;
use apply_cookies::protocol::limits::SKEW_MS;
use apply_cookies::protocol::{Lifetime, Nonce, ReceiptId, UnixMillis};
use apply_cookies::replay::{BarrierAnswer, ClaimListener};
use apply_cookies::{Clock, LateListener};
use tokio::sync::{Notify, broadcast, watch};

use super::table::{Outcome, Settled, Table};

/// How long a receipt is kept after its token's end, in milliseconds.
const KEEP_MS: u64 = 60_000;

/// The most events that a reader may be behind.
const BEHIND_MAX: usize = 4096;

/// What is settled, and who waits for it.
pub(crate) struct Receipts {
    clock: Clock,
    inner: Mutex<Inner>,
    events: broadcast::Sender<(ReceiptId, Settled)>,
    closing: watch::Sender<bool>,
}

struct Inner {
    table: Table,
    waiting: HashMap<ReceiptId, Vec<Arc<Notify>>>,
}

impl Receipts {
    /// For tokens that live no longer than this.
    pub(crate) fn new(clock: Clock, max_lifetime: Lifetime) -> Self {
        // A token is claimed at the earliest when it is issued, by a clock that may be ahead.
        let keep = max_lifetime.as_millis() + SKEW_MS + KEEP_MS;
        Self {
            clock,
            inner: Mutex::new(Inner {
                table: Table::new(keep),
                waiting: HashMap::new(),
            }),
            events: broadcast::Sender::new(BEHIND_MAX),
            closing: watch::Sender::new(false),
        }
    }

    /// From now on nobody waits any more.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    pub(super) async fn closed(&self) {
        // An error would mean that the sender is gone, which is here.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    /// Everything that is settled from now on.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<(ReceiptId, Settled)> {
        self.events.subscribe()
    }

    /// Those that are settled. If there are none, waits this long for the first.
    pub(super) async fn wait(
        &self,
        ids: &[ReceiptId],
        patience: Duration,
    ) -> Vec<(ReceiptId, Settled)> {
        let waiter = {
            let mut inner = self.lock();
            let settled = inner.settled(ids);
            if !settled.is_empty() || ids.is_empty() || patience.is_zero() {
                return settled;
            }
            let notify = Arc::new(Notify::new());
            for id in ids {
                inner.waiting.entry(*id).or_default().push(notify.clone());
            }
            Waiter {
                receipts: self,
                ids,
                notify,
            }
        };
        let first = async {
            tokio::select! {
                () = waiter.notify.notified() => {}
                () = self.closed() => {}
            }
        };
        let _ = timeout(patience, first).await;
        drop(waiter);
        self.lock().settled(ids)
    }

    fn settle(&self, nonce: Nonce, outcome: Outcome) {
        let id = ReceiptId::from_nonce(nonce);
        let at = self.clock.now().get();
        let settled = Settled { outcome, at };
        let waiting = {
            let mut inner = self.lock();
            if !inner.table.insert(id, settled) {
                return;
            }
            // Under the lock, so that readers hear of it in the order of `at`.
            let _ = self.events.send((id, settled));
            inner.waiting.remove(&id)
        };
        for notify in waiting.into_iter().flatten() {
            notify.notify_one();
        }
    }

    // Nothing between lock and unlock can panic halfway through a change.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn settled(&self, ids: &[ReceiptId]) -> Vec<(ReceiptId, Settled)> {
        let known = |id: &ReceiptId| Some((*id, self.table.get(*id)?));
        ids.iter().filter_map(known).collect()
    }
}

impl ClaimListener for Receipts {
    fn claimed(&self, nonce: Nonce, barrier: BarrierAnswer) {
        self.settle(nonce, barrier.into());
    }
}

impl LateListener for Receipts {
    fn late(&self, nonce: Nonce, expires_at: UnixMillis) {
        // Later it may be forgotten that it was redeemed in time.
        if self.clock.now() < expires_at.plus(KEEP_MS) {
            self.settle(nonce, Outcome::Expired);
        }
    }
}

/// Waits until it is dropped.
struct Waiter<'w> {
    receipts: &'w Receipts,
    ids: &'w [ReceiptId],
    notify: Arc<Notify>,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut inner = self.receipts.lock();
        for id in self.ids {
            if let Some(waiting) = inner.waiting.get_mut(id) {
                waiting.retain(|one| !Arc::ptr_eq(one, &self.notify));
                if waiting.is_empty() {
                    inner.waiting.remove(id);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const NOW: u64 = 1_795_000_000_000;

    fn receipts() -> (Receipts, Arc<AtomicU64>) {
        let hands = Arc::new(AtomicU64::new(NOW));
        let shown = hands.clone();
        let clock = Clock::from_fn(move || UnixMillis::EPOCH.plus(shown.load(Ordering::SeqCst)));
        (Receipts::new(clock, Lifetime::default()), hands)
    }

    fn nonce(n: u8) -> Nonce {
        Nonce::from_random([n; 16])
    }

    #[tokio::test]
    async fn a_retry_and_a_late_post_settle_nothing_new() {
        let (receipts, hands) = receipts();
        let mut events = receipts.subscribe();
        let id = ReceiptId::from_nonce(nonce(1));
        receipts.claimed(nonce(1), BarrierAnswer::NoRoom);
        hands.store(NOW + 90_000, Ordering::SeqCst);
        receipts.claimed(nonce(1), BarrierAnswer::Raised);
        receipts.late(nonce(1), UnixMillis::EPOCH.plus(NOW + 60_000));
        let settled = Settled {
            outcome: Outcome::ReleasedWithoutBarrier,
            at: NOW,
        };
        assert_eq!(receipts.wait(&[id], Duration::ZERO).await, [(id, settled)]);
        assert_eq!(events.try_recv().unwrap(), (id, settled));
        assert!(events.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_token_that_is_posted_within_a_minute_of_its_end_has_expired() {
        for (late, known) in [(0, true), (59_999, true), (60_000, false)] {
            let (receipts, hands) = receipts();
            let end = UnixMillis::EPOCH.plus(NOW);
            hands.store(NOW + late, Ordering::SeqCst);
            receipts.late(nonce(1), end);
            let id = ReceiptId::from_nonce(nonce(1));
            let settled = receipts.wait(&[id], Duration::ZERO).await;
            assert_eq!(!settled.is_empty(), known, "{late} ms late");
        }
    }

    #[tokio::test]
    async fn whoever_waits_hears_of_the_first_and_leaves_nothing_behind() {
        let (receipts, _) = receipts();
        let ids = [1, 2, 3].map(|n| ReceiptId::from_nonce(nonce(n)));
        let patience = Duration::from_secs(20);
        let (settled, ()) = tokio::join!(receipts.wait(&ids, patience), async {
            tokio::task::yield_now().await;
            assert_eq!(receipts.lock().waiting.len(), 3);
            receipts.claimed(nonce(2), BarrierAnswer::NotAsked);
        });
        assert_eq!(settled.len(), 1);
        assert_eq!(settled[0].0, ids[1]);
        assert!(receipts.lock().waiting.is_empty());
        // One that gives up.
        let given_up = timeout(Duration::from_millis(1), receipts.wait(&ids[..1], patience));
        assert!(given_up.await.is_err());
        assert!(receipts.lock().waiting.is_empty());
        // Nobody waits for a service that stops.
        receipts.close();
        assert!(receipts.wait(&ids[..1], patience).await.is_empty());
    }
}
