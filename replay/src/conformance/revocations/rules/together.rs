//! Revocations beside look-ups and beside each other, of several subjects and of many sessions.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::conformance::maker::{Outcome, Verdict};
use crate::conformance::revocations::maker::StoreMaker;
use crate::conformance::revocations::world::{LONGEST, Person, World, all, length};
use crate::conformance::world::{POLLS, ensure, given_up};
use crate::revocation::Revocation;
use crate::revocation::Standing::{Revoked, Valid};
use crate::revocations::Revocations;

/// A revocation that was answered is seen by whoever looks afterwards.
pub(in crate::conformance::revocations) fn seen_at_once<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    // As many as were answered.
    let answered = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let sessions: Vec<_> = (0..maker.races())
        .map(|n| world.begin(Person(n)))
        .collect::<Result<_, _>>()?;
    thread::scope(|scope| {
        let looks = || {
            let mut seen = 0;
            loop {
                // Read before the count: the last look is at what was answered last, however late
                // this thread runs.
                let is_last = stop.load(Ordering::SeqCst);
                let revoked = answered.load(Ordering::SeqCst);
                // The latest, and those that nobody has looked at yet.
                for n in seen..revoked {
                    let session = sessions[usize::try_from(n).unwrap_or(0)];
                    world.expect_refusal("looked up after its revocation was answered", session)?;
                }
                if is_last {
                    return Ok(());
                }
                seen = revoked;
            }
        };
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(looks)).collect();
        let mut outcome = Ok(());
        for n in 0..maker.races() {
            let subject = Person(n).subjects()[usize::try_from(n % 4).unwrap_or(0)];
            outcome = world.revoke(&[subject], None).map(drop);
            if outcome.is_err() {
                break;
            }
            answered.store(n + 1, Ordering::SeqCst);
        }
        stop.store(true, Ordering::SeqCst);
        for thread in threads {
            thread
                .join()
                .unwrap_or_else(|_| Err("a look-up panicked".to_owned()))?;
        }
        outcome
    })?;
    Ok(Verdict::Held)
}

/// Whoever has seen a revocation of one subject sees it of the others.
pub(in crate::conformance::revocations) fn together<M: StoreMaker>(maker: &M) -> Outcome {
    const ROUNDS: u64 = 300;
    let world = World::settled(maker);
    for round in 0..ROUNDS {
        let people: Vec<_> = (0..4).map(|n| Person(10 * round + n)).collect();
        let mut sessions = Vec::new();
        for person in &people {
            sessions.push(world.begin(*person)?);
        }
        let start = Barrier::new(3);
        thread::scope(|scope| {
            let looks = |first: usize, other: usize| {
                let (world, start, sessions) = (&world, &start, &sessions);
                scope.spawn(move || {
                    start.wait();
                    while world.standing(sessions[first])? == Valid {}
                    world.expect_refusal("revoked with one that was seen", sessions[other])
                })
            };
            let threads = [looks(0, 3), looks(3, 0)];
            start.wait();
            let subjects: Vec<_> = people.iter().map(|person| person.browser()).collect();
            let revoked = world.revoke(&subjects, None);
            if revoked.is_err() {
                // Those who wait for it are to end.
                for person in &people {
                    let _ = world.revoke(&[person.browser()], None);
                }
            }
            for thread in threads {
                thread
                    .join()
                    .unwrap_or_else(|_| Err("a look-up panicked".to_owned()))?;
            }
            revoked.map(drop)
        })?;
        for session in sessions {
            world.expect("revoked with others", session, Revoked)?;
        }
    }
    Ok(Verdict::Held)
}

/// Many sessions are answered in their order.
pub(in crate::conformance::revocations) fn many<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    ensure(world.standings(&[])?.is_empty(), || {
        "an answer to nobody".to_owned()
    })?;
    let since = world.moment()?;
    let mut sessions = Vec::new();
    let mut expected = Vec::new();
    for n in 0..1_500 {
        let person = Person(n);
        sessions.push(world.session(person, since));
        let is_revoked = n % 7 == 3 || n % 11 == 5;
        if is_revoked && n < 800 {
            world.revoke(&[person.person()], None)?;
        }
        expected.push(if is_revoked && n < 800 {
            Revoked
        } else {
            Valid
        });
    }
    let standings = world.standings(&sessions)?;
    ensure(standings == expected, || {
        let differ = standings
            .iter()
            .zip(&expected)
            .position(|(one, other)| one != other);
        format!(
            "of {} sessions {differ:?} is answered wrongly, of {} answers",
            sessions.len(),
            standings.len()
        )
    })?;
    Ok(Verdict::Held)
}

/// A revocation that is given up is made as a whole or not, and can be made again.
pub(in crate::conformance::revocations) fn cancelled<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    for polls in 0..POLLS {
        let people = [0, 1].map(|n| Person(10 * u64::from(polls) + n));
        let sessions = [world.begin(people[0])?, world.begin(people[1])?];
        let subjects = people.map(Person::browser);
        let revocation = Revocation::new(all(&subjects), length(LONGEST));
        let _ = maker.wait(given_up(world.store.revoke(revocation), polls));
        if world.standing(sessions[0])? != Valid {
            world.expect_refusal(
                "revoked with one whose revocation was given up",
                sessions[1],
            )?;
        }
        world.revoke(&subjects, None)?;
        for session in sessions {
            world.expect("given up, and revoked again", session, Revoked)?;
        }
    }
    Ok(Verdict::Held)
}
