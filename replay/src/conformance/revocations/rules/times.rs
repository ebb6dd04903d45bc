//! Moments, and how they are compared.

use crate::conformance::maker::{Outcome, Verdict};
use crate::conformance::revocations::maker::StoreMaker;
use crate::conformance::revocations::world::{Person, World};
use crate::conformance::world::ensure;
use crate::revocation::Standing::{Revoked, Valid};

pub(in crate::conformance::revocations) fn absolute<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let early = world.moment()?;
    world.advance(1_000);
    for (n, given) in [None, Some(early)].into_iter().enumerate() {
        let person = Person(n as u64);
        for subject in [person.session(), person.provider_session()] {
            let at = world.revoke(&[subject], given)?;
            for since in [early, at.minus(1), at, at.plus(1), at.plus(900)] {
                let what = format!("of an absolute subject, begun at {since:?}, revoked at {at:?}");
                world.expect(&what, world.session(person, since), Revoked)?;
            }
        }
    }
    Ok(Verdict::Held)
}

pub(in crate::conformance::revocations) fn timed<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    for n in 0..4 {
        world.advance(1_000);
        let person = Person(n);
        let subject = [person.browser(), person.person()][usize::from(n % 2 == 1)];
        let at = world.revoke(&[subject], None)?;
        for (since, expected) in [
            (at.minus(900), Revoked),
            (at.minus(1), Revoked),
            (at, Revoked),
            (at.plus(1), Valid),
            (at.plus(900), Valid),
        ] {
            let what = format!("of a timed subject, begun at {since:?}, revoked at {at:?}");
            world.expect(&what, world.session(person, since), expected)?;
        }
    }
    Ok(Verdict::Held)
}

/// However the clock is set.
pub(in crate::conformance::revocations) fn moments<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let start = world.hands.now();
    let mut latest = world.moment()?;
    let steps = [
        0, 0, 0, 1, 0, 0, 5_000, 0, 0, -3_000, 0, 0, 100, 0, -900_000, 0, 0, 3_600_000, 0, 0,
    ];
    let mut since_start = 0_i64;
    for (n, step) in steps.iter().cycle().take(200).enumerate() {
        since_start = (since_start + step).max(0);
        world.hands.set(start.plus(since_start.unsigned_abs()));
        let person = Person(n as u64);
        let session = world.begin(person)?;
        ensure(session.since >= latest, || {
            format!("the time goes back from {latest:?} to {:?}", session.since)
        })?;
        let at = world.revoke(&[person.browser()], None)?;
        ensure(at >= session.since, || {
            format!(
                "a session that began at {:?} is revoked at {at:?}",
                session.since
            )
        })?;
        world.expect("a session that was revoked", session, Revoked)?;
        let again = world.begin(person)?;
        ensure(again.since > at, || {
            format!(
                "after a revocation at {at:?} a session begins at {:?}",
                again.since
            )
        })?;
        world.expect("a session that begins afterwards", again, Valid)?;
        latest = again.since;
    }
    Ok(Verdict::Held)
}

/// A moment that another clock has named.
pub(in crate::conformance::revocations) fn given_moment<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let person = Person(1);
    let subject = [person.person()];
    let first = world.begin(person)?;
    world.advance(1_000);
    let second = world.begin(person)?;
    let reported = second.since.minus(1);
    for repeated in 0..3 {
        let at = world.revoke(&subject, Some(reported))?;
        ensure(at == reported, || {
            format!("a revocation as of {reported:?} is recorded as of {at:?}")
        })?;
        let what = format!(
            "begun before a moment that was given {} times",
            repeated + 1
        );
        world.expect(&what, first, Revoked)?;
        world.expect("begun after a moment that was given", second, Valid)?;
        world.advance(1_000);
    }
    // The later one counts, whichever comes first.
    let now = world.revoke(&subject, None)?;
    world.expect("revoked later as of later", second, Revoked)?;
    world.revoke(&subject, Some(reported))?;
    world.expect("revoked as of earlier once more", second, Revoked)?;
    world.expect(
        "begun in its millisecond",
        world.session(person, now),
        Revoked,
    )?;
    // What is still to come counts as now.
    let third = world.begin(person)?;
    let at = world.revoke(&subject, Some(third.since.plus(60_000)))?;
    world.expect("revoked as of a minute later", third, Revoked)?;
    let fourth = world.begin(person)?;
    ensure(at < fourth.since, || {
        format!(
            "a revocation is recorded as of {at:?}, and {:?} comes after it",
            fourth.since
        )
    })?;
    world.expect("begun after that", fourth, Valid)?;
    Ok(Verdict::Held)
}
