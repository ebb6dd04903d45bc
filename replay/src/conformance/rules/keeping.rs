//! A store that is full, has room again, or is reopened.

use apply_cookies_protocol::limits::SKEW_MS;

use crate::answer::ClaimAnswer::{AlreadyUsed, BeforeHorizon, BehindBarrier};
use crate::answer::StoreError;
use crate::claim::{Claim, MARGIN_MS};
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{
    FIRST, LIFE, RAISED, RAISED_AGAIN, RETRY, Vary, World, ensure, sign_out,
};
use crate::store::ReplayStore;

impl<M: StoreMaker> World<'_, M> {
    /// Claims until the store is full, and returns how many entries fit.
    pub(super) fn fill(&self) -> Result<u64, String> {
        for n in 0..100_000 {
            match self.try_claim(self.token(n).by(n)) {
                Ok(FIRST) => {}
                Err(StoreError::Full) => return Ok(n),
                answer => return Err(format!("a fresh nonce: {answer:?}")),
            }
        }
        Err("a store that is called small took 100,000 entries".to_owned())
    }
}

pub(in crate::conformance) fn full<M: StoreMaker>(maker: &M) -> Outcome {
    let Some(world) = World::small(maker) else {
        return Ok(Verdict::NotApplicable);
    };
    let ear = world.ear();
    let held = world.fill()?;
    for n in held..2 * held {
        let refused = world.token(n).by(n);
        let answer = world.try_claim(refused);
        ensure(matches!(answer, Err(StoreError::Full)), || {
            format!("a full store answered {answer:?}")
        })?;
    }
    for n in 0..held {
        let token = world.token(n);
        world.expect("a retry in a full store", token.by(n), RETRY)?;
        world.expect("a used nonce in a full store", token.by(n + 1), AlreadyUsed)?;
    }
    for n in held..2 * held {
        ensure(ear.heard_of(world.token(n).nonce).is_none(), || {
            "told of a claim for which there was no room".to_owned()
        })?;
    }
    Ok(Verdict::Held)
}

pub(in crate::conformance) fn room_again<M: StoreMaker>(maker: &M) -> Outcome {
    let Some(world) = World::small(maker) else {
        return Ok(Verdict::NotApplicable);
    };
    for _ in 0..3 {
        let held = world.fill()?;
        ensure(held > 0, || {
            "no room, though everything has expired".to_owned()
        })?;
        // Twice the life of the tokens: a store forgets in portions.
        world.advance(2 * LIFE + SKEW_MS + MARGIN_MS);
        let answer = world.try_claim(world.token(1_000_000));
        ensure(matches!(answer, Ok(FIRST)), || {
            format!("everything has expired, and yet: {answer:?}")
        })?;
        world.advance(2 * LIFE + SKEW_MS + MARGIN_MS);
    }
    Ok(Verdict::Held)
}

pub(in crate::conformance) fn reopened<M: StoreMaker>(maker: &M) -> Outcome {
    let mut world = World::settled(maker);
    let own = world.store.scope();
    let (with_id, without, older) = (
        world.token(0).of(1),
        world.token(1).of(1),
        world.token(2).of(2),
    );
    let scoped = world.token(3).of(1).scoped(own);
    let older_alone = world.token(5).of(3);
    world.advance(1);
    let out = world.token(4).of(2).barrier();
    for claim in [with_id.by(1), without, scoped.by(1)] {
        world.expect("a fresh nonce", claim, FIRST)?;
    }
    world.expect("a barrier", out.by(1), RAISED)?;
    world.expect_raised("one without a token", sign_out(3, world.now()))?;
    for times in 1..=3 {
        world.advance(1_000);
        let Some(reopened) = world.reopened() else {
            return Ok(Verdict::NotApplicable);
        };
        world = reopened;
        let horizon = maker
            .wait(world.store.horizon())
            .map_err(|error| format!("no horizon: {error:?}"))?;
        // It may have lost its content, if it says so.
        let knows = |claim: Claim| match claim.scope {
            Some(_) => claim.scope == world.store.scope(),
            None => claim.issued_at >= horizon.plus(SKEW_MS),
        };
        for (claim, expected) in [
            (with_id.by(1), RETRY),
            (with_id.by(2), AlreadyUsed),
            (with_id, AlreadyUsed),
            (without, AlreadyUsed),
            (without.by(1), AlreadyUsed),
            (scoped.by(1), RETRY),
            (scoped.by(2), AlreadyUsed),
            (older.by(1), BehindBarrier),
            (older_alone.by(1), BehindBarrier),
            (out.by(1), RAISED_AGAIN),
        ] {
            let expected = if knows(claim) {
                expected
            } else {
                BeforeHorizon
            };
            let what = format!("opened {times} times, {claim:?}");
            world.expect(&what, claim, expected)?;
        }
    }
    Ok(Verdict::Held)
}
