//! A replay store whose claims are timed and whose failures are counted.

use std::sync::{Arc, Weak};
use std::time::Instant;

use apply_cookies::protocol::StoreScope;
use apply_cookies::replay::{
    Barrier, BarrierFuture, Claim, ClaimFuture, ClaimListener, HorizonFuture, ReplayStore,
    StoreError,
};
use metrics::{counter, histogram};

pub(crate) struct Measured(pub(crate) Arc<dyn ReplayStore>);

impl ReplayStore for Measured {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        let begun = Instant::now();
        let answer = self.0.claim(claim);
        ClaimFuture::new(async move {
            let answer = answer.await;
            histogram!("apply_cookies_replay_claim_duration_seconds").record(begun.elapsed());
            if let Err(error) = &answer {
                count(error);
            }
            answer
        })
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        let answer = self.0.raise_barrier(barrier);
        BarrierFuture::new(async move { answer.await.inspect_err(count) })
    }

    fn scope(&self) -> Option<StoreScope> {
        self.0.scope()
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.0.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.0.horizon()
    }
}

fn count(error: &StoreError) {
    let kind = match error {
        StoreError::Full => "full",
        StoreError::Broken(_) => "broken",
        _ => "unavailable",
    };
    counter!("apply_cookies_replay_errors_total", "kind" => kind).increment(1);
}
