//! What is revoked is seen, and nothing else is.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use apply_cookies_protocol::UnixMillis;

use crate::conformance::maker::{Outcome, Verdict};
use crate::conformance::revocations::maker::StoreMaker;
use crate::conformance::revocations::world::{Person, World};
use crate::conformance::world::ensure;
use crate::listeners::RevocationListener;
use crate::revocation::Standing::{Revoked, Valid};
use crate::revocation::{RevocationDigest, SessionCheck, Subject};
use crate::revocations::Revocations;

pub(in crate::conformance::revocations) fn revoked<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    for which in 0..4 {
        let people = [0, 1, 2].map(|n| Person(10 * which + n));
        let mut sessions = Vec::new();
        for person in people {
            let session = world.begin(person)?;
            world.expect("a session in order", session, Valid)?;
            sessions.push(session);
        }
        world.advance(which);
        let place = usize::try_from(which).unwrap_or(0);
        let subject = people[0].subjects()[place];
        world.revoke(&[subject], None)?;
        for later in [0, 1, 60_000] {
            world.advance(later);
            let what = format!("revoked {later} ms ago by {subject:?}");
            world.expect(&what, sessions[0], Revoked)?;
            let of_it_alone = SessionCheck {
                subjects: subject.into(),
                ..sessions[0]
            };
            world.expect(&format!("{what}, alone"), of_it_alone, Revoked)?;
            for other in &sessions[1..] {
                world.expect("another's session", *other, Valid)?;
            }
        }
    }
    Ok(Verdict::Held)
}

/// Digests that are the same to a store that keeps a part of them, or as text, or as a number.
pub(in crate::conformance::revocations) fn similar_digests<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let common = *b"aBc\0 eF1234567\0 ";
    let since = world.moment()?;
    let session = |bytes| SessionCheck {
        subjects: Subject::Absolute(RevocationDigest::from_bytes(bytes)).into(),
        ..world.session(Person(0), since)
    };
    let subject = Subject::Absolute(RevocationDigest::from_bytes(common));
    world.revoke(&[subject], None)?;
    world.expect("the digest that was revoked", session(common), Revoked)?;
    for n in 0..common.len() {
        for bit in 0..8 {
            let mut near = common;
            near[n] ^= 1 << bit;
            let what = format!("another digest in bit {bit} of byte {n}");
            world.expect(&what, session(near), Valid)?;
        }
    }
    Ok(Verdict::Held)
}

#[derive(Default)]
struct Ear(Mutex<Vec<(RevocationDigest, UnixMillis)>>);

impl RevocationListener for Ear {
    fn revoked(&self, digest: RevocationDigest, at: UnixMillis) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push((digest, at));
    }
}

pub(in crate::conformance::revocations) fn listeners<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let ears: Vec<_> = (0..2).map(|_| Arc::new(Ear::default())).collect();
    for ear in &ears {
        let weak: Weak<Ear> = Arc::downgrade(ear);
        world.store.listen(weak);
    }
    let mut revoked = Vec::new();
    for n in 0..20 {
        let subjects = [Person(n).session(), Person(n).browser()];
        let at = (n % 2 == 1).then(|| world.hands.now().minus(1_000));
        let at = world.revoke(&subjects, at)?;
        revoked.extend(subjects.map(|subject| (subject.digest(), at)));
        for (n, ear) in ears.iter().enumerate() {
            let heard = ear.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for one in &revoked {
                ensure(heard.contains(one), || {
                    format!("listener {n} was not told of {one:?} before it was answered")
                })?;
            }
            let stranger = heard.iter().find(|one| !revoked.contains(one));
            ensure(stranger.is_none(), || {
                format!("listener {n} was told of {stranger:?}")
            })?;
        }
        world.begin(Person(n + 100))?;
        world.advance(1);
    }
    Ok(Verdict::Held)
}
