//! The file's content in memory: decides claims, and says what must be written for them. Does no
//! I/O.
//!
//! A single thread owns it, so of two claims of one nonce, one sees the other.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use apply_cookies_protocol::{Grant, RedemptionDigest, StoreScope, UnixMillis};

use super::record::{BarrierRecord, ClaimRecord, Id, RECORD_MAX};
use crate::answer::{BarrierAnswer, ClaimAnswer, StoreError};
use crate::barrier::{self, Raising, Standing};
use crate::capacity::Capacity;
use crate::claim::Claim;

/// One memory: its name, and when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch {
    pub(super) scope: StoreScope,
    pub(super) horizon: UnixMillis,
}

/// How far the store has forgotten, in milliseconds since 1970. It never decreases, however the
/// clock is set, even across restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Floor {
    /// Generations of claims that end by then.
    pub(super) claims: u64,
    /// Generations of barriers that end by then.
    pub(super) barriers: u64,
    /// All those barriers were issued before.
    pub(super) issued_before: u64,
}

impl Floor {
    /// The time up to which tokens are refused for what is forgotten.
    pub(super) fn until(self) -> u64 {
        self.claims.max(self.issued_before)
    }
}

/// The additions of a batch of claims to the file: rows of records for each generation.
#[derive(Debug, Default)]
pub(super) struct Additions {
    pub(super) claims: Rows,
    pub(super) barriers: Rows,
}

/// The most bytes of a row. With its key it fits into one page of redb: a single free page will do
/// anywhere, while longer runs need a file that is not fragmented.
const ROW_BYTES: usize = 3_800;

/// The full rows of each generation and the one being written, in the order of generations.
#[derive(Debug, Default)]
pub(super) struct Rows(BTreeMap<u64, Vec<Vec<u8>>>);

impl Rows {
    /// The row of this generation that takes the next record.
    pub(super) fn of(&mut self, generation: u64) -> &mut Vec<u8> {
        let rows = self.0.entry(generation).or_default();
        if rows
            .last()
            .is_none_or(|row| row.len() + RECORD_MAX > ROW_BYTES)
        {
            rows.push(Vec::new());
        }
        let last = rows.len() - 1;
        &mut rows[last]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All rows, each with its generation.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.0
            .iter()
            .flat_map(|(generation, rows)| rows.iter().map(|row| (*generation, &row[..])))
    }
}

impl Additions {
    pub(super) fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.barriers.is_empty()
    }
}

pub(super) struct Ledger {
    epoch: Epoch,
    floor: Floor,
    capacity: Capacity,
    entries: usize,
    /// How many of the entries are barriers.
    barrier_entries: usize,
    /// By the end of the generation.
    claims: BTreeMap<u64, HashMap<Id, Option<Id>>>,
    /// By the end of the generation. Browsers choose their binding, so the hash must be one that
    /// nobody can target.
    barriers: BTreeMap<u64, HashMap<Id, Standing>>,
}

impl Ledger {
    pub(super) fn new(epoch: Epoch, floor: Floor) -> Self {
        Self {
            epoch,
            floor,
            capacity: Capacity::DEFAULT,
            entries: 0,
            barrier_entries: 0,
            claims: BTreeMap::new(),
            barriers: BTreeMap::new(),
        }
    }

    pub(super) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(super) const fn floor(&self) -> Floor {
        self.floor
    }

    pub(super) const fn len(&self) -> usize {
        self.entries
    }

    pub(super) const fn set_capacity(&mut self, capacity: Capacity) {
        self.capacity = capacity;
    }

    /// Adds a claim that is in the file.
    pub(super) fn load_claim(&mut self, generation: u64, claim: ClaimRecord) {
        let claims = self.claims.entry(generation).or_default();
        if claims.insert(claim.nonce, claim.redemption).is_none() {
            self.entries += 1;
        }
    }

    /// Adds a barrier that is in the file.
    pub(super) fn load_barrier(&mut self, generation: u64, record: BarrierRecord) {
        match self
            .barriers
            .entry(generation)
            .or_default()
            .entry(record.binding)
        {
            Entry::Occupied(mut entry) => {
                if !entry.get().covers(&record.standing) {
                    entry.insert(record.standing);
                }
            }
            Entry::Vacant(entry) => {
                entry.insert(record.standing);
                self.entries += 1;
                self.barrier_entries += 1;
            }
        }
    }

    /// Drops what can never matter again. This raises the floor, which must then be written.
    pub(super) fn forget(&mut self, now: UnixMillis) {
        let past = Claim::forgettable_by(now);
        // A generation without claims may still begin: nothing of it is forgotten.
        while let Some(first) = self.claims.first_entry()
            && *first.key() <= past.get()
        {
            self.floor.claims = *first.key();
            self.entries -= first.remove().len();
        }
        while let Some(first) = self.barriers.first_entry()
            && *first.key() <= past.get()
        {
            self.floor.barriers = *first.key();
            let forgotten = first.remove();
            let refused = forgotten.values().map(Standing::refuses_before);
            self.floor.issued_before = refused.fold(self.floor.issued_before, u64::max);
            self.entries -= forgotten.len();
            self.barrier_entries -= forgotten.len();
        }
    }

    /// Decides a claim and remembers it. The answer holds once the additions are in the file.
    pub(super) fn decide(
        &mut self,
        claim: &Claim,
        additions: &mut Additions,
    ) -> Result<ClaimAnswer, StoreError> {
        let is_known = claim.is_known(Some(self.epoch.scope), self.epoch.horizon);
        let generation = claim.end_of_generation();
        if !is_known
            || generation <= self.floor.claims
            || barrier::may_be_forgotten(claim, self.floor.issued_before)
        {
            return Ok(ClaimAnswer::BeforeHorizon);
        }
        if self.is_behind_barrier(claim) {
            return Ok(ClaimAnswer::BehindBarrier);
        }
        let nonce = claim.nonce.to_bytes();
        let claims = self.claims.get(&generation);
        let grant = match claims.and_then(|claims| claims.get(&nonce)) {
            Some(redemption) if claim.is_retry_of(*redemption) => Grant::Retry,
            Some(_) => return Ok(ClaimAnswer::AlreadyUsed),
            None if self.entries >= self.capacity.entries() => return Err(StoreError::Full),
            None => {
                let record = ClaimRecord {
                    nonce,
                    redemption: claim.redemption.map(RedemptionDigest::to_bytes),
                };
                self.load_claim(generation, record);
                record.write(additions.claims.of(generation));
                Grant::First
            }
        };
        // On a retry too: the first try may have found no room for the barrier.
        let barrier = Raising::of_claim(claim).map_or(BarrierAnswer::NotAsked, |raising| {
            self.raise(&raising, additions)
        });
        Ok(ClaimAnswer::Granted { grant, barrier })
    }

    /// Raises a barrier, unless one that stands already does what it would. It holds once the
    /// additions are in the file.
    pub(super) fn raise(&mut self, raising: &Raising, additions: &mut Additions) -> BarrierAnswer {
        // What is refused to everybody already needs no barrier. So a barrier that is kept is no older
        // than those forgotten, and a clock that was ahead by years does not make it stay for years.
        if raising.standing.refuses_before() <= self.floor.issued_before {
            return BarrierAnswer::Raised;
        }
        // Rows up to the floor do not count, and some may still have to be removed. Where the clock
        // was ahead for a while, the barrier goes behind them.
        let generation = raising.end_of_generation(self.floor.barriers);
        let binding = raising.binding.to_bytes();
        let covers = |standing: &Standing| standing.covers(&raising.standing);
        if self.has(generation, &binding, covers) {
            return BarrierAnswer::Raised;
        }
        let shares = (self.barriers.get(&generation))
            .is_some_and(|barriers| barriers.contains_key(&binding));
        let has_room = self.entries < self.capacity.entries()
            && self.barrier_entries < self.capacity.barriers();
        if !shares && !has_room {
            return BarrierAnswer::NoRoom;
        }
        let record = BarrierRecord {
            binding,
            standing: raising.standing,
        };
        self.load_barrier(generation, record);
        record.write(additions.barriers.of(generation));
        BarrierAnswer::Raised
    }

    /// Whether a barrier of the same browser refuses this token.
    fn is_behind_barrier(&self, claim: &Claim) -> bool {
        claim.binding.is_some_and(|binding| {
            self.has(0, &binding.to_bytes(), |standing| standing.refuses(claim))
        })
    }

    /// Whether there is such a barrier of this browser, in a generation that ends no earlier.
    fn has(&self, first: u64, binding: &Id, such: impl Fn(&Standing) -> bool) -> bool {
        self.barriers
            .range(first..)
            .filter_map(|(_, barriers)| barriers.get(binding))
            .any(such)
    }
}
