//! One redemption id gets a nonce, once, however it is asked for.

use std::thread;

use apply_cookies_protocol::limits::{LIFETIME_MAX_MS, SKEW_MS};

use crate::answer::ClaimAnswer::{AlreadyUsed, BeforeHorizon, BehindBarrier, Granted};
use crate::answer::StoreError;
use crate::claim::MARGIN_MS;
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{
    FIRST, LIFE, POLLS, RAISED, RETRY, Vary, World, ensure, foreign_scope, token,
};
use crate::store::ReplayStore;

pub(in crate::conformance) fn retry<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let token = world.token(0).of(1);
    world.expect("a fresh nonce", token.by(1), FIRST)?;
    for after in [0, 1, 30_000, LIFE - 30_002] {
        world.advance(after);
        world.expect("the same redemption id", token.by(1), RETRY)?;
        world.expect("another redemption id", token.by(2), AlreadyUsed)?;
        world.expect("no redemption id", token, AlreadyUsed)?;
    }
    Ok(Verdict::Held)
}

pub(in crate::conformance) fn no_id_no_retry<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let token = world.token(0).of(1);
    world.expect("a fresh nonce", token, FIRST)?;
    for after in [0, 1, 30_000, LIFE - 30_002] {
        world.advance(after);
        world.expect("no redemption id, twice", token, AlreadyUsed)?;
        world.expect("an id, after none", token.by(1), AlreadyUsed)?;
    }
    Ok(Verdict::Held)
}

pub(in crate::conformance) fn one_claimant<M: StoreMaker>(maker: &M) -> Outcome {
    const ROUNDS: u64 = 300;
    const CLAIMANTS: u32 = 16;
    let world = World::settled(maker);
    for round in 0..ROUNDS {
        let token = world.token(round).of(round % 3);
        let claims = |claimant: u32| match round % 3 {
            0 => token.by(u64::from(claimant)), // each another redemption id
            1 => token,                         // none has one
            _ => token.by(0),                   // all the same
        };
        let start = std::sync::Barrier::new(CLAIMANTS as usize);
        let answers = thread::scope(|scope| {
            let claimants: Vec<_> = (0..CLAIMANTS)
                .map(|claimant| {
                    let (world, start, claim) = (&world, &start, claims(claimant));
                    scope.spawn(move || {
                        // Many stores decide as soon as they are asked.
                        start.wait();
                        maker.wait(world.store.claim(claim))
                    })
                })
                .collect();
            let answers = claimants.into_iter().map(thread::ScopedJoinHandle::join);
            answers.collect::<Result<Vec<_>, _>>()
        });
        let answers = answers.map_err(|_| "a claim panicked".to_owned())?;
        let count = |wanted: fn(&Result<_, StoreError>) -> bool| {
            answers.iter().filter(|answer| wanted(answer)).count()
        };
        let first = count(|answer| matches!(answer, Ok(answer) if *answer == FIRST));
        let claimed = count(|answer| matches!(answer, Ok(Granted { .. })));
        let expected = if round % 3 == 2 {
            CLAIMANTS as usize
        } else {
            1
        };
        ensure(first == 1 && claimed == expected, || {
            format!("{first} first and {claimed} claimed of {answers:?}")
        })?;
    }
    Ok(Verdict::Held)
}

pub(in crate::conformance) fn remembered<M: StoreMaker>(maker: &M) -> Outcome {
    // Used early or at the last moment, with an id or without. Mesop forgets a nonce sixty seconds
    // after its use, a moment before the token expires; others at its expiry. The tokens expire at
    // the beginning and at the end of a ten-second span, for stores that forget by such spans.
    for (used_after, (with_id, offset)) in [0, 1_000, 30_000, 59_000, LIFE - 1]
        .into_iter()
        .flat_map(|used_after| [(true, 0), (false, 9_999)].map(|how| (used_after, how)))
    {
        let world = World::settled(maker);
        world.advance(offset);
        let issued_at = world.now();
        let fresh = world.token(0).of(1);
        let used = if with_id { fresh.by(1) } else { fresh };
        world.advance(used_after);
        world.expect("a fresh nonce", used, FIRST)?;
        let until = LIFE + SKEW_MS + MARGIN_MS;
        let moments = (used_after..until).step_by(970);
        for (n, after) in (1..).zip(moments.chain([until - 1])) {
            world.hands.set(issued_at.plus(after));
            // Other traffic lets the store forget what it may.
            world.claim(world.token(n).of(2))?;
            let what = |who| format!("{who}, used at +{used_after}, again at +{after}");
            world.expect(&what("no id"), fresh, AlreadyUsed)?;
            world.expect(&what("another id"), fresh.by(2), AlreadyUsed)?;
            if with_id {
                world.expect(&what("the same id"), used, RETRY)?;
            }
        }
    }
    // Long-lived tokens are remembered as long as they live, not for an hour from their use.
    for life in [3_600_000, LIFETIME_MAX_MS] {
        let world = World::settled(maker);
        let token = token(0, world.now(), life).of(1);
        world.expect("a fresh nonce", token.by(1), FIRST)?;
        let issued_at = world.now();
        for (n, part) in (1..).zip([1, 2, 5, 10, 30, 59]) {
            world.hands.set(issued_at.plus(life / 60 * part));
            world.claim(world.token(n).of(2))?;
            let what = format!("a token of {life} ms, after {part} sixtieths of its life");
            world.expect(&what, token.by(2), AlreadyUsed)?;
            world.expect(&what, token.by(1), RETRY)?;
        }
    }
    Ok(Verdict::Held)
}

pub(in crate::conformance) fn no_trace<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let own = world.store.scope();
    let older = world.token(0).of(1).by(1);
    let token = world.token(1).of(1).barrier();
    let other_scope = token.by(1).scoped(Some(foreign_scope()));
    world.expect("another scope", other_scope, BeforeHorizon)?;
    let horizon_ago = self::token(2, maker.start().minus(1), LIFETIME_MAX_MS);
    let ancient = horizon_ago.of(1).by(1).barrier();
    world.expect("before the horizon", ancient, BeforeHorizon)?;
    world.expect("older than a refused barrier", older, FIRST)?;
    let again = token.by(2).scoped(own);
    world.expect("refused before, under another id", again, RAISED)?;

    // A nonce behind a barrier is not spent either: it never becomes `AlreadyUsed`.
    let behind = self::token(3, token.issued_at, LIFE).of(1);
    world.expect("behind the barrier", behind.by(1), BehindBarrier)?;
    world.expect("the same of another browser", behind.of(2).by(2), FIRST)?;
    Ok(Verdict::Held)
}

pub(in crate::conformance) fn cancelled<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    for polls in 0..POLLS {
        let n = u64::from(polls);
        let token = world.token(2 * n).of(1);
        world.give_up(world.store.claim(token.by(1)), polls);
        let answer = world.claim(token.by(1))?;
        ensure(matches!(answer, Granted { .. }), || {
            format!("the same id, after a claim that was given up: {answer:?}")
        })?;
        world.expect("then another id", token.by(2), AlreadyUsed)?;

        let token = world.token(2 * n + 1).of(1);
        world.give_up(world.store.claim(token), polls);
        let answer = world.claim(token)?;
        ensure([FIRST, AlreadyUsed].contains(&answer), || {
            format!("no id, after a claim that was given up: {answer:?}")
        })?;
        world.expect("then no id", token, AlreadyUsed)?;
    }
    Ok(Verdict::Held)
}
