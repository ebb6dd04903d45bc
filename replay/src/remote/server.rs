//! The part of a shared store that differs from server to server.

use std::fmt::Debug;
use std::time::Duration;

use apply_cookies_protocol::UnixMillis;

use super::question::{Group, Kind, Memory};
use super::trouble::Trouble;
use crate::clock::Clock;
use crate::listeners::Listeners;

/// Limits of a store on a server. Each is a setting in its URL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long to wait for a connection.
    pub(crate) connect: Duration,
    /// How long a caller waits in all.
    pub(crate) timeout: Duration,
    /// The most questions that are asked together.
    pub(crate) batch: usize,
    /// The most barriers that are kept.
    pub(crate) barriers: u64,
    /// How often to look for what can be forgotten, on average.
    pub(crate) sweep: Duration,
}

impl Limits {
    /// How long to wait for the answer to one batch: so that the same can be asked once more.
    pub(crate) fn patience(&self) -> Duration {
        self.timeout / 2
    }
}

/// What came of forgetting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgotten {
    /// Nothing was over.
    Nothing,
    /// Everything that was over, and there was some.
    All,
    /// Some of what was over.
    Some,
}

pub(crate) type QuestionOf<S> = <<S as Server>::Kind as Kind>::Question;
pub(crate) type DecisionOf<S> = <<S as Server>::Kind as Kind>::Decision;
pub(crate) type ListenersOf<S> = Listeners<<<S as Server>::Kind as Kind>::Listener>;

/// A kind of server, and where it is.
pub(crate) trait Server: Debug + Send + Sync + 'static {
    /// What it is asked.
    type Kind: Kind;

    /// One connection.
    type Link;

    /// The name of the thread, at most 15 bytes.
    const NAME: &'static str;

    fn limits(&self) -> &Limits;

    /// The group of a question.
    fn group(&self, question: &QuestionOf<Self>) -> Group;

    /// Connects, and checks that the server can keep the contract.
    async fn connect(&self) -> Result<Self::Link, Trouble>;

    /// Decides questions of one group in order, and remembers them. An answer for each.
    async fn decide(
        &self,
        link: &mut Self::Link,
        group: Group,
        questions: &[QuestionOf<Self>],
        now: UnixMillis,
    ) -> Result<Vec<DecisionOf<Self>>, Trouble>;

    /// Reads what the server remembers, after noting a horizon where there is none.
    async fn memory(&self, link: &mut Self::Link, now: UnixMillis) -> Result<Memory, Trouble>;

    /// Forgets what no token can ask for any more, or some of it.
    async fn forget(&self, link: &mut Self::Link, now: UnixMillis) -> Result<Forgotten, Trouble>;

    /// Tells listeners of what all processes do, on a connection of its own, until that breaks: of
    /// claims also those of the time before it was connected.
    async fn hear(&self, listeners: &ListenersOf<Self>, clock: &Clock) -> Trouble;
}
