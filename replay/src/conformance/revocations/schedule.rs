//! Random schedules: few people, so that they collide, and a clock that goes forward or jumps.

use apply_cookies_protocol::UnixMillis;

use super::maker::StoreMaker;
use super::world::{LONGEST, Person, World, all};
use crate::conformance::dice::Dice;
use crate::conformance::maker::{Outcome, Verdict};
use crate::conformance::world::ensure;
use crate::revocation::{SessionCheck, Standing, Subject};

const PEOPLE: usize = 6;
const STEPS: u64 = 60;

/// Whatever the clock does, no session passes that was revoked.
pub(super) fn clock_steps<M: StoreMaker>(maker: &M) -> Outcome {
    run_all(maker, true)
}

/// Without steps, each look-up is answered as a perfect memory would answer it.
pub(super) fn equal_the_model<M: StoreMaker>(maker: &M) -> Outcome {
    run_all(maker, false)
}

fn run_all<M: StoreMaker>(maker: &M, jumps: bool) -> Outcome {
    let reopens = World::new(maker).reopened().is_some();
    for seed in 0..maker.schedules() {
        run(maker, seed, jumps, reopens).map_err(|what| format!("schedule {seed}: {what}"))?;
    }
    Ok(Verdict::Held)
}

/// Every session that has begun, and whether it is over.
#[derive(Default)]
struct Model {
    sessions: Vec<(SessionCheck, bool)>,
    /// How many of a person's sessions were revoked by themselves: the next one is another.
    revoked: [u64; PEOPLE],
}

impl Model {
    /// A person in a browser, and the ids of the present session.
    fn subjects(&self, person: usize) -> [Subject; 4] {
        let one = Person(person as u64);
        let other = Person(person as u64 + 1_000 * self.revoked[person]);
        [
            other.session(),
            other.provider_session(),
            one.browser(),
            one.person(),
        ]
    }

    fn revoke(&mut self, person: usize, subjects: &[Subject], at: UnixMillis) {
        for (session, is_over) in &mut self.sessions {
            let mut own = session.subjects.iter().filter(|one| subjects.contains(one));
            *is_over |= own.any(|one| one.is_over(session.since, at));
        }
        let by_itself = |one: &Subject| matches!(one, Subject::Absolute(_));
        self.revoked[person] += u64::from(subjects.iter().any(by_itself));
    }
}

fn run<M: StoreMaker>(maker: &M, seed: u64, jumps: bool, reopens: bool) -> Result<(), String> {
    let mut dice = Dice(seed);
    let mut world = World::settled(maker);
    let mut model = Model::default();
    for step in 0..STEPS {
        let person = dice.index(PEOPLE);
        let subjects = model.subjects(person);
        match dice.below(10) {
            0..3 => {
                let session = SessionCheck {
                    subjects: all(&subjects),
                    ..world.begin(Person(0))?
                };
                model.sessions.push((session, false));
            }
            3..6 => {
                let first = dice.index(4);
                let some = &subjects[first..=first + dice.index(4 - first)];
                let ago = dice.below(30_000);
                let given = (dice.below(3) == 0).then(|| world.hands.now().minus(ago));
                let at = world.revoke(some, given)?;
                model.revoke(person, some, at);
            }
            6 if jumps => {
                let now = world.hands.now();
                let far = dice.below(600_000) * (1 + 10 * dice.below(2));
                let then = [now.plus(far), now.minus(far)];
                world.hands.set(then[dice.index(2)]);
            }
            6 => world.advance(dice.below(LONGEST / 3)),
            7 if reopens => world = world.reopened().ok_or("it is not reopened any more")?,
            _ => world.advance(dice.below(3) * dice.below(2_000)),
        }
        judge(&world, &model, jumps).map_err(|what| format!("step {step}: {what}"))?;
    }
    Ok(())
}

fn judge<M: StoreMaker>(world: &World<'_, M>, model: &Model, jumps: bool) -> Result<(), String> {
    let sessions: Vec<_> = model.sessions.iter().map(|(session, _)| *session).collect();
    let standings = world.standings(&sessions)?;
    ensure(standings.len() == sessions.len(), || {
        "another number of answers".to_owned()
    })?;
    let now = world.hands.now();
    for ((session, is_over), standing) in model.sessions.iter().zip(standings) {
        // Its cookie has ended by then, and nobody would ask.
        let has_ended = now >= session.since.plus(LONGEST);
        let fits = match standing {
            Standing::Valid => !*is_over,
            Standing::Revoked => *is_over,
            Standing::BeforeHorizon => jumps || has_ended,
        };
        ensure(fits, || {
            format!(
                "a session that is {} is {standing:?}",
                if *is_over { "over" } else { "in order" }
            )
        })?;
    }
    Ok(())
}
