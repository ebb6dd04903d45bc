//! Tokens that are too old: before the horizon, or of another scope.

use apply_cookies_protocol::StoreScope;
use apply_cookies_protocol::limits::{LIFETIME_MAX_MS, SKEW_MS};

use crate::answer::ClaimAnswer::{AlreadyUsed, BeforeHorizon};
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{
    FIRST, HOUR, RETRY, SETTLED, Vary, World, ensure, foreign_scope, token,
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
