//! The work on one connection: connect, ask, answer, and forget what is over.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use apply_cookies_protocol::UnixMillis;
use tokio::time::{sleep, timeout};

use super::backoff::{Backoff, fraction};
use super::inbox::{Batch, MemoryReply, Work, expire};
use super::question::{Group, Kind};
use super::server::{DecisionOf, Forgotten, ListenersOf, QuestionOf, Server};
use super::shared::Shared;
use super::standing::Errand;
use super::trouble::Trouble;

/// How long to give a server to free what it was told to forget.
const FREEING: Duration = Duration::from_millis(10);

/// The most times that a lane waits for more questions, each time until the other threads that are
/// ready have run.
const GATHER_TURNS: usize = 16;

/// One of the connections on which questions are asked.
pub(super) struct Lane<'s, S: Server> {
    shared: &'s Shared<S>,
    link: Option<S::Link>,
    backoff: Backoff,
    /// When to forget, on the lane that does.
    forget_at: Option<Instant>,
}

impl<'s, S: Server> Lane<'s, S> {
    /// `forgets` if this lane forgets for all.
    pub(super) fn new(shared: &'s Shared<S>, forgets: bool) -> Self {
        Self {
            shared,
            link: None,
            backoff: Backoff::default(),
            // At once: whoever finds no horizon writes one, and it should be early.
            forget_at: forgets.then(Instant::now),
        }
    }

    /// Works until nobody asks any more.
    pub(super) async fn run(mut self) {
        loop {
            if self.shared.inbox.is_empty() && !self.must_forget() {
                if self.shared.inbox.is_closed() {
                    self.shared.inbox.close(); // wakes the other lane
                    return;
                }
                self.rest().await;
                continue;
            }
            let done = match self.connected().await {
                Ok(()) => self.step().await,
                Err(trouble) => Err((Errand::Connect, trouble)),
            };
            let Err((errand, trouble)) = done else {
                continue;
            };
            if !matches!(trouble, Trouble::Busy(_) | Trouble::Full) {
                self.link = None;
            }
            self.shared.down(errand, &trouble);
            if self.shared.inbox.is_closed() {
                self.shared.inbox.fail_all(&trouble.why());
                return;
            }
            sleep(self.backoff.next()).await;
        }
    }

    /// Waits until there is something to do.
    async fn rest(&self) {
        let arrival = self.shared.inbox.arrival();
        match self.forget_at {
            Some(at) => drop(timeout(at - Instant::now(), arrival).await),
            None => arrival.await,
        }
    }

    fn must_forget(&self) -> bool {
        self.forget_at.is_some_and(|at| at <= Instant::now())
    }

    async fn connected(&mut self) -> Result<(), Trouble> {
        if self.link.is_none() {
            let server = &self.shared.server;
            let connecting = timeout(server.limits().connect, server.connect());
            let link = connecting
                .await
                .unwrap_or_else(|_| Err(Trouble::lost("no connection within the time for one")))?;
            self.link = Some(link);
            self.shared.up(Errand::Connect);
        }
        Ok(())
    }

    /// Forgets if it is time, and asks one batch.
    async fn step(&mut self) -> Result<(), (Errand, Trouble)> {
        if self.must_forget() {
            let forgot = self.forget().await;
            self.done(Errand::Forget, forgot)?;
        }
        gather(|| self.shared.inbox.len()).await;
        match self.shared.inbox.take(self.shared.server.limits().batch) {
            Some(Work::Batch(batch)) => {
                let asked = self.ask(batch).await;
                self.done(Errand::Decide, asked)
            }
            Some(Work::Memory(replies)) => {
                let asked = self.ask_memory(replies).await;
                self.done(Errand::Memory, asked)
            }
            None => Ok(()),
        }
    }

    /// Pauses grow until nothing is in the way: a connection alone shortens none, nor does what a
    /// server answers that refuses something else.
    fn done(
        &mut self,
        errand: Errand,
        asked: Result<(), Trouble>,
    ) -> Result<(), (Errand, Trouble)> {
        match asked {
            Ok(()) => {
                if self.shared.up(errand) {
                    self.backoff.reset();
                }
                Ok(())
            }
            // Its questions are answered: nothing is asked again.
            Err(Trouble::Full) => {
                self.shared.refused(Trouble::Full.why());
                Ok(())
            }
            Err(trouble) => Err((errand, trouble)),
        }
    }

    async fn forget(&mut self) -> Result<(), Trouble> {
        // Processes that were started together do not all come at once.
        let pause = self.shared.server.limits().sweep.mul_f64(0.5 + fraction());
        // Also if it fails: claims matter more.
        self.forget_at = Some(Instant::now() + pause);
        let Some(link) = &mut self.link else {
            return Ok(());
        };
        let (server, now) = (&self.shared.server, self.shared.clock.now());
        bounded(server, server.memory(link, now)).await?;
        if forget(self.shared, link).await? == Forgotten::Some {
            self.forget_at = Some(Instant::now());
        }
        Ok(())
    }

    async fn ask(&mut self, mut batch: Batch<S::Kind>) -> Result<(), Trouble> {
        match self.decide_in_time(&mut batch).await {
            Ok(decisions) => {
                let is_full = decisions.iter().any(S::Kind::is_full);
                answer::<S>(batch, decisions, &self.shared.listeners);
                if is_full { Err(Trouble::Full) } else { Ok(()) }
            }
            Err(Trouble::Refused(why)) => {
                self.shared.refused(why.clone());
                for mut reply in batch.replies {
                    reply.fail(why.clone().into());
                }
                Err(Trouble::Refused(why))
            }
            Err(trouble) => {
                self.shared.inbox.put_back(batch);
                Err(trouble)
            }
        }
    }

    /// Decides a batch. Those who have waited too long meanwhile are answered with an error: neither a
    /// slow server nor a question that is always under way keeps them longer.
    async fn decide_in_time(
        &mut self,
        batch: &mut Batch<S::Kind>,
    ) -> Result<Vec<DecisionOf<S>>, Trouble> {
        let shared = self.shared;
        let pause = shared.server.limits().timeout / 8;
        let mut deciding = pin!(self.decide(batch.group, &batch.questions));
        loop {
            let decided = timeout(pause, &mut deciding).await;
            if !matches!(decided, Ok(Ok(_))) {
                expire(&mut batch.replies, || shared.why_late());
            }
            if let Ok(decided) = decided {
                return decided;
            }
        }
    }

    async fn decide(
        &mut self,
        group: Group,
        questions: &[QuestionOf<S>],
    ) -> Result<Vec<DecisionOf<S>>, Trouble> {
        let link = self
            .link
            .as_mut()
            .ok_or_else(|| Trouble::lost("no connection"))?;
        let (server, now) = (&self.shared.server, self.shared.clock.now());
        let sweeps = self.shared.sweeps.load(Ordering::Relaxed);
        let mut decisions = decide(server, link, group, questions, now).await?;
        // Without room: perhaps something is over, and nobody has looked since.
        if decisions.iter().any(S::Kind::lacks_room) {
            if forget(self.shared, link).await.is_err() {
                self.link = None;
                return Ok(decisions);
            }
            // By this lane or by the other one.
            if self.shared.sweeps.load(Ordering::Relaxed) == sweeps {
                return Ok(decisions);
            }
            // A server may free memory behind its answer.
            sleep(FREEING).await;
            let again = decide(server, link, group, questions, now).await?;
            let pairs = decisions.into_iter().zip(again);
            decisions = pairs
                .map(|(first, again)| {
                    if S::Kind::lacks_room(&first) {
                        S::Kind::then(first, again)
                    } else {
                        first
                    }
                })
                .collect();
        }
        Ok(decisions)
    }

    async fn ask_memory(&mut self, replies: Vec<MemoryReply>) -> Result<(), Trouble> {
        let Some(link) = &mut self.link else {
            return Ok(());
        };
        let (server, now) = (&self.shared.server, self.shared.clock.now());
        let memory = bounded(server, server.memory(link, now)).await;
        // It may remember everything, and take nothing new.
        let refusing = self.shared.why_refusing();
        for reply in replies {
            let answer = match (&memory, &refusing) {
                (Err(trouble), _) => Err(trouble.why().into()),
                (Ok(_), Some(why)) => Err(why.clone().into()),
                (Ok(memory), None) => Ok(*memory),
            };
            let _ = reply.sender.send(answer);
        }
        memory.map(drop)
    }
}

/// Waits for an answer, but not for ever. Whatever comes later is not read: the connection is
/// closed.
async fn bounded<S: Server, T>(
    server: &S,
    answer: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    let patience = server.limits().patience();
    timeout(patience, answer)
        .await
        .unwrap_or_else(|_| Err(Trouble::lost("the server does not answer")))
}

async fn forget<S: Server>(shared: &Shared<S>, link: &mut S::Link) -> Result<Forgotten, Trouble> {
    let now = shared.clock.now();
    let forgotten = bounded(&shared.server, shared.server.forget(link, now)).await?;
    if forgotten != Forgotten::Nothing {
        shared.sweeps.fetch_add(1, Ordering::Relaxed);
    }
    Ok(forgotten)
}

/// Asks, and waits for an answer to each question.
async fn decide<S: Server>(
    server: &S,
    link: &mut S::Link,
    group: Group,
    questions: &[QuestionOf<S>],
    now: UnixMillis,
) -> Result<Vec<DecisionOf<S>>, Trouble> {
    match bounded(server, server.decide(link, group, questions, now)).await {
        Ok(decisions) if decisions.len() == questions.len() => Ok(decisions),
        Ok(_) => Err(Trouble::lost(
            "the server answered another number of questions",
        )),
        Err(Trouble::Full) => Ok(questions.iter().map(|_| S::Kind::full()).collect()),
        Err(trouble) => Err(trouble),
    }
}

/// Callers that were just answered come back at once, one after the other: without this pause half
/// of them would miss the batch, every time.
async fn gather(waiting: impl Fn() -> usize) {
    let mut count = waiting();
    for _ in 0..GATHER_TURNS {
        std::thread::yield_now();
        tokio::task::yield_now().await;
        let more = waiting();
        if more == count {
            return;
        }
        count = more;
    }
}

fn answer<S: Server>(
    batch: Batch<S::Kind>,
    decisions: Vec<DecisionOf<S>>,
    listeners: &ListenersOf<S>,
) {
    let pairs = batch.questions.into_iter().zip(batch.replies);
    for ((question, reply), decision) in pairs.zip(decisions) {
        reply.answer(question, decision, listeners);
    }
}
