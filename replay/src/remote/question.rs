//! Questions to a server, and its answers.

use apply_cookies_protocol::{RedemptionDigest, UnixMillis};

use crate::answer::{BarrierAnswer, ClaimAnswer, StoreError};
use crate::barrier::Raising;
use crate::claim::{self, Claim};
use crate::listeners::Listeners;
use crate::random;

/// What is asked of a server, and what it answers: one engine works for claims and for revocations.
pub(crate) trait Kind: 'static {
    type Question: Send;
    type Decision: Send;
    /// The one who asked.
    type Sender: Send;
    /// Who hears of what was decided.
    type Listener: ?Sized + Send + Sync;

    /// The decision where there is no room.
    fn full() -> Self::Decision;

    /// Whether it is that one.
    fn is_full(decision: &Self::Decision) -> bool;

    /// Whether more room would change it.
    fn lacks_room(decision: &Self::Decision) -> bool;

    /// The answer to a question that got one, and was asked again by this store itself.
    fn then(decision: Self::Decision, again: Self::Decision) -> Self::Decision;

    /// Tells listeners and the one who asked.
    fn answer(
        question: Self::Question,
        decision: Self::Decision,
        sender: Option<Self::Sender>,
        listeners: &Listeners<Self::Listener>,
    );

    fn fail(sender: Self::Sender, error: StoreError);
}

/// What a caller wants decided.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    Claim(Asked),
    Barrier(Raising),
}

/// A claim, and the digest under which the server remembers it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) claim: Claim,
    /// That of the redemption id. A claim without one gets random bytes for this call alone: so the
    /// store may ask again after its connection broke, and nobody else can.
    pub(crate) digest: [u8; 16],
}

impl Asked {
    pub(crate) fn new(claim: Claim) -> Self {
        let digest = claim
            .redemption
            .map_or_else(random::bytes, RedemptionDigest::to_bytes);
        Self { claim, digest }
    }
}

/// Questions of one group may be asked together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group {
    /// The part of the data that they are about.
    pub(crate) partition: u8,
    /// The end of their generation, where the server keeps generations apart.
    pub(crate) generation: u64,
    /// Whether the tokens have bindings, where that matters: all or none.
    pub(crate) bound: bool,
}

/// A server's answer to a question of the same place in the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Claim(ClaimAnswer),
    /// No room for this claim.
    Full,
    Barrier(BarrierAnswer),
}

/// What a server remembers: since when, and up to when it has forgotten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) horizon: UnixMillis,
    /// In milliseconds since 1970.
    pub(crate) forgotten_until: u64,
}

impl Memory {
    pub(crate) fn remembers_since(self, now: UnixMillis) -> UnixMillis {
        claim::remembers_since(self.horizon, self.forgotten_until, now)
    }
}
