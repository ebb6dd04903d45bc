//! A listener hears of every claim, and of nothing else.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use apply_cookies_protocol::Nonce;
use apply_cookies_protocol::limits::LIFETIME_MAX_MS;

use crate::answer::BarrierAnswer::{self, NotAsked, Raised};
use crate::answer::ClaimAnswer::{BeforeHorizon, BehindBarrier};
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{FIRST, RAISED, Vary, World, ensure, foreign_scope, token};
use crate::listeners::ClaimListener;
use crate::store::ReplayStore;

/// Records what it hears.
#[derive(Default)]
pub(super) struct Ear(Mutex<Vec<(Nonce, BarrierAnswer)>>);

impl Ear {
    pub(super) fn has_heard(&self, nonce: Nonce) -> bool {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().any(|(claimed, _)| *claimed == nonce)
    }

    /// Whether it has heard of the claim with this answer, and with no other.
    fn has_heard_rightly(&self, nonce: Nonce, barrier: BarrierAnswer) -> bool {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut said = heard
            .iter()
            .filter(|(claimed, _)| *claimed == nonce)
            .peekable();
        said.peek().is_some() && said.all(|(_, said)| *said == barrier)
    }

    /// The same, within seconds: a shared store may hear of its own claims through its server.
    pub(super) fn comes_to_hear(&self, nonce: Nonce, barrier: BarrierAnswer) -> bool {
        comes_true(|| self.has_heard_rightly(nonce, barrier))
    }
}

impl ClaimListener for Ear {
    fn claimed(&self, nonce: Nonce, barrier: BarrierAnswer) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push((nonce, barrier));
    }
}

fn comes_true(what: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while !what() {
        if started.elapsed() > Duration::from_secs(5) {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

pub(in crate::conformance) fn listeners<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let (one, other, gone) = <(Arc<Ear>, Arc<Ear>, Arc<Ear>)>::default();
    for ear in [&one, &other, &gone] {
        let ear: Weak<Ear> = Arc::downgrade(ear);
        world.store.listen(ear);
    }
    drop(gone);
    let (with_id, without) = (world.token(0).of(1).by(1), world.token(1));
    let refused = world.token(2).by(1).scoped(Some(foreign_scope()));
    let ancient = token(3, maker.start().minus(1), LIFETIME_MAX_MS).by(1);
    let behind = world.token(4).of(1).by(1);
    world.advance(1);
    let sign_out = world.token(5).of(1).by(1).barrier();
    world.expect("another scope", refused, BeforeHorizon)?;
    world.expect("before the horizon", ancient, BeforeHorizon)?;
    for (claim, answer) in [(with_id, FIRST), (without, FIRST), (sign_out, RAISED)] {
        world.expect("a fresh nonce", claim, answer)?;
    }
    world.expect("behind the barrier", behind, BehindBarrier)?;
    let last = world.token(6).by(1);
    world.expect("a fresh nonce", last, FIRST)?;
    for (ear, claim) in [&one, &other]
        .into_iter()
        .flat_map(|ear| [with_id, without, sign_out, last].map(|claim| (ear, claim)))
    {
        let barrier = if claim.barrier { Raised } else { NotAsked };
        ensure(ear.comes_to_hear(claim.nonce, barrier), || {
            format!("nobody was told, or not the truth, of {claim:?}")
        })?;
    }
    for claim in [refused, ancient, behind] {
        ensure(!one.has_heard(claim.nonce), || {
            format!("told of a claim that was refused: {claim:?}")
        })?;
    }
    Ok(Verdict::Held)
}
