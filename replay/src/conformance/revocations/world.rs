//! A store, its clock, and people whose sessions are revoked.

use apply_cookies_protocol::UnixMillis;

use super::maker::StoreMaker;
use crate::answer::StoreError;
use crate::conformance::world::{Hands, SETTLED, digest16, ensure};
use crate::revocation::{
    Revocation, RevocationDigest, SessionCheck, SessionLength, Standing, Subject, Subjects,
};
use crate::revocations::Revocations;

/// How long the sessions of most rules last, in milliseconds.
pub(super) const LONGEST: u64 = 3_600_000;

/// A length of so many milliseconds.
pub(super) fn length(millis: u64) -> SessionLength {
    SessionLength::from_millis(millis).expect("at most 400 days")
}

/// One person in one browser: whatever a session belongs to.
#[derive(Clone, Copy)]
pub(super) struct Person(pub(super) u64);

impl Person {
    pub(super) fn session(self) -> Subject {
        Subject::Absolute(digest("session", self.0))
    }

    pub(super) fn provider_session(self) -> Subject {
        Subject::Absolute(digest("provider's session", self.0))
    }

    pub(super) fn browser(self) -> Subject {
        Subject::Timed(digest("browser", self.0))
    }

    pub(super) fn person(self) -> Subject {
        Subject::Timed(digest("person", self.0))
    }

    pub(super) fn subjects(self) -> [Subject; 4] {
        [
            self.session(),
            self.provider_session(),
            self.browser(),
            self.person(),
        ]
    }
}

fn digest(kind: &str, n: u64) -> RevocationDigest {
    RevocationDigest::from_bytes(digest16(kind, n))
}

pub(super) fn all(subjects: &[Subject]) -> Subjects {
    Subjects::new(subjects).expect("one to fourteen")
}

pub(super) struct World<'m, M: StoreMaker> {
    pub(super) maker: &'m M,
    pub(super) store: M::Store,
    pub(super) hands: Hands,
}

impl<'m, M: StoreMaker> World<'m, M> {
    /// A store in its first millisecond.
    pub(super) fn new(maker: &'m M) -> Self {
        let hands = Hands::at(maker.start());
        let store = maker.make(hands.clock());
        Self {
            maker,
            store,
            hands,
        }
    }

    /// A store whose horizon has passed.
    pub(super) fn settled(maker: &'m M) -> Self {
        let world = Self::new(maker);
        world.advance(SETTLED);
        world
    }

    /// A store with little room whose horizon has passed.
    pub(super) fn small(maker: &'m M) -> Option<Self> {
        let hands = Hands::at(maker.start());
        let store = maker.make_small(hands.clock())?;
        hands.set(hands.now().plus(SETTLED));
        Some(Self {
            maker,
            store,
            hands,
        })
    }

    /// The store, closed and reopened.
    pub(super) fn reopened(self) -> Option<Self> {
        let store = self.maker.reopen(self.store, self.hands.clock())?;
        Some(Self { store, ..self })
    }

    pub(super) fn advance(&self, millis: u64) {
        self.hands.set(self.hands.now().plus(millis));
    }

    /// The store's own time.
    pub(super) fn moment(&self) -> Result<UnixMillis, String> {
        let moment = self.maker.wait(self.store.now());
        moment.map_err(|error| format!("an error instead of the time: {error:?}"))
    }

    /// A session of this person that begins now.
    pub(super) fn begin(&self, person: Person) -> Result<SessionCheck, String> {
        Ok(self.session(person, self.moment()?))
    }

    /// A session of this person that began then.
    pub(super) fn session(&self, person: Person, since: UnixMillis) -> SessionCheck {
        let mut session = SessionCheck::new(since, all(&person.subjects()));
        session.scope = self.store.scope();
        session
    }

    pub(super) fn try_revoke(&self, revocation: Revocation) -> Result<UnixMillis, StoreError> {
        self.maker.wait(self.store.revoke(revocation))
    }

    /// Revokes as of now, or of a moment; as of which it is recorded.
    pub(super) fn revoke(
        &self,
        subjects: &[Subject],
        at: Option<UnixMillis>,
    ) -> Result<UnixMillis, String> {
        let mut revocation = Revocation::new(all(subjects), length(LONGEST));
        revocation.at = at;
        let answer = self.try_revoke(revocation);
        answer.map_err(|error| format!("an error instead of a revocation: {error:?}"))
    }

    pub(super) fn standing(&self, session: SessionCheck) -> Result<Standing, String> {
        let standing = self.maker.wait(self.store.check(session));
        standing.map_err(|error| format!("an error instead of a standing: {error:?}"))
    }

    pub(super) fn standings(&self, sessions: &[SessionCheck]) -> Result<Vec<Standing>, String> {
        let standings = self.maker.wait(self.store.check_all(sessions));
        standings.map_err(|error| format!("an error instead of standings: {error:?}"))
    }

    /// Looks up alone and as one of several, and compares.
    pub(super) fn expect(
        &self,
        what: &str,
        session: SessionCheck,
        expected: Standing,
    ) -> Result<(), String> {
        let standing = self.standing(session)?;
        ensure(standing == expected, || {
            format!("{what}: {standing:?} instead of {expected:?}")
        })?;
        let standings = self.standings(&[session])?;
        ensure(standings == [expected], || {
            format!("{what}, as one of one: {standings:?} instead of {expected:?}")
        })
    }

    /// Accepts any refusal.
    pub(super) fn expect_refusal(&self, what: &str, session: SessionCheck) -> Result<(), String> {
        let standing = self.standing(session)?;
        ensure(standing != Standing::Valid, || format!("{what}: Valid"))
    }
}
