//! How long a revocation is kept, and in how much room.

use apply_cookies_protocol::limits::SKEW_MS;

use crate::answer::StoreError;
use crate::claim::MARGIN_MS;
use crate::conformance::maker::{Outcome, Verdict};
use crate::conformance::revocations::maker::StoreMaker;
use crate::conformance::revocations::world::{LONGEST, Person, World, all, length};
use crate::conformance::world::ensure;
use crate::revocation::Revocation;
use crate::revocation::Standing::{Revoked, Valid};
use crate::revocation::Subject;

/// More than any small store takes.
const MANY: u64 = 10_001;

pub(in crate::conformance::revocations) fn kept<M: StoreMaker>(maker: &M) -> Outcome {
    for (longest, offset) in [
        (60_000, 0),
        (60_000, 9_999),
        (LONGEST, 1),
        (30 * 86_400_000, 5_000),
    ] {
        let world = World::settled(maker);
        world.advance(offset);
        let people = [0, 1, 2, 3].map(Person);
        let mut sessions = Vec::new();
        let revoke = |subject: Subject| {
            let revoked = world.try_revoke(Revocation::new(subject, length(longest)));
            revoked.map_err(|error| format!("an error instead of a revocation: {error:?}"))
        };
        for (n, person) in people.into_iter().enumerate() {
            sessions.push(world.begin(person)?);
            revoke(person.subjects()[n])?;
        }
        let begun = world.hands.now();
        let until = longest + SKEW_MS + MARGIN_MS;
        let steps = (1..40).map(|n| longest / 40 * n);
        let moments: Vec<_> = steps.chain([longest, until - 1]).collect();
        for (n, after) in moments.iter().enumerate() {
            world.hands.set(begun.plus(*after));
            // Other traffic lets the store forget what it may.
            revoke(Person(100 + n as u64).browser())?;
            for session in &sessions {
                let what = format!("revoked {after} ms ago, where sessions last {longest} ms");
                world.expect(&what, *session, Revoked)?;
            }
        }
        // It is never taken for a session in order, whatever the clock shows by then.
        for after in [until, until + 60_000, 3 * until, longest / 2, 0] {
            world.hands.set(begun.plus(after));
            revoke(Person(200 + after).session())?;
            for session in &sessions {
                world.expect_refusal("forgotten, and looked up", *session)?;
            }
        }
    }
    Ok(Verdict::Held)
}

/// Revokes people in pairs until there is no room; how many pairs there was room for.
fn fill<M: StoreMaker>(world: &World<'_, M>, first: u64) -> Result<u64, String> {
    for n in first..MANY {
        match world.try_revoke(Revocation::new(all(&pair(n)), length(LONGEST))) {
            Ok(_) => {}
            Err(StoreError::Full) => return Ok(n),
            Err(error) => return Err(format!("{error:?} instead of Full")),
        }
    }
    Err(format!("a small store takes {MANY} pairs of revocations"))
}

fn pair(n: u64) -> [Subject; 2] {
    [Person(n).browser(), Person(MANY + n).browser()]
}

pub(in crate::conformance::revocations) fn full<M: StoreMaker>(maker: &M) -> Outcome {
    let Some(world) = World::small(maker) else {
        return Ok(Verdict::NotApplicable);
    };
    let since = world.moment()?;
    let sessions = |n| [n, MANY + n].map(|n| world.session(Person(n), since));
    let known = world.revoke(&[Person(2 * MANY).browser()], None)?;
    let count = fill(&world, 0)?;
    ensure(count > 0, || "a small store takes nothing".to_owned())?;
    for round in 0..3 {
        for session in sessions(count) {
            world.expect("refused because the store is full", session, Valid)?;
        }
        for n in 0..count {
            for session in sessions(n) {
                world.expect("revoked before the store was full", session, Revoked)?;
            }
        }
        let again = Revocation {
            at: Some(known),
            ..Revocation::new(Person(2 * MANY).browser(), length(LONGEST))
        };
        let again = world.try_revoke(again);
        ensure(again.is_ok() || round > 0, || {
            format!("a revocation that is known already, in a full store: {again:?}")
        })?;
        world.advance(1_000);
        let more = fill(&world, count)?;
        ensure(more == count, || {
            format!("a full store takes {} more", more - count)
        })?;
    }
    Ok(Verdict::Held)
}

pub(in crate::conformance::revocations) fn room_again<M: StoreMaker>(maker: &M) -> Outcome {
    let Some(world) = World::small(maker) else {
        return Ok(Verdict::NotApplicable);
    };
    let since = world.moment()?;
    let count = fill(&world, 0)?;
    world.advance(2 * LONGEST);
    // Some need to look twice.
    for _ in 0..5 {
        let _ = world.try_revoke(Revocation::new(Person(3 * MANY).browser(), length(LONGEST)));
        world.advance(2_000);
    }
    let more = fill(&world, 0)?;
    ensure(more * 2 > count, || {
        format!("of {count} places {more} are free when all entries are over")
    })?;
    for n in 0..count {
        world.expect_refusal(
            "revoked when the store was full for the first time",
            world.session(Person(n), since),
        )?;
    }
    Ok(Verdict::Held)
}

pub(in crate::conformance::revocations) fn reopened<M: StoreMaker>(maker: &M) -> Outcome {
    let mut world = World::settled(maker);
    let mut over = Vec::new();
    let mut latest = world.moment()?;
    for n in 0..40 {
        let person = Person(2 * n);
        let (session, in_order) = (world.begin(person)?, world.begin(Person(2 * n + 1))?);
        let subject = person.subjects()[usize::try_from(n % 4).unwrap_or(0)];
        latest = world.revoke(&[subject], None)?.max(latest);
        over.push(session);
        if n % 10 == 3 {
            // Sometimes with a clock that is behind, or ahead.
            match n {
                13 => world.hands.set(world.hands.now().minus(3_600_000)),
                23 => world.advance(60_000),
                _ => {}
            }
            let Some(again) = world.reopened() else {
                return Ok(Verdict::NotApplicable);
            };
            world = again;
            world.expect("in order, and the store was reopened", in_order, Valid)?;
            let begun = world.begin(person)?;
            ensure(begun.since > latest, || {
                format!(
                    "reopened after a revocation at {latest:?}, a session begins at {:?}",
                    begun.since
                )
            })?;
        }
        for session in &over {
            world.expect("revoked, and the store was reopened", *session, Revoked)?;
        }
        world.advance(7);
    }
    Ok(Verdict::Held)
}
