//! Sessions that are older than the store, or another store's.

use apply_cookies_protocol::limits::SKEW_MS;

use crate::conformance::maker::{Outcome, Verdict};
use crate::conformance::revocations::maker::StoreMaker;
use crate::conformance::revocations::world::{Person, World};
use crate::conformance::world::{ensure, foreign_scope};
use crate::revocation::Standing::{BeforeHorizon, Revoked, Valid};
use crate::revocations::Revocations;

pub(in crate::conformance::revocations) fn horizon<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let start = maker.start();
    let horizon = maker.wait(world.store.horizon());
    ensure(matches!(horizon, Ok(horizon) if horizon == start), || {
        format!("a store that was made at {start:?} has the horizon {horizon:?}")
    })?;
    for (n, (after, expected)) in [
        (0, BeforeHorizon),
        (1, BeforeHorizon),
        (SKEW_MS - 1, BeforeHorizon),
        (SKEW_MS, Valid),
        (SKEW_MS + 1, Valid),
    ]
    .into_iter()
    .enumerate()
    {
        let mut session = world.session(Person(n as u64), start.plus(after));
        session.scope = None;
        let what = format!("of no scope, begun {after} ms after the store");
        world.expect(&what, session, expected)?;
        session.since = start.minus(after + 1);
        world.expect("begun before the store", session, BeforeHorizon)?;
    }
    Ok(Verdict::Held)
}

pub(in crate::conformance::revocations) fn scope<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::new(maker);
    if world.store.scope().is_some() {
        let early = world.begin(Person(1))?;
        world.expect(
            "of the store's own scope, in its first millisecond",
            early,
            Valid,
        )?;
        world.revoke(&[Person(1).session()], None)?;
        world.expect("of the store's own scope, revoked", early, Revoked)?;
    }
    world.advance(60_000);
    let mut foreign = world.begin(Person(2))?;
    foreign.scope = Some(foreign_scope());
    world.expect("of another scope", foreign, BeforeHorizon)?;
    Ok(Verdict::Held)
}
