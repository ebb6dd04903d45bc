//! A listener hears of a claim once nobody else can get it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use apply_cookies_protocol::Nonce;

use crate::answer::BarrierAnswer::{self, Raised};
use crate::claim::Claim;
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{FIRST, POLLS, RAISED, Vary, World};
use crate::listeners::ClaimListener;
use crate::store::ReplayStore;

pub(in crate::conformance) fn told_when_certain<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    for (n, is_barrier) in (0..).zip([false, true, false, true]) {
        while_others_ask(&world, &Pair::of(&world, 2 * n, is_barrier))?;
    }
    let ear = world.ear();
    for (n, polls) in (10..).zip((0..POLLS).chain(0..POLLS)) {
        let pair = Pair::of(&world, 2 * n, n < 10 + u64::from(POLLS));
        world.give_up(world.store.claim(pair.claim), polls);
        // What is told later is not told too early.
        let told = ear.heard_of(pair.claim.nonce);
        if let Some(barrier) = told {
            let what = format!("a claim that was given up after {polls} polls");
            pair.is_certain(&world, &what, barrier)?;
        }
    }
    Ok(Verdict::Held)
}

/// A claim, and an older one of the same browser.
struct Pair {
    older: Claim,
    claim: Claim,
}

impl Pair {
    fn of<M: StoreMaker>(world: &World<'_, M>, n: u64, is_barrier: bool) -> Self {
        let older = world.token(n).of(n).by(1);
        world.advance(1);
        let mut claim = world.token(n + 1).of(n).by(1);
        claim.barrier = is_barrier;
        Self { older, claim }
    }

    /// Nobody gets what a listener was told of.
    fn is_certain<M: StoreMaker>(
        &self,
        world: &World<'_, M>,
        what: &str,
        told: BarrierAnswer,
    ) -> Result<(), String> {
        if told == Raised {
            let what = format!("told of the barrier of {what}, and then an older token");
            world.expect_refusal(&what, self.older)?;
        }
        let what = format!("told of {what}, and then another id");
        world.expect_refusal(&what, self.claim.by(2))
    }
}

/// How long a store is kept from going on after it has told a listener. One that tells under its
/// lock answers nobody until then, and is right.
const PAUSE: Duration = Duration::from_millis(30);

const PATIENCE: Duration = Duration::from_secs(5);

/// Listens to one claim, and does not return before somebody else had time to ask.
struct Interrupts {
    nonce: Nonce,
    is_told: AtomicBool,
    told: SyncSender<BarrierAnswer>,
    asked: Mutex<Receiver<()>>,
}

impl ClaimListener for Interrupts {
    fn claimed(&self, nonce: Nonce, barrier: BarrierAnswer) {
        if nonce != self.nonce || self.is_told.swap(true, Ordering::SeqCst) {
            return;
        }
        let _ = self.told.send(barrier);
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = asked.recv_timeout(PAUSE);
    }
}

fn while_others_ask<M: StoreMaker>(world: &World<'_, M>, pair: &Pair) -> Result<(), String> {
    let (told, hears) = sync_channel(1);
    let (asks, asked) = sync_channel(1);
    let listener = Arc::new(Interrupts {
        nonce: pair.claim.nonce,
        is_told: AtomicBool::new(false),
        told,
        asked: Mutex::new(asked),
    });
    let weak: Weak<Interrupts> = Arc::downgrade(&listener);
    world.store.listen(weak);
    let expected = if pair.claim.barrier { RAISED } else { FIRST };
    thread::scope(|scope| {
        let other = scope.spawn(move || {
            let told = hears.recv_timeout(PATIENCE);
            let told = told.map_err(|_| "nobody was told of a claim".to_owned())?;
            let outcome = pair.is_certain(world, "a claim under way", told);
            let _ = asks.send(());
            outcome
        });
        let claimed = world.expect("a fresh nonce", pair.claim, expected);
        let other = other.join();
        other.unwrap_or_else(|_| Err("a claim panicked".to_owned()))?;
        claimed
    })
}
