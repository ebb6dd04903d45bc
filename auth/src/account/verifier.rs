//! Where hashes are computed: on threads of their own, a few at once, within a bound of memory.
//!
//! Strangers and browsers that have signed in before wait in two lanes. Strangers leave a core and
//! its memory free where there are several, and where there is one the others go first: however many
//! passwords strangers send, those whom the app knows wait for one verification at most.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::hash::PasswordHash;
use super::parameters::Parameters;
use crate::password::Password;

/// Memory for each core: one hash of werkzeug's takes as much.
const MEMORY_PER_CORE: usize = 33 * 1024 * 1024;
/// How many may wait in a lane, for each core.
const WAITING_PER_CORE: usize = 8;
/// How many of one network or account may be in a lane, for each core: half of them.
const OF_ONE_PER_CORE: usize = 4;

/// Who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Stranger,
    Known,
}

/// What is computed.
pub(crate) enum Work {
    Verify(PasswordHash, Password),
    Make(Password),
}

/// What came out.
pub(crate) enum Done {
    Verified(bool),
    Made(PasswordHash),
}

/// Full: the lane, or what one network or account may take of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Computes hashes. At most as many at once as there are cores, and in all with at most 33 MiB of
/// memory for each; a hash that needs more than its lane has is computed when the lane is empty.
#[derive(Clone)]
pub(crate) struct Verifier(Arc<Shared>);

struct Shared {
    cores: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    strangers: LaneState,
    known: LaneState,
    most_memory: usize,
    /// How many hashes of each cost were verified.
    verified: BTreeMap<Parameters, u64>,
}

#[derive(Default)]
struct LaneState {
    running: usize,
    memory: usize,
    /// Whose they are, those that run and those that wait.
    groups: Vec<[u8; 16]>,
    waiting: VecDeque<Job>,
}

struct Job {
    lane: Lane,
    group: [u8; 16],
    work: Work,
    answer: oneshot::Sender<Done>,
}

impl Work {
    fn memory(&self) -> usize {
        match self {
            Self::Verify(hash, _) => hash.parameters().memory(),
            Self::Make(_) => Parameters::NEW.memory(),
        }
    }
}

impl Verifier {
    pub(crate) fn new() -> Self {
        Self::with_cores(std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
    }

    pub(crate) fn with_cores(cores: usize) -> Self {
        Self(Arc::new(Shared {
            cores,
            state: Mutex::default(),
        }))
    }

    /// Computes it as soon as there is room. `group` is the network of a stranger, or the account of
    /// somebody known. Dropping the future leaves alone what is being computed already.
    pub(crate) async fn run(&self, lane: Lane, group: [u8; 16], work: Work) -> Result<Done, Full> {
        let (answer, done) = oneshot::channel();
        self.0.clone().take(Job {
            lane,
            group,
            work,
            answer,
        })?;
        // Without an answer where a thread could not be started.
        done.await.map_err(|_| Full)
    }

    /// How many hashes of each cost were verified so far.
    pub(crate) fn verified(&self) -> BTreeMap<Parameters, u64> {
        self.0.state().verified.clone()
    }

    /// The most memory that was in use at once, in bytes.
    pub(crate) fn most_memory(&self) -> usize {
        self.0.state().most_memory
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}

impl State {
    fn lane(&mut self, lane: Lane) -> &mut LaneState {
        match lane {
            Lane::Stranger => &mut self.strangers,
            Lane::Known => &mut self.known,
        }
    }

    /// Whether a job may start now, beside those that run.
    fn has_room(&self, cores: usize, lane: Lane, memory: usize) -> bool {
        let (strangers, known) = (&self.strangers, &self.known);
        // The core that is left free is not for strangers.
        let own = cores.saturating_sub(1).max(1);
        match lane {
            Lane::Stranger => {
                strangers.running < own
                    && strangers.running + known.running < cores
                    && (strangers.running == 0
                        || strangers.memory + memory <= own * MEMORY_PER_CORE)
            }
            Lane::Known => {
                let used = strangers.memory + known.memory;
                strangers.running + known.running < cores
                    && (known.running == 0 || used + memory <= cores * MEMORY_PER_CORE)
            }
        }
    }

    /// The next job that may start: those of the known first.
    fn next(&mut self, cores: usize) -> Option<Job> {
        for lane in [Lane::Known, Lane::Stranger] {
            // Nobody waits any more for these.
            while (self.lane(lane).waiting.front()).is_some_and(|job| job.answer.is_closed()) {
                if let Some(left) = self.lane(lane).waiting.pop_front() {
                    self.leave(lane, &left.group);
                }
            }
            let memory = self.lane(lane).waiting.front().map(|job| job.work.memory());
            if memory.is_some_and(|memory| self.has_room(cores, lane, memory)) {
                let job = self.lane(lane).waiting.pop_front()?;
                self.start(&job);
                return Some(job);
            }
        }
        None
    }

    fn start(&mut self, job: &Job) {
        let lane = self.lane(job.lane);
        lane.running += 1;
        lane.memory += job.work.memory();
        let memory = self.strangers.memory + self.known.memory;
        self.most_memory = self.most_memory.max(memory);
    }

    fn leave(&mut self, lane: Lane, group: &[u8; 16]) {
        let groups = &mut self.lane(lane).groups;
        if let Some(at) = groups.iter().position(|one| one == group) {
            groups.swap_remove(at);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self: Arc<Self>, job: Job) -> Result<(), Full> {
        let mut state = self.state();
        let lane = state.lane(job.lane);
        let of_one = lane.groups.iter().filter(|one| **one == job.group).count();
        if of_one >= OF_ONE_PER_CORE * self.cores
            || lane.waiting.len() >= WAITING_PER_CORE * self.cores
        {
            return Err(Full);
        }
        lane.groups.push(job.group);
        lane.waiting.push_back(job);
        let next = state.next(self.cores);
        drop(state);
        next.map_or(Ok(()), |job| self.spawn(job))
    }

    /// Threads are started when there is work and end with it: one takes 50 µs to start, and the
    /// cheapest of the usual hashes 30 ms.
    fn spawn(self: Arc<Self>, job: Job) -> Result<(), Full> {
        let running = Running::new(self, &job);
        std::thread::Builder::new()
            .name("password".to_owned())
            .spawn(move || work(running, job))
            .map(drop)
            .map_err(|_| Full)
    }
}

/// A job's place among those that run, which is free again when this is dropped.
struct Running {
    shared: Arc<Shared>,
    lane: Lane,
    group: [u8; 16],
    memory: usize,
}

impl Running {
    fn new(shared: Arc<Shared>, job: &Job) -> Self {
        Self {
            shared,
            lane: job.lane,
            group: job.group,
            memory: job.work.memory(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        let lane = state.lane(self.lane);
        lane.running -= 1;
        lane.memory -= self.memory;
        state.leave(self.lane, &self.group);
    }
}

/// Computes this, and then what waits.
fn work(running: Running, job: Job) {
    let shared = running.shared.clone();
    let mut next = Some((running, job));
    while let Some((running, Job { work, answer, .. })) = next.take() {
        let done = match work {
            Work::Verify(hash, password) => {
                let is_right = hash.verify(&password);
                *shared
                    .state()
                    .verified
                    .entry(hash.parameters())
                    .or_insert(0) += 1;
                Done::Verified(is_right)
            }
            Work::Make(password) => Done::Made(PasswordHash::make(&password)),
        };
        drop(running);
        // Nobody may be waiting any more.
        let _ = answer.send(done);
        next = shared
            .state()
            .next(shared.cores)
            .map(|job| (Running::new(shared.clone(), &job), job));
        // Smaller ones may fit into what a large one has left.
        let more = shared.state().next(shared.cores);
        if let Some(job) = more {
            let _ = shared.clone().spawn(job);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    const SLOW: Parameters = Parameters::Scrypt {
        log_n: 13,
        r: 8,
        p: 1,
    };

    fn verify() -> Work {
        Work::Verify(PasswordHash::dummy(SLOW), Password::new("guess").unwrap())
    }

    fn group(number: u8) -> [u8; 16] {
        [number; 16]
    }

    #[tokio::test]
    async fn strangers_fill_their_queue_and_no_more() {
        let verifier = Verifier::with_cores(2);
        let all = (0..100).map(|number| verifier.run(Lane::Stranger, group(number), verify()));
        let answers = join_all(all).await;
        let heard = answers.iter().filter(|answer| answer.is_ok()).count();
        // One runs and sixteen wait; perhaps the first has ended before the last has come.
        assert!((17..30).contains(&heard), "{heard}");
        assert_eq!(verifier.verified()[&SLOW], heard as u64);
        assert_eq!(verifier.most_memory(), SLOW.memory());
    }

    #[tokio::test]
    async fn of_one_network_a_few_wait() {
        let verifier = Verifier::with_cores(1);
        let flood = (0..100).map(|_| verifier.run(Lane::Stranger, group(1), verify()));
        let (answers, honest) = tokio::join!(
            join_all(flood),
            verifier.run(Lane::Stranger, group(2), verify())
        );
        let heard = answers.iter().filter(|answer| answer.is_ok()).count();
        assert!((4..10).contains(&heard), "{heard}");
        assert!(honest.is_ok());
    }

    /// In each of these, strangers keep every place that they may have.
    #[tokio::test]
    async fn the_known_go_first() {
        for cores in [1, 2, 4] {
            let verifier = Verifier::with_cores(cores);
            let flood: Vec<_> = (0..40)
                .map(|number| {
                    let verifier = verifier.clone();
                    tokio::spawn(async move {
                        verifier.run(Lane::Stranger, group(number), verify()).await
                    })
                })
                .collect();
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(verifier.run(Lane::Known, group(1), verify()).await.is_ok());
            let waiting = verifier.0.state().strangers.waiting.len();
            assert!(waiting > 0, "{cores} cores: all strangers came first");
            let memory = verifier.most_memory();
            assert!(memory <= cores * MEMORY_PER_CORE, "{memory}");
            join_all(flood).await;
        }
    }

    #[tokio::test]
    async fn a_hash_larger_than_the_bound_is_verified_alone() {
        let large = Parameters::Argon2id {
            memory_kib: 100 * 1024,
            passes: 1,
            lanes: 1,
        };
        let verifier = Verifier::with_cores(2);
        let work = || Work::Verify(PasswordHash::dummy(large), Password::new("").unwrap());
        let all = (0..3).map(|number| verifier.run(Lane::Stranger, group(number), work()));
        assert!(join_all(all).await.iter().all(Result::is_ok));
        assert_eq!(verifier.most_memory(), large.memory());
    }

    #[tokio::test]
    async fn those_who_have_gone_are_not_verified() {
        let verifier = Verifier::with_cores(1);
        let gone: Vec<_> = (0..8)
            .map(|number| {
                let verifier = verifier.clone();
                tokio::spawn(
                    async move { verifier.run(Lane::Stranger, group(number), verify()).await },
                )
            })
            .collect();
        tokio::task::yield_now().await;
        gone.iter().for_each(tokio::task::JoinHandle::abort);
        join_all(gone).await;
        assert!(
            verifier
                .run(Lane::Stranger, group(9), verify())
                .await
                .is_ok()
        );
        let heard = verifier.verified()[&SLOW];
        assert!(heard < 9, "{heard}");
        assert!(verifier.0.state().strangers.groups.is_empty());
    }
}
