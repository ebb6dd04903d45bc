//! A listener hears of every claim, once it is certain, and of nothing else.

use apply_cookies_protocol::limits::LIFETIME_MAX_MS;

use crate::answer::BarrierAnswer::{NotAsked, Raised};
use crate::answer::ClaimAnswer::{AlreadyUsed, BeforeHorizon, BehindBarrier};
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{
    FIRST, RAISED, RAISED_AGAIN, Vary, World, ensure, foreign_scope, token,
};

pub(in crate::conformance) fn listeners<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let (one, other) = (world.ear(), world.ear());
    drop(world.ear()); // gone
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
    world.expect("the barrier's retry", sign_out, RAISED_AGAIN)?;
    world.expect("under another id", sign_out.by(2), AlreadyUsed)?;
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
        ensure(one.heard_of(claim.nonce).is_none(), || {
            format!("told of a claim that was refused: {claim:?}")
        })?;
    }
    Ok(Verdict::Held)
}
