//! Tokens that are too old: before the horizon, of another scope, behind a barrier.

use apply_cookies_protocol::StoreScope;
use apply_cookies_protocol::limits::{LIFETIME_MAX_MS, SKEW_MS};

use crate::answer::ClaimAnswer::{AlreadyUsed, BeforeHorizon};
use crate::claim::MARGIN_MS;
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{
    FIRST, HOUR, LIFE, RETRY, SETTLED, Vary, World, ensure, foreign_scope, token,
};
use crate::store::ReplayStore;

pub(in crate::conformance) fn horizon<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::new(maker);
    let made_at = world.now();
    let horizon = maker
        .wait(world.store.horizon())
        .map_err(|error| format!("no horizon: {error:?}"))?;
    ensure(horizon >= made_at, || {
        format!("made at {made_at:?}, with a horizon at {horizon:?}")
    })?;
    let before = [0, SETTLED, SETTLED + HOUR].map(|after| made_at.plus(after));
    let ages = [HOUR, 60_000, 1, 0].map(|age| made_at.minus(age));
    let last = horizon.plus(SKEW_MS).minus(1);
    for now in before {
        world.hands.set(now);
        for (n, issued_at) in (0..).zip(ages.into_iter().chain([last])) {
            let token = token(n, issued_at, LIFETIME_MAX_MS).of(1).by(1);
            world.expect(
                "issued before the horizon, or within the skew",
                token,
                BeforeHorizon,
            )?;
        }
    }
    let token = token(9, last.plus(1), LIFETIME_MAX_MS).of(1).by(1);
    world.expect("issued behind horizon and skew", token, FIRST)?;
    Ok(Verdict::Held)
}

pub(in crate::conformance) fn scope<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::new(maker);
    let own = world.store.scope();
    if own.is_some() {
        let token = world.token(0).of(1).scoped(own);
        world.expect("the own scope, at once", token.by(1), FIRST)?;
        world.expect("the own scope, as a retry", token.by(1), RETRY)?;
        world.expect("the own scope, used", token.by(2), AlreadyUsed)?;
        world.advance(SETTLED);
        // A token of another process carries none.
        let token = world.token(1).of(1).by(1);
        world.expect("no scope", token, FIRST)?;
    }
    // The store's own scope with a single bit changed, and an unrelated one.
    let near = own.map(|scope| {
        let mut bytes = scope.to_bytes();
        bytes[15] ^= 1;
        StoreScope::from_random(bytes)
    });
    for after in [0, SETTLED, HOUR] {
        world.advance(after);
        for (n, other) in (2..).zip([near, Some(foreign_scope())]) {
            if other.is_some() {
                let token = world.token(n).of(1).by(1).scoped(other);
                world.expect("another scope", token, BeforeHorizon)?;
            }
        }
    }
    Ok(Verdict::Held)
}

pub(in crate::conformance) fn barrier<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let old = world.token(0).of(1).by(1);
    let used = world.token(1).of(1).by(1);
    world.expect("before the barrier", used, FIRST)?;
    world.advance(100);
    let same_moment = world.token(2).of(1).by(1);
    let of_another = world.token(3).of(2).by(1);
    let of_nobody = world.token(4).by(1);
    let sign_out = world.token(5).of(1).by(1).barrier();
    world.advance(100);
    world.expect("the barrier", sign_out, FIRST)?;
    for n in 0..2 {
        world.expect("an older token", old, BeforeHorizon)?;
        world.expect("the retry of an older token", used, BeforeHorizon)?;
        world.expect("one of the same millisecond", same_moment, BeforeHorizon)?;
        world.expect("the barrier's own retry", sign_out, RETRY)?;
        world.expect("the barrier under another id", sign_out.by(2), AlreadyUsed)?;
        let younger = token(10 + n, sign_out.issued_at.plus(1), LIFE).of(1).by(1);
        world.expect("a younger token", younger, FIRST)?;
    }
    world.expect("an older one of another browser", of_another, FIRST)?;
    world.expect("an older one without a binding", of_nobody, FIRST)?;

    // A barrier that arrives late must not lower the one already there.
    let between = token(20, sign_out.issued_at.plus(50), LIFE).of(1).by(1);
    let late = token(21, sign_out.issued_at.plus(100), LIFE).of(1).by(1);
    world.expect("a second barrier", late.barrier(), FIRST)?;
    let lower = token(22, sign_out.issued_at.plus(40), LIFE).of(1).by(1);
    world.expect("a barrier behind it", lower.barrier(), BeforeHorizon)?;
    world.expect("between the two", between, BeforeHorizon)?;
    world.expect("the first barrier's retry", sign_out, BeforeHorizon)?;

    // Without a binding there is nobody to sign out.
    let unbound = world.token(30).by(1);
    world.expect("an unbound barrier", world.token(31).by(1).barrier(), FIRST)?;
    world.expect("an unbound token beside it", unbound, FIRST)?;
    Ok(Verdict::Held)
}

pub(in crate::conformance) fn barrier_lasts<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let issued_at = world.now();
    let sign_out = world.token(0).of(1).barrier();
    world.advance(1);
    world.expect("the barrier", sign_out, FIRST)?;
    for (n, hours) in (1..).zip([0, 1, 2, 11, 12, 13, 23]) {
        world.hands.set(issued_at.plus(hours * HOUR).plus(1));
        let day = |n, issued_at| token(n, issued_at, LIFETIME_MAX_MS);
        let older = day(n, issued_at).of(1).by(1);
        world.expect("an older token of a day's life", older, BeforeHorizon)?;
        let younger = day(100 + n, issued_at.plus(1)).of(1).by(1);
        world.expect("a younger one", younger, FIRST)?;
        let other = day(200 + n, issued_at).of(2).by(1);
        world.expect("one of another browser", other, FIRST)?;
    }
    // The last moment at which an older token can be on its way.
    let end = issued_at.plus(LIFETIME_MAX_MS + SKEW_MS + MARGIN_MS);
    world.hands.set(end.minus(1));
    let older = token(300, issued_at, LIFETIME_MAX_MS).of(1).by(1);
    world.expect_refusal("an older token in its last moment", older)?;
    Ok(Verdict::Held)
}
