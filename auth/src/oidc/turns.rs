//! Turns at a provider: a few exchanges at once, and fewer of one network, so that no stranger keeps all
//! the others waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::refusal::{Refusal, RefusalCode};

/// How many exchanges run at once: more would only wait at the provider.
const AT_ONCE: usize = 16;
/// How many of those are of one network.
const OF_ONE: usize = 4;
/// How long one waits for its turn.
const LONGEST: Duration = Duration::from_secs(5);

pub(super) struct Turns {
    all: Semaphore,
    /// Those of each network that waits or has a turn.
    networks: Mutex<HashMap<u64, Weak<Semaphore>>>,
}

/// A turn, which ends when this is dropped.
pub(crate) struct Turn<'a> {
    _own: OwnedSemaphorePermit,
    _of_all: SemaphorePermit<'a>,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self {
            all: Semaphore::new(AT_ONCE),
            networks: Mutex::default(),
        }
    }

    /// Waits for one of the network's own first: nobody else has more than four of one network ahead.
    pub(super) async fn take(&self, network: u64) -> Result<Turn<'_>, Refusal> {
        let own = self.of(network);
        let both = async {
            let own = own.acquire_owned().await?;
            let of_all = self.all.acquire().await?;
            Ok::<_, AcquireError>(Turn {
                _own: own,
                _of_all: of_all,
            })
        };
        let turn = tokio::time::timeout(LONGEST, both).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| {
            let why = "sixteen exchanges, or four of this network, have not ended for five seconds";
            Refusal::new(RefusalCode::Unavailable).because(why)
        })
    }

    fn of(&self, network: u64) -> Arc<Semaphore> {
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = networks.get(&network).and_then(Weak::upgrade) {
            return own;
        }
        networks.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(OF_ONE));
        networks.insert(network, Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn taken(turns: &Turns, network: u64) -> Turn<'_> {
        turns.take(network).await.unwrap()
    }

    #[tokio::test]
    async fn of_one_network_four_run_and_the_others_wait_for_nobody_else() {
        let turns = Turns::new();
        let mut own = Vec::new();
        for _ in 0..OF_ONE {
            own.push(taken(&turns, 1).await);
        }
        let waiting = async {
            let _turn = taken(&turns, 1).await;
        };
        let others = async {
            let mut others = Vec::new();
            for network in [2, 2, 3, 3, 4] {
                others.push(taken(&turns, network).await);
            }
            // Only now does one of the four end.
            own.pop();
        };
        tokio::join!(waiting, others);
        tokio::time::pause();
        let _again = taken(&turns, 1).await;
        let refusal = turns.take(1).await.err().unwrap();
        assert_eq!(refusal.code(), RefusalCode::Unavailable);
    }

    #[tokio::test]
    async fn sixteen_run_at_once_and_those_who_have_gone_are_forgotten() {
        let turns = Turns::new();
        let mut all = Vec::new();
        for number in 0..AT_ONCE {
            all.push(taken(&turns, number as u64).await);
        }
        tokio::time::pause();
        let refusal = turns.take(99).await.err().unwrap();
        assert_eq!(refusal.code(), RefusalCode::Unavailable);
        all.pop();
        let _last = taken(&turns, 98).await;
        all.clear();
        drop(taken(&turns, 97).await);
        assert_eq!(turns.networks.lock().unwrap().len(), 2);
    }
}
