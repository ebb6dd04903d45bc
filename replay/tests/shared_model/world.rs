//! Several stores on one server, and clocks that are wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use apply_cookies_protocol::UnixMillis;
use apply_cookies_replay::{Claim, Clock, ReplayStore};

use crate::draw::Draw;
use crate::law::Law;
use crate::losses::{count, wait};
use crate::servers;

const START: u64 = 1_795_000_000_000;

/// A clock that is wrong by some milliseconds.
type Hands = Arc<AtomicI64>;

fn at(hands: &Hands, wrong: &Hands) -> UnixMillis {
    let now = hands.load(SeqCst) + wrong.load(SeqCst);
    UnixMillis::new(now.try_into().unwrap()).unwrap()
}

struct World<'a> {
    open: &'a dyn Fn(Clock) -> Arc<dyn ReplayStore>,
    server: &'a servers::Clock,
    time: Hands,
    stores: Vec<(Arc<dyn ReplayStore>, Hands)>,
    draw: Draw,
    pool: Vec<Claim>,
    law: Law,
}

impl World<'_> {
    fn add_store(&mut self) {
        let wrong = Hands::default();
        let (time, own) = (self.time.clone(), wrong.clone());
        let store = (self.open)(Clock::from_fn(move || at(&time, &own)));
        self.stores.push((store, wrong));
    }

    /// Some time passes. Clocks are wrong by two seconds at most; that of the server, or those of
    /// stores, by any time.
    fn pass(&mut self) {
        let now = at(&self.time, &Hands::default());
        let token = self.pool.last();
        let pause = self.draw.pause(token, now).try_into().unwrap();
        self.time.fetch_add(pause, SeqCst);
        let far = self.draw.of(&[-600_000, 600_000, -10_000, 10_000]);
        let far = if self.draw.chance(12) { far } else { 0 };
        let is_servers = self.draw.chance(50);
        for (_, wrong) in &self.stores {
            let near = i64::try_from(self.draw.below(4_000)).unwrap() - 2_000;
            let is_far = !is_servers && self.draw.chance(50);
            wrong.store(if is_far { far } else { near }, SeqCst);
        }
        let server = Hands::new(AtomicI64::new(if is_servers { far } else { 0 }));
        self.server.freeze_at(at(&self.time, &server).get());
    }

    /// Asks together, while something happens, and looks at the answers.
    fn ask(&mut self, happens: impl FnOnce(&mut Draw, UnixMillis)) {
        let now = at(&self.time, &Hands::default());
        let stores: Vec<_> = self.stores.iter().map(|(store, _)| store.clone()).collect();
        let (mut claims, mut barriers) = (Vec::new(), Vec::new());
        let store = |draw: &mut Draw| {
            let end = u64::try_from(stores.len()).unwrap();
            &stores[usize::try_from(draw.below(end)).unwrap()]
        };
        for _ in 0..self.draw.of(&[1, 8, 40]) {
            if self.draw.chance(15) {
                let barrier = self.draw.barrier(now);
                barriers.push((barrier, store(&mut self.draw).raise_barrier(barrier)));
                continue;
            }
            if self.pool.is_empty() || self.draw.chance(40) {
                self.pool.push(self.draw.token(now));
            }
            let latest = &self.pool[self.pool.len().saturating_sub(20)..];
            let mut claim = self.draw.of(latest);
            claim.redemption = self.draw.id();
            claims.push((claim, store(&mut self.draw).claim(claim)));
        }
        happens(&mut self.draw, now);
        for (claim, answer) in claims {
            if let Ok(answer) = wait(answer) {
                self.law.claimed(&claim, answer).unwrap();
            }
        }
        for (barrier, answer) in barriers {
            if let Ok(answer) = wait(answer) {
                self.law.raised(&barrier, answer);
            }
        }
        self.law.go_on();
    }
}

/// Asks three stores at random, while now and then something happens.
pub(crate) fn run(
    name: &str,
    server: &servers::Clock,
    open: &dyn Fn(Clock) -> Arc<dyn ReplayStore>,
    mut happens: impl FnMut(&mut Draw, UnixMillis),
) {
    let seed = std::env::var("APPLY_COOKIES_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("{name}: APPLY_COOKIES_SEED={seed}");
    let mut world = World {
        open,
        server,
        time: Arc::new(AtomicI64::new(START.try_into().unwrap())),
        stores: Vec::new(),
        draw: Draw(seed),
        pool: Vec::new(),
        law: Law::default(),
    };
    (0..3).for_each(|_| world.add_store());
    let waves = count(150, 2_000);
    for _ in 0..waves {
        world.pass();
        if world.draw.chance(2) {
            world.stores.remove(0);
            world.add_store();
        }
        let is_disturbed = world.draw.chance(20);
        world.ask(|draw, now| {
            if is_disturbed {
                happens(draw, now);
            }
        });
    }
    let Law { firsts, raised, .. } = world.law;
    println!(
        "table: {name}: {waves} rounds of up to 40 questions to three stores, clocks wrong and things lost | {firsts} first answers, 0 doubles, {raised} barriers raised, 0 passed"
    );
    assert!(
        firsts > waves / 2 && raised > waves / 5,
        "hardly anything was granted"
    );
}
