//! Revocations and sessions as a store sees them, and the rules of the contract that they can decide
//! by themselves. Every store uses these, so no two stores can differ.

use apply_cookies_protocol::limits::SKEW_MS;
use apply_cookies_protocol::{StoreScope, UnixMillis};

use crate::claim::MARGIN_MS;

/// The longest that a session may last: as long as a browser keeps a cookie, 400 days.
const LONGEST_MS: u64 = 400 * 86_400_000;

/// Sixteen bytes by which a store knows a session, a browser or a person. The caller makes them, under
/// a key of its own: a store never sees a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RevocationDigest([u8; 16]);

impl RevocationDigest {
    /// The digest with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

/// Something that is revoked, and to which sessions belong. One digest is always of the same kind.
///
/// Exhaustive: a new kind must be a compile-time error for every store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the doc comment says why")]
pub enum Subject {
    /// One session, or a provider's: revoked whenever it began.
    Absolute(RevocationDigest),
    /// A browser or a person: revoked are the sessions that began by the moment of the revocation.
    Timed(RevocationDigest),
}

impl Subject {
    /// Its digest.
    #[must_use]
    pub const fn digest(self) -> RevocationDigest {
        match self {
            Self::Absolute(digest) | Self::Timed(digest) => digest,
        }
    }

    /// Whether a session of it that began at `since` is over, when it was revoked at `at`.
    #[must_use]
    pub fn is_over(self, since: UnixMillis, at: UnixMillis) -> bool {
        match self {
            Self::Absolute(_) => true,
            Self::Timed(_) => at >= since,
        }
    }
}

/// Between one and [`MAX`](Self::MAX) subjects: those of a session, or of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subjects {
    /// Those after the last are zero.
    digests: [RevocationDigest; Self::MAX],
    /// A bit for each that is timed. Kinds beside their digests would take two bytes each, and every
    /// question is passed by value.
    timed: u16,
    count: u8,
}

impl Subjects {
    /// The most at a time. A session has two digests of its own, and two under each key of its
    /// deployment, of which sign-ins take six.
    pub const MAX: usize = 14;

    /// These subjects; `None` if there is none, or too many.
    #[must_use]
    pub fn new(subjects: &[Subject]) -> Option<Self> {
        let count = u8::try_from(subjects.len()).ok()?;
        let mut all = Self {
            digests: [RevocationDigest([0; 16]); Self::MAX],
            timed: 0,
            count,
        };
        let places = all.digests.get_mut(..subjects.len())?;
        for (at, (place, subject)) in places.iter_mut().zip(subjects).enumerate() {
            *place = subject.digest();
            all.timed |= u16::from(matches!(subject, Subject::Timed(_))) << at;
        }
        (count > 0).then_some(all)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Subject> + '_ {
        let digests = self.digests.iter().take(usize::from(self.count));
        digests.enumerate().map(|(at, digest)| {
            if self.timed >> at & 1 == 1 {
                Subject::Timed(*digest)
            } else {
                Subject::Absolute(*digest)
            }
        })
    }
}

impl From<Subject> for Subjects {
    fn from(one: Subject) -> Self {
        Self::new(&[one]).expect("one is neither none nor too many")
    }
}

/// The longest time that a session of a deployment lasts: up to 400 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionLength(u64);

impl SessionLength {
    /// A length; `None` for zero and for more than 400 days.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Option<Self> {
        if millis > 0 && millis <= LONGEST_MS {
            Some(Self(millis))
        } else {
            None
        }
    }

    /// The number of milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

/// The end of all sessions of some subjects.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Revocation {
    /// Whose. All of them are revoked in one step, or none.
    pub subjects: Subjects,
    /// The moment, where another clock has named it, as a provider's: timed subjects are revoked as of
    /// then. `None` for now. One that is still to come counts as now.
    pub at: Option<UnixMillis>,
    /// The longest that a session lasts: so long it is remembered.
    pub longest: SessionLength,
}

impl Revocation {
    /// A revocation as of now, in a deployment whose sessions last no longer than `longest`.
    #[must_use]
    pub fn new(subjects: impl Into<Subjects>, longest: SessionLength) -> Self {
        Self {
            subjects: subjects.into(),
            at: None,
            longest,
        }
    }

    /// The moment that is recorded for timed subjects, and answered.
    pub(crate) fn recorded_at(&self, moment: UnixMillis) -> UnixMillis {
        self.at.map_or(moment, |at| at.min(moment))
    }

    /// What a store keeps of it, recorded at this moment.
    pub(crate) fn records(&self, moment: UnixMillis) -> impl Iterator<Item = Record> + '_ {
        let ends_at = moment.plus(self.longest.as_millis());
        self.subjects.iter().map(move |subject| Record {
            digest: subject.digest(),
            // Times do not matter to an absolute one, but until when it is kept, and what is refused
            // once it is forgotten, does.
            at: match subject {
                Subject::Absolute(_) => moment,
                Subject::Timed(_) => self.recorded_at(moment),
            },
            ends_at,
        })
    }
}

/// What a store keeps of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) digest: RevocationDigest,
    pub(crate) at: UnixMillis,
    /// By then every session that it ends would have ended by itself.
    pub(crate) ends_at: UnixMillis,
}

/// The least span of a generation, in milliseconds.
const SPAN_MS: u64 = 10_000;

/// The most generations that the life of a session spans. It spans more than half as many, so an entry
/// stays at most a quarter of that life too long.
const SPANS: u64 = 8;

impl Record {
    /// When its generation ends, in milliseconds since 1970: records of one generation are forgotten
    /// together.
    ///
    /// The file stores generations by this number: changing the rule changes its format.
    pub(crate) fn end_of_generation(&self, longest: SessionLength) -> u64 {
        let mut span = SPAN_MS;
        while longest.as_millis() > span * SPANS {
            span *= 2;
        }
        (self.ends_at.get() / span + 1) * span
    }

    /// What ended by this moment may be forgotten.
    pub(crate) const fn forgettable_by(now: UnixMillis) -> UnixMillis {
        now.minus(SKEW_MS + MARGIN_MS)
    }
}

/// A session whose standing is asked for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SessionCheck {
    /// The moment before its evidence was asked for, by the store's own clock
    /// ([`Revocations::now`](crate::Revocations::now)).
    pub since: UnixMillis,
    /// The scope that it carries.
    pub scope: Option<StoreScope>,
    /// What it belongs to.
    pub subjects: Subjects,
}

impl SessionCheck {
    /// A session without a scope.
    #[must_use]
    pub fn new(since: UnixMillis, subjects: impl Into<Subjects>) -> Self {
        Self {
            since,
            scope: None,
            subjects: subjects.into(),
        }
    }

    /// Whether a store with this scope and horizon is certain to remember every revocation of it
    /// (rules 1 and 2 of the [contract](crate::Revocations#what-a-look-up-answers)).
    #[must_use]
    pub fn is_known(&self, own: Option<StoreScope>, horizon: UnixMillis) -> bool {
        match self.scope {
            Some(_) => self.scope == own,
            None => self.since >= horizon.plus(SKEW_MS),
        }
    }
}

/// How a session stands.
///
/// Exhaustive: a new answer must be a compile-time error for every caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the doc comment says why")]
pub enum Standing {
    /// Nothing that it belongs to was revoked.
    Valid,
    /// It is over.
    Revoked,
    /// It is older than the store is certain to remember, or began under another scope: it may be
    /// over.
    BeforeHorizon,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(byte: u8) -> Subject {
        let digest = RevocationDigest::from_bytes([byte; 16]);
        if byte.is_multiple_of(3) {
            Subject::Absolute(digest)
        } else {
            Subject::Timed(digest)
        }
    }

    #[test]
    fn there_are_one_to_fourteen_subjects() {
        let many: Vec<_> = (0..15).map(subject).collect();
        assert!(Subjects::new(&[]).is_none() && Subjects::new(&many).is_none());
        for count in 1..=Subjects::MAX {
            let subjects = Subjects::new(&many[..count]).unwrap();
            assert!(subjects.iter().eq(many[..count].iter().copied()));
        }
        assert!(Subjects::from(many[0]).iter().eq([many[0]]));
    }

    #[test]
    fn a_moment_to_come_counts_as_now_and_only_timed_subjects_take_an_earlier_one() {
        let at = |millis| UnixMillis::new(millis).unwrap();
        let both = [subject(1), Subject::Absolute(subject(2).digest())];
        let longest = SessionLength::from_millis(100).unwrap();
        let mut revocation = Revocation::new(Subjects::new(&both).unwrap(), longest);
        for (given, kept) in [(None, 50), (Some(at(20)), 20), (Some(at(80)), 50)] {
            revocation.at = given;
            let records: Vec<_> = revocation.records(at(50)).collect();
            assert_eq!(
                records.iter().map(|r| r.at).collect::<Vec<_>>(),
                [at(kept), at(50)]
            );
            assert!(records.iter().all(|record| record.ends_at == at(150)));
        }
    }

    #[test]
    fn a_record_is_kept_in_the_generation_in_which_files_have_it() {
        for (longest, end) in [
            (60_000, 70_000),
            (80_001, 100_000),
            (43_200_000, 51_200_000),
        ] {
            let record = Record {
                digest: subject(1).digest(),
                at: UnixMillis::EPOCH,
                ends_at: UnixMillis::EPOCH.plus(longest),
            };
            let longest = SessionLength::from_millis(longest).unwrap();
            assert_eq!(record.end_of_generation(longest), end);
        }
    }
}
