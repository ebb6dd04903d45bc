//! A sign-out whose first try left no barrier.

use apply_cookies_protocol::Grant;
use apply_cookies_protocol::limits::SKEW_MS;

use crate::answer::BarrierAnswer::{NoRoom, Raised};
use crate::answer::ClaimAnswer::{BehindBarrier, Granted};
use crate::claim::MARGIN_MS;
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{
    FIRST, HOUR, LIFE, POLLS, Vary, World, ensure, granted, sign_out, token,
};
use crate::store::ReplayStore;

pub(in crate::conformance) fn barrier_on_retry<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    for polls in 0..POLLS {
        after_giving_up(&world, polls)?;
    }
    if let Some(world) = World::small(maker) {
        after_no_room(&world)?;
    }
    Ok(Verdict::Held)
}

fn after_giving_up<M: StoreMaker>(world: &World<'_, M>, polls: u32) -> Result<(), String> {
    let n = 10 * u64::from(polls);
    let [older, older_alone] = [1, 2].map(|browser| world.token(n + browser).of(n + browser).by(1));
    world.advance(1);
    let out = world.token(n).of(n + 1).by(1).barrier();
    world.give_up(world.store.claim(out), polls);
    let answer = world.claim(out)?;
    let is_raised = matches!(
        answer,
        Granted {
            barrier: Raised,
            ..
        }
    );
    ensure(is_raised, || {
        format!("a sign-out, again after it was given up: {answer:?}")
    })?;
    let what = format!("older than a sign-out that was given up after {polls} polls");
    world.expect(&what, older, BehindBarrier)?;

    let alone = sign_out(n + 2, world.now());
    world.give_up(world.store.raise_barrier(alone), polls);
    world.expect_raised("a barrier, again after it was given up", alone)?;
    world.expect(&what, older_alone, BehindBarrier)?;
    world.advance(1);
    Ok(())
}

/// A sign-out that found no room is made again when there is.
fn after_no_room<M: StoreMaker>(world: &World<'_, M>) -> Result<(), String> {
    world.flood(LIFE)?;
    world.advance(1);
    let [older, of_another] = [1, 2].map(|browser| {
        let token = token(browser, world.now(), HOUR);
        token.of(browser).by(1)
    });
    world.advance(1);
    let out = token(0, world.now(), HOUR).of(1).by(1).barrier();
    world.expect("without room", out, granted(Grant::First, NoRoom))?;
    // Twice as long as the barriers of the flood matter: a store forgets in spans.
    world.advance(2 * LIFE + SKEW_MS + MARGIN_MS);
    world.claim(world.token(3).of(3).by(1))?;
    let younger = world.token(4).of(1).by(1);
    world.expect("the retry, with room", out, granted(Grant::Retry, Raised))?;
    world.expect("older than a barrier of a retry", older, BehindBarrier)?;
    world.expect("younger than it", younger, FIRST)?;
    world.expect("of another browser", of_another, FIRST)
}
