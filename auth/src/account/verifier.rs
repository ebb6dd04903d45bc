//! Where hashes are computed: a few at once, within a bound of memory, and away from the threads that
//! serve requests.
//!
//! There is a slot for each core, with 33 MiB of memory. Strangers and browsers that have signed in
//! before wait in two lanes, and whoever is at the head of a lane takes slots of all: strangers, who
//! have one slot less where there are several, never delay the others by more than one verification.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::throttle::{Key, Permit};

/// The memory of a slot: one hash of werkzeug's takes as much.
const SLOT: usize = 33 * 1024 * 1024;
/// How many may be in a lane, for each core: those that wait and those that run.
const IN_LANE_PER_CORE: usize = 9;
/// How many of one network or account may be among them: half.
const OF_ONE_PER_CORE: usize = 4;

/// Full: the lane, or what one network or account may take of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Computes hashes. At most as many at once as there are cores, and in all with at most 33 MiB of
/// memory for each; a hash that needs more than that is computed alone.
pub(crate) struct Verifier {
    cores: usize,
    strangers: Lane,
    known: Lane,
    all: Slots,
}

struct Lane {
    slots: Slots,
    /// Whose hashes wait or run.
    members: Arc<Mutex<Vec<Key>>>,
}

/// Whoever waits for several is not overtaken; whoever has left does not wait.
struct Slots(Arc<Semaphore>, usize);

impl Slots {
    fn new(number: usize) -> Self {
        Self(Arc::new(Semaphore::new(number)), number)
    }

    /// Waits for as many as a hash needs, or for all.
    async fn take(&self, needed: usize) -> Result<OwnedSemaphorePermit, Full> {
        let number = u32::try_from(needed.min(self.1)).map_err(|_| Full)?;
        let taken = self.0.clone().acquire_many_owned(number).await;
        taken.map_err(|_| Full)
    }
}

/// A place in a lane, which is free again when this is dropped.
struct Place {
    members: Arc<Mutex<Vec<Key>>>,
    key: Key,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = members.iter().position(|one| *one == self.key) {
            members.swap_remove(at);
        }
    }
}

impl Verifier {
    pub(crate) fn new() -> Self {
        Self::with_cores(std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
    }

    pub(crate) fn with_cores(cores: usize) -> Self {
        let lane = |slots| Lane {
            slots: Slots::new(slots),
            members: Arc::default(),
        };
        Self {
            cores,
            strangers: lane(cores.saturating_sub(1).max(1)),
            known: lane(cores),
            all: Slots::new(cores),
        }
    }

    /// Computes something that takes so many bytes of memory, as soon as there is room. Dropping the
    /// future leaves alone what is being computed already.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        permit: &Permit,
        memory: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Full> {
        let (lane, key) = match permit.networks.first() {
            Some(network) => (&self.strangers, *network),
            None => (&self.known, permit.account),
        };
        let place = self.enter(lane, key)?;
        let needed = memory.div_ceil(SLOT).max(1);
        let of_lane = lane.slots.take(needed).await?;
        let of_all = self.all.take(needed).await?;
        let held = (of_all, of_lane, place);
        let work = move || {
            let _held = held;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Full)
    }

    fn enter(&self, lane: &Lane, key: Key) -> Result<Place, Full> {
        let mut members = lane.members.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = members.iter().filter(|one| **one == key).count();
        if of_one >= OF_ONE_PER_CORE * self.cores || members.len() >= IN_LANE_PER_CORE * self.cores
        {
            return Err(Full);
        }
        members.push(key);
        Ok(Place {
            members: lane.members.clone(),
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    /// What runs, by its memory, and the most that it ever was; and how many have run.
    #[derive(Clone, Default)]
    struct Desk(Arc<Mutex<(usize, usize, usize)>>);

    impl Desk {
        async fn run(
            &self,
            verifier: &Verifier,
            permit: Permit,
            memory: usize,
        ) -> Result<(), Full> {
            let desk = self.0.clone();
            let work = move || {
                let mut begun = desk.lock().unwrap();
                begun.0 += memory;
                begun.1 = begun.1.max(begun.0);
                begun.2 += 1;
                drop(begun);
                std::thread::sleep(Duration::from_millis(5));
                desk.lock().unwrap().0 -= memory;
            };
            verifier.run(&permit, memory, work).await
        }

        fn most_memory(&self) -> usize {
            self.0.lock().unwrap().1
        }

        fn have_run(&self) -> usize {
            self.0.lock().unwrap().2
        }
    }

    const MIB: usize = 1024 * 1024;

    fn stranger(network: u64) -> Permit {
        Permit {
            pair: 0,
            account: 0,
            networks: vec![network],
        }
    }

    fn known(account: u64) -> Permit {
        Permit {
            pair: 0,
            account,
            networks: Vec::new(),
        }
    }

    #[tokio::test]
    async fn strangers_fill_their_queue_and_no_more() {
        let (verifier, desk) = (Verifier::with_cores(2), Desk::default());
        let all = (0..100).map(|number| desk.run(&verifier, stranger(number), 32 * MIB));
        let heard = join_all(all).await.iter().filter(|one| one.is_ok()).count();
        assert_eq!((heard, desk.have_run()), (18, 18));
        assert_eq!(
            desk.most_memory(),
            32 * MIB,
            "one at a time: a core is left free"
        );
    }

    #[tokio::test]
    async fn of_one_network_a_few_wait() {
        let (verifier, desk) = (Verifier::with_cores(1), Desk::default());
        let flood = (0..100).map(|_| desk.run(&verifier, stranger(1), MIB));
        let (answers, honest) =
            tokio::join!(join_all(flood), desk.run(&verifier, stranger(2), MIB));
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 4);
        assert!(honest.is_ok());
    }

    /// In each of these, strangers keep every place that they may have.
    #[tokio::test]
    async fn the_known_wait_for_one_verification_of_strangers_at_most() {
        for cores in [1, 2, 4] {
            let (verifier, desk) = (Verifier::with_cores(cores), Desk::default());
            let flood = (0..9 * cores).map(|number| {
                let network = u64::try_from(number).unwrap();
                desk.run(&verifier, stranger(network), 32 * MIB)
            });
            let (_, strangers_before) = tokio::join!(join_all(flood), async {
                desk.run(&verifier, known(1), 32 * MIB).await.unwrap();
                desk.have_run() - 1
            });
            // Those that ran when it came, and perhaps those that began as it ended.
            assert!(
                strangers_before <= 2 * cores,
                "{cores} cores: {strangers_before}"
            );
            assert!(desk.most_memory() <= cores * SLOT, "{}", desk.most_memory());
        }
    }

    /// Small and large ones, from everywhere.
    #[tokio::test]
    async fn memory_is_bounded_as_a_sum() {
        let (verifier, desk) = (Verifier::with_cores(4), Desk::default());
        let sizes = [0, 19, 32, 40, 64, 100, 8].into_iter().cycle();
        let all = (0..60).zip(sizes).map(|(number, size)| {
            let permit = if number % 2 == 0 {
                stranger(number)
            } else {
                known(number)
            };
            desk.run(&verifier, permit, size * MIB)
        });
        assert!(join_all(all).await.iter().all(Result::is_ok));
        let most = desk.most_memory();
        assert!((100 * MIB..=4 * SLOT).contains(&most), "{most}");
    }

    #[tokio::test]
    async fn a_hash_larger_than_the_bound_is_computed_alone() {
        let (verifier, desk) = (Verifier::with_cores(2), Desk::default());
        let all = (0..3).flat_map(|number| {
            let large = desk.run(&verifier, stranger(number), 100 * MIB);
            [large, desk.run(&verifier, known(number), 19 * MIB)]
        });
        assert!(join_all(all).await.iter().all(Result::is_ok));
        assert_eq!(desk.most_memory(), 100 * MIB);
    }

    #[tokio::test]
    async fn those_who_have_gone_are_not_verified() {
        let (verifier, desk) = (Verifier::with_cores(1), Desk::default());
        let gone = join_all((0..8).map(|number| desk.run(&verifier, stranger(number), MIB)));
        // One runs by now, and the others wait.
        assert!(tokio::time::timeout(Duration::ZERO, gone).await.is_err());
        desk.run(&verifier, stranger(9), MIB).await.unwrap();
        assert!(desk.have_run() <= 2, "{}", desk.have_run());
        assert!(verifier.strangers.members.lock().unwrap().is_empty());
    }
}
