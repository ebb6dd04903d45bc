//! Everything that is revoked, in this process's memory: the whole of the store in memory, and what the
//! store in a file looks up.
//!
//! A filter answers nearly all look-ups. What it may have is looked for in tables, one set for each
//! generation of entries that are forgotten together, under one lock: revocations are rare. A look-up
//! that meets a revocation under way waits for the lock, and so sees all of it.

mod filter;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use apply_cookies_protocol::{StoreScope, UnixMillis};

use self::filter::{Filters, Turn};
use super::hash::KeyedHash;
use super::reaper::Reaper;
use super::table::{ClaimTable, Fingerprint, Lookup, SHARDS};
use crate::answer::StoreError;
use crate::moments::Moments;
use crate::revocation::{Record, Revocation, SessionCheck, Standing, Subject};

/// How often a revocation looks for entries to forget, in milliseconds.
const FORGET_EVERY_MS: u64 = 1_000;

/// One memory: its name, and when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch {
    pub(crate) scope: StoreScope,
    pub(crate) horizon: UnixMillis,
}

pub(crate) struct Revoked {
    epoch: Epoch,
    hash: KeyedHash,
    filters: Filters,
    /// All entries that were forgotten are of a moment before, in milliseconds since 1970.
    forgotten_before: AtomicU64,
    book: RwLock<Book>,
    reaper: Reaper,
}

struct Book {
    moments: Moments,
    capacity: usize,
    entries: usize,
    /// When to look for generations to forget again.
    next_forget: UnixMillis,
    turn: Turn,
    /// By their ends.
    generations: BTreeMap<u64, Generation>,
}

/// Moments by the fingerprints of digests, in tables of which none takes long to grow.
struct Generation {
    tables: Box<[ClaimTable]>,
    latest: UnixMillis,
}

/// A record, and the end of the generation that has it.
pub(crate) type Added = (u64, Record);

/// How far a memory has forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Floor {
    /// Generations that end by then are gone, in milliseconds since 1970.
    pub(crate) generations: u64,
    /// All their entries are of a moment before.
    pub(crate) before: u64,
}

impl Revoked {
    pub(crate) fn new(epoch: Epoch, moments: Moments, floor: Floor, capacity: usize) -> Self {
        Self {
            epoch,
            hash: KeyedHash::random(),
            filters: Filters::new(capacity),
            forgotten_before: AtomicU64::new(floor.before),
            book: RwLock::new(Book {
                moments,
                capacity,
                entries: 0,
                next_forget: UnixMillis::EPOCH,
                turn: Turn::default(),
                generations: BTreeMap::new(),
            }),
            reaper: Reaper::default(),
        }
    }

    pub(crate) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn len(&self) -> usize {
        self.read().entries
    }

    /// In milliseconds since 1970.
    pub(crate) fn forgotten_before(&self) -> u64 {
        self.forgotten_before.load(Ordering::Acquire)
    }

    pub(crate) fn check(&self, session: &SessionCheck) -> Standing {
        let Epoch { scope, horizon } = self.epoch;
        // All of them, so that their places are read at the same time.
        let mut suspects = 0_u32;
        for (n, subject) in session.subjects.iter().enumerate() {
            let hash = self.hash.of(subject.digest().to_bytes());
            suspects |= u32::from(self.filters.may_have(hash)) << n;
        }
        if !session.is_known(Some(scope), horizon) || self.may_be_forgotten(session) {
            return Standing::BeforeHorizon;
        }
        if suspects == 0 {
            return Standing::Valid;
        }
        let book = self.read();
        let subjects = session.subjects.iter().enumerate();
        let mut suspects = subjects.filter(|(n, _)| suspects & (1 << n) != 0);
        if self.may_be_forgotten(session) {
            Standing::BeforeHorizon
        } else if suspects.any(|(_, subject)| book.is_over(subject, session.since, &self.hash)) {
            Standing::Revoked
        } else {
            Standing::Valid
        }
    }

    fn may_be_forgotten(&self, session: &SessionCheck) -> bool {
        session.since.get() < self.forgotten_before()
    }

    /// The moment at which a session begins.
    pub(crate) fn begin(&self, now: UnixMillis) -> UnixMillis {
        self.write().moments.begin(now)
    }

    /// Records a revocation, all of it or nothing. `added` gets what was not there; the answer is the
    /// moment as of which it holds.
    pub(crate) fn revoke(
        &self,
        revocation: &Revocation,
        now: UnixMillis,
        mut added: impl FnMut(Added),
    ) -> Result<UnixMillis, StoreError> {
        let mut book = self.write();
        let moment = book.moments.revoke(now);
        let records = || {
            let records = revocation.records(moment).map(|record| {
                let generation = record.end_of_generation(revocation.longest);
                (generation, record)
            });
            // Of what is refused to everybody already, nothing needs to be kept.
            records.filter(|(_, record)| record.at.get() >= self.forgotten_before())
        };
        let needed = records()
            .filter(|(generation, record)| book.needs_place(*generation, self.fingerprint(record)));
        if book.entries + needed.count() > book.capacity {
            return Err(StoreError::Full);
        }
        for (generation, record) in records() {
            if self.put(&mut book, generation, &record) {
                added((generation, record));
            }
        }
        Ok(revocation.recorded_at(moment))
    }

    /// Adds a record that is in the file, however many there are.
    #[cfg(feature = "file")]
    pub(crate) fn load(&self, generation: u64, record: &Record) {
        self.put(&mut self.write(), generation, record);
    }

    /// The latest moment that was given out.
    #[cfg(feature = "file")]
    pub(crate) fn latest_moment(&self) -> UnixMillis {
        self.read().moments.latest()
    }

    /// Whether it was not there.
    fn put(&self, book: &mut Book, generation: u64, record: &Record) -> bool {
        let fingerprint = self.fingerprint(record);
        if book.covers(generation, fingerprint, record.at) {
            return false;
        }
        let kept = book.generations.entry(generation).or_default();
        kept.latest = kept.latest.max(record.at);
        let table = &mut kept.tables[fingerprint.shard()];
        match table.find(fingerprint) {
            Lookup::Used(_) => table.replace(fingerprint, record.at.get()),
            Lookup::Free(slot) => {
                let outgrown = table.insert(slot, fingerprint, record.at.get());
                self.reaper.take(outgrown.len(), outgrown);
                book.entries += 1;
            }
        }
        let hash = self.hash.of(record.digest.to_bytes());
        self.filters.add(&mut book.turn, hash, generation);
        true
    }

    /// Forgets what can never matter again, if it is time to look. Returns the new floor if there was
    /// some.
    pub(crate) fn forget(&self, now: UnixMillis) -> Option<Floor> {
        let mut book = self.write();
        let next = now.plus(FORGET_EVERY_MS);
        // One that is due later than the next was put off by a clock that was ahead.
        if now < book.next_forget && book.next_forget <= next {
            return None;
        }
        book.next_forget = next;
        // What is recorded from now on ends later than all that is forgotten.
        book.moments.observe(now);
        let past = Record::forgettable_by(now).get();
        let kept = book.generations.split_off(&(past + 1));
        let gone = std::mem::replace(&mut book.generations, kept);
        let latest = gone
            .values()
            .map(|generation| generation.latest.get())
            .max()?;
        // Before anything is cleared: whoever no longer finds it is to see this.
        self.forgotten_before
            .fetch_max(latest + 1, Ordering::Release);
        self.filters.forget(&mut book.turn, past);
        let tables = gone.values().flat_map(|generation| &generation.tables);
        let entries = tables.map(ClaimTable::len).sum();
        book.entries -= entries;
        let generations = gone.last_key_value().map_or(0, |(end, _)| *end);
        drop(book);
        self.reaper.take(entries, gone);
        Some(Floor {
            generations,
            before: self.forgotten_before(),
        })
    }

    fn fingerprint(&self, record: &Record) -> Fingerprint {
        Fingerprint::new(self.hash.of(record.digest.to_bytes()))
    }

    fn read(&self) -> RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Book> {
        self.book.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn is_over(&self, subject: Subject, since: UnixMillis, hash: &KeyedHash) -> bool {
        let fingerprint = Fingerprint::new(hash.of(subject.digest().to_bytes()));
        let found = |generation: &Generation| generation.at(fingerprint);
        let mut moments = self.generations.values().filter_map(found);
        moments.any(|at| subject.is_over(since, at))
    }

    /// Whether it is revoked already, as of then and for as long.
    fn covers(&self, generation: u64, fingerprint: Fingerprint, at: UnixMillis) -> bool {
        let mut later = self.generations.range(generation..);
        later.any(|(_, kept)| kept.at(fingerprint).is_some_and(|before| before >= at))
    }

    fn needs_place(&self, generation: u64, fingerprint: Fingerprint) -> bool {
        let kept = self.generations.get(&generation);
        kept.is_none_or(|kept| kept.at(fingerprint).is_none())
    }
}

impl Generation {
    fn at(&self, fingerprint: Fingerprint) -> Option<UnixMillis> {
        match self.tables[fingerprint.shard()].find(fingerprint) {
            Lookup::Used(at) => Some(UnixMillis::EPOCH.plus(at)),
            Lookup::Free(_) => None,
        }
    }
}

impl Default for Generation {
    fn default() -> Self {
        Self {
            tables: (0..SHARDS).map(|_| ClaimTable::default()).collect(),
            latest: UnixMillis::EPOCH,
        }
    }
}
