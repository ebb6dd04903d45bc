//! The questions that wait for a connection.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, oneshot};

use super::question::{Group, Kind, Memory};
use super::reply::{Answer, Reply};
use super::trouble::Why;

/// The most questions that may wait at a time. No server has more requests than that either.
const WAITING_MAX: usize = 65_536;

/// A question that waits, and the one who asked. Nobody receives the answer when the client has
/// gone away; what was asked for still happens.
pub(super) struct Waiting<K: Kind> {
    pub(super) question: K::Question,
    pub(super) reply: Reply<K>,
}

/// Questions of one group, and those who asked them, in the same order.
pub(super) struct Batch<K: Kind> {
    pub(super) group: Group,
    pub(super) questions: Vec<K::Question>,
    pub(super) replies: Vec<Reply<K>>,
}

/// Answers those with an error who have waited too long. What they asked for may still happen.
pub(super) fn expire<K: Kind>(replies: &mut [Reply<K>], why: impl Fn() -> Why) {
    let now = Instant::now();
    for reply in replies {
        if reply.is_open() && reply.deadline <= now {
            reply.fail(why().into());
        }
    }
}

/// Somebody who asks what the server remembers.
pub(super) struct MemoryReply {
    pub(super) sender: oneshot::Sender<Answer<Memory>>,
    pub(super) deadline: Instant,
}

/// What a lane does next.
pub(super) enum Work<K: Kind> {
    Memory(Vec<MemoryReply>),
    Batch(Batch<K>),
}

pub(super) struct Inbox<K: Kind> {
    waiting: Mutex<Queues<K>>,
    /// Wakes a lane.
    arrived: Notify,
    /// Wakes the one who looks for questions that have waited too long.
    first: Notify,
}

struct Queues<K: Kind> {
    groups: BTreeMap<Group, VecDeque<Waiting<K>>>,
    memory: Vec<MemoryReply>,
    count: usize,
    /// Nobody will ask any more.
    closed: bool,
    /// The thread is gone.
    abandoned: bool,
}

impl<K: Kind> Default for Inbox<K> {
    fn default() -> Self {
        Self {
            waiting: Mutex::new(Queues {
                groups: BTreeMap::new(),
                memory: Vec::new(),
                count: 0,
                closed: false,
                abandoned: false,
            }),
            arrived: Notify::new(),
            first: Notify::new(),
        }
    }
}

impl<K: Kind> Queues<K> {
    fn is_empty(&self) -> bool {
        self.count == 0 && self.memory.is_empty()
    }

    fn check(&self) -> Result<(), Why> {
        if self.abandoned {
            return Err(Why::new("the store's thread has ended"));
        }
        if self.count + self.memory.len() >= WAITING_MAX {
            return Err(Why::new("too many claims are waiting for the server"));
        }
        Ok(())
    }
}

impl<K: Kind> Inbox<K> {
    fn lock(&self) -> MutexGuard<'_, Queues<K>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(
        &self,
        group: Group,
        question: K::Question,
        reply: Reply<K>,
    ) -> Result<(), Why> {
        self.add(|queues| {
            queues.count += 1;
            let queue = queues.groups.entry(group).or_default();
            queue.push_back(Waiting { question, reply });
        })
    }

    pub(super) fn ask_memory(&self, reply: MemoryReply) -> Result<(), Why> {
        self.add(|queues| queues.memory.push(reply))
    }

    fn add(&self, add: impl FnOnce(&mut Queues<K>)) -> Result<(), Why> {
        let mut queues = self.lock();
        queues.check()?;
        let first = queues.is_empty();
        add(&mut queues);
        drop(queues);
        self.arrived.notify_one();
        if first {
            self.first.notify_one();
        }
        Ok(())
    }

    /// Puts questions that are not answered back in front of the others, to be asked again.
    pub(super) fn put_back(&self, batch: Batch<K>) {
        let pairs = batch.questions.into_iter().zip(batch.replies);
        let open: Vec<_> = pairs.filter(|(_, reply)| reply.is_open()).collect();
        if open.is_empty() {
            return;
        }
        let mut queues = self.lock();
        queues.count += open.len();
        let queue = queues.groups.entry(batch.group).or_default();
        for (question, reply) in open.into_iter().rev() {
            queue.push_front(Waiting { question, reply });
        }
        drop(queues);
        self.arrived.notify_one();
        self.first.notify_one();
    }

    /// Takes what has waited longest, and up to `most` questions of its group.
    pub(super) fn take(&self, most: usize) -> Option<Work<K>> {
        let mut queues = self.lock();
        let oldest = queues
            .groups
            .iter()
            .filter_map(|(group, queue)| Some((queue.front()?.reply.deadline, *group)))
            .min();
        // Those who only look must not keep out those who claim.
        if let Some(first) = queues.memory.first()
            && oldest.is_none_or(|(deadline, _)| first.deadline < deadline)
        {
            return Some(Work::Memory(std::mem::take(&mut queues.memory)));
        }
        let (_, group) = oldest?;
        let queue = queues.groups.get_mut(&group)?;
        let count = queue.len().min(most);
        let (questions, replies) = queue
            .drain(..count)
            .map(|waiting| (waiting.question, waiting.reply))
            .unzip();
        if queue.is_empty() {
            queues.groups.remove(&group);
        }
        queues.count -= count;
        // The other lane may take the rest.
        if !queues.is_empty() {
            self.arrived.notify_one();
        }
        Some(Work::Batch(Batch {
            group,
            questions,
            replies,
        }))
    }

    pub(super) fn len(&self) -> usize {
        self.lock().count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Waits until something may have arrived.
    pub(super) async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Waits until something may have arrived in an empty inbox.
    pub(super) async fn first_arrival(&self) {
        self.first.notified().await;
    }

    /// Answers everybody whose time is over with an error.
    pub(super) fn expire(&self, why: impl Fn() -> Why) {
        self.fail_where(why, |deadline, now| deadline <= now);
    }

    /// Answers everybody with an error.
    pub(super) fn fail_all(&self, why: &Why) {
        self.fail_where(|| why.clone(), |_, _| true);
    }

    /// Answers those who ask about the memory with an error.
    pub(super) fn fail_memory(&self, why: &Why) {
        for reply in std::mem::take(&mut self.lock().memory) {
            let _ = reply.sender.send(Err(why.clone().into()));
        }
    }

    fn fail_where(&self, why: impl Fn() -> Why, over: impl Fn(Instant, Instant) -> bool) {
        let now = Instant::now();
        let mut failed = Vec::new();
        let mut queues = self.lock();
        let queues = &mut *queues;
        for queue in queues.groups.values_mut() {
            // In any order: of two lanes, the one with the older questions may put them back first.
            if queue
                .iter()
                .any(|waiting| over(waiting.reply.deadline, now))
            {
                let all = std::mem::take(queue).into_iter();
                let (late, left): (VecDeque<_>, _) = all.partition(|w| over(w.reply.deadline, now));
                *queue = left;
                failed.extend(late.into_iter().map(|waiting| waiting.reply));
            }
        }
        queues.groups.retain(|_, queue| !queue.is_empty());
        queues.count -= failed.len();
        for reply in queues.memory.extract_if(.., |r| over(r.deadline, now)) {
            let _ = reply.sender.send(Err(why().into()));
        }
        for mut reply in failed {
            reply.fail(why().into());
        }
    }

    /// Nobody will ask any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
        self.arrived.notify_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The thread is gone: nobody is answered any more.
    pub(super) fn abandon(&self) {
        self.lock().abandoned = true;
        self.fail_all(&Why::new("the store's thread has ended"));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use apply_cookies_protocol::{Lifetime, Nonce, UnixMillis};

    use super::*;
    use crate::answer::ClaimAnswer;
    use crate::claim::Claim;
    use crate::remote::claims::{Claims, Sender};
    use crate::remote::question::{Asked, Question};

    /// An inbox, and what asks it in turn.
    struct Desk {
        inbox: Inbox<Claims>,
        begun: Instant,
        asked: u64,
    }

    impl Desk {
        fn new() -> Self {
            Self {
                inbox: Inbox::default(),
                begun: Instant::now(),
                asked: 0,
            }
        }

        fn deadline(&mut self) -> Instant {
            self.asked += 1;
            self.begun + Duration::from_millis(self.asked)
        }

        fn claim(&mut self, generation: u64) -> oneshot::Receiver<Answer<ClaimAnswer>> {
            let (sender, answered) = oneshot::channel();
            let nonce = Nonce::from_random([u8::try_from(self.asked).unwrap(); 16]);
            let life = Lifetime::default();
            let (from, until) = (UnixMillis::EPOCH, UnixMillis::EPOCH.plus(life.as_millis()));
            let question = Question::Claim(Asked::new(Claim::new(nonce, from, until, life, from)));
            let group = Group {
                generation,
                ..Group::default()
            };
            let reply = Reply::new(Sender::Claim(sender), self.deadline());
            self.inbox.put(group, question, reply).unwrap();
            answered
        }

        fn memory(&mut self) -> oneshot::Receiver<Answer<Memory>> {
            let (sender, answered) = oneshot::channel();
            let deadline = self.deadline();
            let reply = MemoryReply { sender, deadline };
            self.inbox.ask_memory(reply).unwrap();
            answered
        }

        /// How many claims of which generation are next; none for those who only look.
        fn next(&self, most: usize) -> Option<(u64, usize)> {
            match self.inbox.take(most).expect("something") {
                Work::Batch(batch) => Some((batch.group.generation, batch.questions.len())),
                Work::Memory(_) => None,
            }
        }
    }

    #[test]
    fn what_has_waited_longest_is_next_with_others_of_its_group() {
        let mut desk = Desk::new();
        let _claims = [1, 2, 1, 1].map(|generation| desk.claim(generation));
        let _look = desk.memory();
        let _later = desk.claim(3);
        assert_eq!(desk.next(2), Some((1, 2)));
        assert_eq!(desk.next(2), Some((2, 1)));
        assert_eq!(desk.next(2), Some((1, 1)));
        assert_eq!(desk.next(2), None); // whoever only looks keeps nobody out
        assert_eq!(desk.next(2), Some((3, 1)));
        assert!(desk.inbox.is_empty() && desk.inbox.take(2).is_none());
    }

    #[test]
    fn what_is_asked_again_is_the_first_of_its_group() {
        let mut desk = Desk::new();
        let _claims = [1, 1, 1].map(|generation| desk.claim(generation));
        let Some(Work::Batch(batch)) = desk.inbox.take(2) else {
            panic!("no batch");
        };
        let first = format!("{:?}", batch.questions);
        desk.inbox.put_back(batch);
        assert_eq!(desk.inbox.len(), 3);
        let Some(Work::Batch(batch)) = desk.inbox.take(2) else {
            panic!("no batch");
        };
        assert_eq!(format!("{:?}", batch.questions), first);
    }

    #[test]
    fn nobody_waits_longer_because_of_what_was_put_back_later_or_is_under_way() {
        let mut desk = Desk::new();
        let why = || Why::new("late");
        let mut old = desk.claim(1);
        desk.begun += Duration::from_secs(3_600);
        let mut young = desk.claim(1);
        let batches = [(); 2].map(|()| match desk.inbox.take(1) {
            Some(Work::Batch(batch)) => batch,
            _ => panic!("no batch"),
        });
        for batch in batches {
            desk.inbox.put_back(batch);
        }
        std::thread::sleep(Duration::from_millis(3));
        desk.inbox.expire(why);
        assert!(old.try_recv().unwrap().is_err());
        assert!(young.try_recv().is_err(), "still waits");

        desk.begun -= Duration::from_secs(3_600);
        let mut old = desk.claim(1);
        std::thread::sleep(Duration::from_millis(5));
        let Some(Work::Batch(mut batch)) = desk.inbox.take(2) else {
            panic!("no batch");
        };
        expire(&mut batch.replies, why);
        assert!(old.try_recv().unwrap().is_err());
        assert!(young.try_recv().is_err(), "still waits");
        desk.inbox.put_back(batch);
        assert_eq!(desk.inbox.len(), 1, "the other is not asked again");
    }

    #[test]
    fn nobody_waits_longer_than_told_or_for_a_thread_that_is_gone() {
        let mut desk = Desk::new();
        let why = Why::new("late");
        let (mut claim, mut look) = (desk.claim(1), desk.memory());
        desk.begun += Duration::from_secs(3_600);
        let mut patient = desk.claim(1);
        std::thread::sleep(Duration::from_millis(3));
        desk.inbox.expire(|| why.clone());
        assert!(claim.try_recv().unwrap().is_err());
        assert!(look.try_recv().unwrap().is_err());
        assert!(patient.try_recv().is_err(), "still waits");
        desk.inbox.abandon();
        assert!(patient.try_recv().unwrap().is_err());
        let (sender, _answered) = oneshot::channel();
        let deadline = desk.begun;
        assert!(
            desk.inbox
                .ask_memory(MemoryReply { sender, deadline })
                .is_err()
        );
    }
}
