//! Tokens behind a barrier, that of a token or one without.

use apply_cookies_protocol::Grant;
use apply_cookies_protocol::limits::{LIFETIME_MAX_MS, SKEW_MS};

use crate::answer::BarrierAnswer::NoRoom;
use crate::answer::ClaimAnswer::{AlreadyUsed, BehindBarrier};
use crate::barrier::Barrier;
use crate::claim::{Claim, MARGIN_MS};
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{
    FIRST, HOUR, LIFE, RAISED, RAISED_AGAIN, Vary, World, browser, ensure, granted, lifetime,
    sign_out, token,
};
use crate::store::ReplayStore;

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
    world.expect("the barrier", sign_out, RAISED)?;
    for n in 0..2 {
        world.expect("an older token", old, BehindBarrier)?;
        world.expect("the retry of an older token", used, BehindBarrier)?;
        world.expect("one of the same millisecond", same_moment, BehindBarrier)?;
        world.expect("the barrier's own retry", sign_out, RAISED_AGAIN)?;
        world.expect("the barrier under another id", sign_out.by(2), AlreadyUsed)?;
        let younger = token(10 + n, sign_out.issued_at.plus(1), LIFE).of(1).by(1);
        world.expect("a younger token", younger, FIRST)?;
    }
    world.expect("an older one of another browser", of_another, FIRST)?;
    world.expect("an older one without a binding", of_nobody, FIRST)?;

    // A barrier lets its own token pass, until there is another of the same millisecond.
    let alone = Barrier::new(browser(1), sign_out.issued_at, lifetime(LIFETIME_MAX_MS));
    world.expect_raised("one without a token in its millisecond", alone)?;
    world.expect("the retry of the first of the two", sign_out, BehindBarrier)?;

    // A barrier that arrives late must not lower the one already there.
    let between = token(20, sign_out.issued_at.plus(50), LIFE).of(1).by(1);
    let late = token(21, sign_out.issued_at.plus(100), LIFE).of(1).by(1);
    world.expect("a second barrier", late.barrier(), RAISED)?;
    let lower = token(22, sign_out.issued_at.plus(40), LIFE).of(1).by(1);
    world.expect("a barrier behind it", lower.barrier(), BehindBarrier)?;
    world.expect("between the two", between, BehindBarrier)?;
    world.expect("the first barrier's retry", sign_out, BehindBarrier)?;

    // Without a binding there is nobody to sign out.
    let unbound = world.token(30).by(1);
    world.expect("an unbound barrier", world.token(31).by(1).barrier(), FIRST)?;
    world.expect("an unbound token beside it", unbound, FIRST)?;
    Ok(Verdict::Held)
}

pub(in crate::conformance) fn barrier_alone<M: StoreMaker>(maker: &M) -> Outcome {
    // At once in a store's life, and later.
    for settled in [0, HOUR] {
        let world = World::new(maker);
        world.advance(settled);
        let own = world.store.scope();
        let mine = |n| world.token(n).of(1).by(1).scoped(own);
        let knows = own.is_some() || settled > 0;
        let (old, used) = (mine(0), mine(1));
        let others = [world.token(2).of(2).by(1), world.token(3).by(1)].map(|t| t.scoped(own));
        if knows {
            world.expect("before the barrier", used, FIRST)?;
        }
        world.advance(100);
        let same_moment = mine(4);
        let out = sign_out(1, world.now());
        world.advance(100);
        world.expect_raised("the barrier", out)?;
        // Again, and one that comes late: neither lowers it.
        world.expect_raised("the same barrier", out)?;
        world.expect_raised("an older one", sign_out(1, out.issued_at.minus(50)))?;
        if !knows {
            continue;
        }
        for older in [old, used, same_moment] {
            world.expect("an older token", older, BehindBarrier)?;
            world.expect("an older barrier", older.barrier(), BehindBarrier)?;
        }
        for other in others {
            world.expect("an older one of somebody else", other, FIRST)?;
        }
        let younger = token(5, out.issued_at.plus(1), LIFE)
            .of(1)
            .by(1)
            .scoped(own);
        world.expect("a younger token", younger, FIRST)?;
        // The later one counts, whichever kind it is.
        let later = sign_out(1, out.issued_at.plus(60));
        world.expect_raised("a later barrier", later)?;
        world.expect("the retry of what is older now", younger, BehindBarrier)?;
        let last = token(6, out.issued_at.plus(80), LIFE)
            .of(1)
            .by(1)
            .scoped(own);
        world.expect("a token's barrier", last.barrier(), RAISED)?;
        world.expect_raised("an older one", sign_out(1, out.issued_at.plus(70)))?;
        let between = token(7, out.issued_at.plus(75), LIFE)
            .of(1)
            .by(1)
            .scoped(own);
        world.expect("between the two", between, BehindBarrier)?;
        world.expect("the last one's retry", last.barrier(), RAISED_AGAIN)?;
    }
    Ok(Verdict::Held)
}

pub(in crate::conformance) fn barrier_lasts<M: StoreMaker>(maker: &M) -> Outcome {
    for (longest, alone) in [LIFE, 600_000, HOUR, LIFETIME_MAX_MS]
        .into_iter()
        .flat_map(|longest| [(longest, false), (longest, true)])
    {
        let world = World::settled(maker);
        // At the end of a span, for stores that keep barriers in such.
        world.advance(longest / 2);
        let issued_at = world.now();
        let out = world.token(0).of(1).barrier().among(longest);
        world.advance(1);
        if alone {
            let barrier = Barrier::new(browser(1), issued_at, lifetime(longest));
            world.expect_raised("the barrier", barrier)?;
        } else {
            world.expect("the barrier", out, RAISED)?;
        }
        let longest_lived = |n, issued_at| token(n, issued_at, longest).by(1).among(longest);
        for (n, part) in (1..).zip([0, 1, 2, 11, 12, 13, 23]) {
            world.hands.set(issued_at.plus(longest / 24 * part + 1));
            let what = |which| format!("{which}, after {part}/24 of {longest} ms");
            let older = longest_lived(n, issued_at).of(1);
            world.expect(&what("an older token"), older, BehindBarrier)?;
            let younger = longest_lived(100 + n, issued_at.plus(1)).of(1);
            world.expect(&what("a younger one"), younger, FIRST)?;
            let other = longest_lived(200 + n, issued_at).of(2);
            world.expect(&what("one of another browser"), other, FIRST)?;
            // Other sign-outs let the store forget what it may.
            let other = Barrier::new(browser(300 + n), world.now(), lifetime(longest));
            world.expect_raised("another browser's", other)?;
        }
        // The last moment at which an older token can be on its way.
        let end = issued_at.plus(longest + SKEW_MS + MARGIN_MS);
        world.hands.set(end.minus(1));
        let older = longest_lived(300, issued_at).of(1);
        world.expect_refusal("an older token in its last moment", older)?;
    }
    Ok(Verdict::Held)
}

/// How long tokens lived when a barrier was raised, and how long they may live afterwards.
const LONGER: [(u64, u64); 6] = [
    (1, LIFETIME_MAX_MS),
    (1_000, LIFE),
    (LIFE, 600_000),
    (LIFE, HOUR),
    (HOUR, 4 * HOUR),
    (HOUR, LIFETIME_MAX_MS),
];

pub(in crate::conformance) fn longer_lifetimes<M: StoreMaker>(maker: &M) -> Outcome {
    let cases = LONGER.into_iter().flat_map(|pair| {
        let kinds = [(false, false), (false, true), (true, false), (true, true)];
        kinds.map(|kind| (pair, kind))
    });
    for ((longest, later), (alone, closes)) in cases {
        let mut world = World::settled(maker);
        let issued_at = world.now();
        if alone {
            let barrier = Barrier::new(browser(1), issued_at, lifetime(longest));
            world.expect_raised("the barrier", barrier)?;
        } else {
            let out = token(0, issued_at, longest).among(longest);
            world.expect("the barrier", out.of(1).barrier(), RAISED)?;
        }
        for part in 1..=9 {
            world.hands.set(issued_at.plus(later / 10 * part));
            // Other sign-outs let the store forget what it may.
            let other = Barrier::new(browser(100 + part), world.now(), lifetime(longest));
            world.expect_raised("another browser's", other)?;
            if closes {
                let Some(reopened) = world.reopened() else {
                    break;
                };
                world = reopened;
            }
            let longer_lived = |n, issued_at| token(n + part, issued_at, later).by(1).among(later);
            let what = |which| {
                format!("{which}, {part}/10 of {later} ms after a barrier that lasted {longest} ms")
            };
            let older = longer_lived(100, issued_at).of(1);
            world.expect_refusal(&what("an older token"), older)?;
            if closes {
                continue; // It may have lost its content, if it says so.
            }
            let unbound = longer_lived(200, issued_at);
            world.expect(&what("an older one without a binding"), unbound, FIRST)?;
            world.advance(1);
            let younger = longer_lived(300, world.now()).of(1);
            world.expect(&what("a token of this moment"), younger, FIRST)?;
        }
    }
    Ok(Verdict::Held)
}

/// The first of the browsers that make their binding up.
const STRANGERS: u64 = 1_000;

impl<M: StoreMaker> World<'_, M> {
    /// Signs strangers out until there is no room; their tokens live no longer than this. Returns how
    /// many barriers fit.
    pub(super) fn flood(&self, longest: u64) -> Result<u64, String> {
        for n in 0..100_000 {
            let barrier = Barrier::new(browser(STRANGERS + n), self.now(), lifetime(longest));
            if self.raise(barrier)? == NoRoom {
                return Ok(n);
            }
        }
        Err("a store that is called small took 100,000 barriers".to_owned())
    }
}

pub(in crate::conformance) fn no_room_for_barriers<M: StoreMaker>(maker: &M) -> Outcome {
    let Some(world) = World::small(maker) else {
        return Ok(Verdict::NotApplicable);
    };
    let ear = world.ear();
    let older: Vec<Claim> = (0..10).map(|n| world.token(n).by(n)).collect();
    let of = |n: u64| older[usize::try_from(n).unwrap_or(0)];
    world.advance(1);
    let held = world.flood(LIFETIME_MAX_MS)?;
    ensure(held > 0, || "no room for a single barrier".to_owned())?;

    // An honest sign-out releases its cookies, and says that its barrier is missing.
    let out = world.token(20).of(1).by(1).barrier();
    world.expect(
        "a sign-out without room",
        out,
        granted(Grant::First, NoRoom),
    )?;
    world.expect("its retry", out, granted(Grant::Retry, NoRoom))?;
    world.expect("under another id", out.by(2), AlreadyUsed)?;
    let alone = world.raise(sign_out(2, world.now()))?;
    ensure(alone == NoRoom, || {
        format!("one without a token: {alone:?}")
    })?;
    ensure(ear.comes_to_hear(out.nonce, NoRoom), || {
        "nobody was told that a barrier found no room".to_owned()
    })?;
    // Claims have room of their own, and the flood's barriers all stand.
    world.expect(
        "a sign-in beside the flood",
        world.token(21).of(1).by(1),
        FIRST,
    )?;
    let first = of(0).of(STRANGERS);
    world.expect(
        "behind the first barrier of the flood",
        first,
        BehindBarrier,
    )?;
    let last = of(1).of(STRANGERS + held - 1);
    world.expect("behind the last", last, BehindBarrier)?;
    // A browser that signs out again shares its place.
    world.expect_raised("the same sign-out", sign_out(STRANGERS, world.now()))?;
    world.advance(1);
    world.expect_raised("a second one", sign_out(STRANGERS, world.now()))?;

    // The flood passes as the tokens do that it could refuse. A day, and a store forgets in spans.
    world.advance(2 * LIFETIME_MAX_MS + SKEW_MS + MARGIN_MS);
    world.claim(world.token(30).of(4).by(1))?;
    world.advance(1);
    let older = world.token(31).of(3).by(1);
    world.advance(1);
    world.expect(
        "a sign-out after the flood",
        world.token(32).of(3).barrier(),
        RAISED,
    )?;
    world.expect("an older token", older, BehindBarrier)?;
    world.expect_raised("one without a token", sign_out(4, world.now()))?;
    Ok(Verdict::Held)
}
