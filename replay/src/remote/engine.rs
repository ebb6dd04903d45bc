//! The thread of a store on a server, and its handle.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures_util::future::{Either, join, select};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::backoff::Backoff;
use super::claims::{Claims, Sender};
use super::inbox::MemoryReply;
use super::lane::Lane;
use super::question::{Asked, Kind, Question};
use super::reply::Reply;
use super::revoking::{self, Request, Revoking};
use super::server::{QuestionOf, Server};
use super::shared::Shared;
use super::trouble::Why;
use crate::answer::{ClaimAnswer, StoreError};
use crate::barrier::{Barrier, Raising};
use crate::claim::Claim;
use crate::clock::Clock;
use crate::future::{
    BarrierFuture, ClaimFuture, HorizonFuture, MomentFuture, StandingFuture, StandingsFuture,
    StoreFuture,
};
use crate::listeners::{ClaimListener, RevocationListener};
use crate::revocation::{Revocation, SessionCheck, Standing};
use crate::revocations::Revocations;
use crate::store::ReplayStore;

impl<S: Server> Shared<S> {
    /// Works until the handle is gone and everybody is answered.
    async fn work(&self) {
        let lanes = join(Lane::new(self, true).run(), Lane::new(self, false).run());
        let others = join(self.expire(), self.hear());
        if let Either::Right(((never, _), _)) = select(pin!(lanes), pin!(others)).await {
            match never {}
        }
    }

    /// Answers those who have waited too long.
    async fn expire(&self) -> Infallible {
        let pause = self.server.limits().timeout / 8;
        loop {
            if self.inbox.is_empty() {
                self.inbox.first_arrival().await;
            }
            sleep(pause).await;
            self.inbox.expire(|| self.why_late());
        }
    }

    /// Hears of other processes, once somebody listens.
    async fn hear(&self) -> Infallible {
        self.listening.notified().await;
        let mut backoff = Backoff::default();
        loop {
            let begun = Instant::now();
            let trouble = self.server.hear(&self.listeners, &self.clock).await;
            tracing::debug!(server = ?self.server, error = %trouble.why(), "hears nothing of other processes for now");
            if begun.elapsed() > Duration::from_secs(5) {
                backoff.reset();
            }
            sleep(backoff.next().max(Duration::from_millis(10))).await;
        }
    }
}

/// A store on a server: the handle. Dropping it lets the thread answer what waits, and end.
pub(crate) struct Remote<S: Server>(Arc<Shared<S>>);

/// Even if the thread panics, nobody waits for it.
struct Abandon<S: Server>(Arc<Shared<S>>);

impl<S: Server> Drop for Abandon<S> {
    fn drop(&mut self) {
        self.0.inbox.abandon();
    }
}

impl<S: Server> Remote<S> {
    /// Starts the thread. It connects by itself, and again whenever it must.
    pub(crate) fn start(server: S, clock: Clock) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(server, clock));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let theirs = Abandon(shared.clone());
        std::thread::Builder::new()
            .name(S::NAME.to_owned())
            .spawn(move || {
                let theirs = theirs;
                runtime.block_on(theirs.0.work());
            })?;
        Ok(Self(shared))
    }

    pub(crate) fn server(&self) -> &S {
        &self.0.server
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.0.server.limits().timeout
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask<'a, T: Send + 'a>(
        &self,
        question: QuestionOf<S>,
        sender: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> <S::Kind as Kind>::Sender,
    ) -> StoreFuture<'a, T> {
        let (answer, answered) = oneshot::channel();
        let group = self.0.server.group(&question);
        let reply = Reply::new(sender(answer), self.deadline());
        let put = self.0.inbox.put(group, question, reply);
        match put {
            Ok(()) => StoreFuture::new(received(answered)),
            Err(why) => StoreFuture::ready(Err(why.into())),
        }
    }
}

impl<S: Server> Remote<S> {
    /// Adds a listener.
    pub(crate) fn add(&self, listener: Weak<<S::Kind as Kind>::Listener>) {
        self.0.listeners.add(listener);
        self.0.listening.notify_one();
    }

    /// The moment since which the server remembers everything.
    pub(crate) fn remembers_since(&self) -> HorizonFuture<'_> {
        let (sender, answered) = oneshot::channel();
        let deadline = self.deadline();
        if let Err(why) = self.0.inbox.ask_memory(MemoryReply { sender, deadline }) {
            return HorizonFuture::ready(Err(why.into()));
        }
        let clock = &self.0.clock;
        StoreFuture::new(async {
            let memory = received(answered).await?;
            Ok(memory.remembers_since(clock.now()))
        })
    }
}

async fn received<T>(answered: oneshot::Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
    let gone = |_| Err(Why::new("the store's thread has ended").into());
    answered.await.unwrap_or_else(gone)
}

impl<S: Server<Kind = Claims>> ReplayStore for Remote<S> {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        // A store without a scope knows no token that has one.
        if claim.scope.is_some() {
            return ClaimFuture::ready(Ok(ClaimAnswer::BeforeHorizon));
        }
        self.ask(Question::Claim(Asked::new(claim)), Sender::Claim)
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        let raising = Raising::of_nobody(&barrier);
        self.ask(Question::Barrier(raising), Sender::Barrier)
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.add(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.remembers_since()
    }
}

impl<S: Server<Kind = Revoking>> Revocations for Remote<S> {
    fn now(&self) -> MomentFuture<'_> {
        self.ask(Request::Begin, revoking::Sender::Moment)
    }

    fn revoke(&self, revocation: Revocation) -> MomentFuture<'_> {
        let request = Request::Revoke(Box::new(revocation));
        self.ask(request, revoking::Sender::Moment)
    }

    fn check(&self, session: SessionCheck) -> StandingFuture<'_> {
        let standings = self.check_all(&[session]);
        StoreFuture::new(async {
            let standing = standings.await?.first().copied();
            Ok(standing.unwrap_or(Standing::BeforeHorizon))
        })
    }

    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_> {
        // A store without a scope knows no session that has one.
        let has_scope: Vec<bool> = sessions.iter().map(|one| one.scope.is_some()).collect();
        let asked = sessions.iter().filter(|one| one.scope.is_none()).copied();
        let asked: Box<[SessionCheck]> = asked.collect();
        if asked.is_empty() {
            return StoreFuture::ready(Ok(vec![Standing::BeforeHorizon; sessions.len()]));
        }
        let standings = self.ask(Request::Check(asked), revoking::Sender::Standings);
        StoreFuture::new(async move {
            let mut standings = standings.await?.into_iter();
            let standing = |has_scope: &bool| {
                let known = (!has_scope).then(|| standings.next()).flatten();
                known.unwrap_or(Standing::BeforeHorizon)
            };
            Ok(has_scope.iter().map(standing).collect())
        })
    }

    fn listen(&self, listener: Weak<dyn RevocationListener>) {
        self.add(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.remembers_since()
    }
}

impl<S: Server> Drop for Remote<S> {
    fn drop(&mut self) {
        self.0.inbox.close();
    }
}

impl<S: Server> fmt::Debug for Remote<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.server.fmt(f)
    }
}
