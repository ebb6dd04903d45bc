//! A listener hears of every claim, and of nothing else.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use apply_cookies_protocol::Nonce;
use apply_cookies_protocol::limits::LIFETIME_MAX_MS;

use crate::answer::ClaimAnswer::BeforeHorizon;
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{FIRST, Vary, World, ensure, foreign_scope, token};
use crate::listeners::ClaimListener;
use crate::store::ReplayStore;

/// Records what it hears.
#[derive(Default)]
pub(super) struct Ear(Mutex<Vec<Nonce>>);

impl Ear {
    pub(super) fn has_heard(&self, nonce: Nonce) -> bool {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.contains(&nonce)
    }
}

impl ClaimListener for Ear {
    fn claimed(&self, nonce: Nonce) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push(nonce);
    }
}

/// Whether it becomes true within seconds: a shared store may hear of its own claims through its
/// server.
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
    for claim in [with_id, without, sign_out] {
        world.expect("a fresh nonce", claim, FIRST)?;
    }
    world.expect("behind the barrier", behind, BeforeHorizon)?;
    let last = world.token(6).by(1);
    world.expect("a fresh nonce", last, FIRST)?;
    for (ear, claim) in [&one, &other]
        .into_iter()
        .flat_map(|ear| [with_id, without, sign_out, last].map(|claim| (ear, claim)))
    {
        ensure(comes_true(|| ear.has_heard(claim.nonce)), || {
            format!("nobody was told of {claim:?}")
        })?;
    }
    for claim in [refused, ancient, behind] {
        ensure(!one.has_heard(claim.nonce), || {
            format!("told of a claim that was refused: {claim:?}")
        })?;
    }
    Ok(Verdict::Held)
}
