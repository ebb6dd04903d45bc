//! The claimed nonces, in shards, and within a shard in generations that are forgotten together.
//!
//! Entries whose tokens expire within the same span of time share a generation. Forgetting takes a
//! generation out as a whole: nothing is ever scanned. A shard knows up to when it has forgotten,
//! and a token that expires before that is never taken for a fresh one, however the clock is set.
//! Both are under the shard's one lock, so no claim can slip into a generation that is gone.

use std::sync::{Mutex, MutexGuard, PoisonError};

use apply_cookies_protocol::{Grant, RedemptionDigest, UnixMillis};

use super::hash::KeyedHash;
use super::reaper::Reaper;
use super::table::{ClaimTable, Fingerprint, Lookup, RedemptionWord, SHARDS};
use crate::answer::{ClaimAnswer, StoreError};
use crate::claim::Claim;

/// The word of a claim without a redemption id.
const NO_REDEMPTION: RedemptionWord = 0;

pub(super) struct Claims {
    hash: KeyedHash,
    shards: Box<[Shard]>,
}

/// On a cache line of its own, so that two processors in two shards do not meet.
#[derive(Default)]
#[repr(align(64))]
struct Shard(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    /// Generations that end by then are gone, in milliseconds since 1970.
    forgotten_until: u64,
    /// The one that ends last. Most claims are for tokens that were just issued, and find it on the
    /// cache line of the lock.
    latest: Generation,
    /// A handful.
    older: Vec<Generation>,
}

#[derive(Default)]
struct Generation {
    /// By then every token of it has expired, in milliseconds since 1970.
    ends_at: u64,
    table: ClaimTable,
}

/// Generations that were taken out, and how many entries they had.
pub(super) struct Forgotten {
    pub(super) entries: usize,
    /// When the latest of them ended, in milliseconds since 1970.
    pub(super) until: u64,
    pub(super) tables: Vec<ClaimTable>,
}

impl Claims {
    pub(super) fn new(hash: KeyedHash) -> Self {
        Self {
            hash,
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
        }
    }

    /// Claims the nonce; a fresh one only if `take_place` finds a place for it. Memory that a table
    /// has outgrown goes to the reaper.
    pub(super) fn claim(
        &self,
        claim: &Claim,
        reaper: &Reaper,
        take_place: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<ClaimAnswer, StoreError> {
        let fingerprint = Fingerprint::new(self.hash.of(claim.nonce.to_bytes()));
        let redemption = claim.redemption.map_or(NO_REDEMPTION, word);
        let ends_at = claim.end_of_generation();
        let mut generations = self.shards[fingerprint.shard()].lock();
        if ends_at <= generations.forgotten_until {
            return Ok(ClaimAnswer::BeforeHorizon);
        }
        let table = generations.table(ends_at);
        match table.find(fingerprint) {
            Lookup::Used(used) if claim.is_retry_of(kept(used)) => {
                Ok(ClaimAnswer::granted(Grant::Retry))
            }
            Lookup::Used(_) => Ok(ClaimAnswer::AlreadyUsed),
            Lookup::Free(slot) => {
                take_place()?;
                let outgrown = table.insert(slot, fingerprint, redemption);
                drop(generations);
                reaper.take(outgrown.len(), outgrown);
                Ok(ClaimAnswer::granted(Grant::First))
            }
        }
    }

    /// Takes out the generations that end by `until`.
    pub(super) fn forget(&self, until: UnixMillis) -> Forgotten {
        let mut tables = Vec::new();
        let mut ended = 0;
        for shard in &self.shards {
            let Generations {
                forgotten_until,
                latest,
                older,
            } = &mut *shard.lock();
            let has_ended = |generation: &mut Generation| generation.ends_at <= until.get();
            let last = has_ended(latest).then(|| std::mem::take(latest));
            let gone = older.extract_if(.., has_ended).chain(last);
            tables.extend(gone.map(|generation| {
                // Where there was no claim, nothing is forgotten: a clock that ran ahead for a
                // while does not close a generation that has yet to begin.
                *forgotten_until = generation.ends_at.max(*forgotten_until);
                ended = ended.max(generation.ends_at);
                generation.table
            }));
        }
        Forgotten {
            entries: tables.iter().map(ClaimTable::len).sum(),
            until: ended,
            tables,
        }
    }
}

impl Shard {
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn table(&mut self, ends_at: u64) -> &mut ClaimTable {
        let begin = || Generation {
            ends_at,
            table: ClaimTable::default(),
        };
        if ends_at > self.latest.ends_at {
            self.older
                .push(std::mem::replace(&mut self.latest, begin()));
        }
        if ends_at == self.latest.ends_at {
            return &mut self.latest.table;
        }
        let found = self.older.iter().rposition(|one| one.ends_at == ends_at);
        let at = found.unwrap_or_else(|| {
            self.older.push(begin());
            self.older.len() - 1
        });
        &mut self.older[at].table
    }
}

/// Half of the digest. Guessing a redemption id to pass for its owner succeeds with a chance of
/// 2^-64 per request, for as long as the token lives, and also takes the token and the browser's
/// binding cookie. A digest whose half is zero counts as none: such a claim has no retry, once in
/// 2^64.
fn word(redemption: RedemptionDigest) -> RedemptionWord {
    let bytes = redemption.to_bytes();
    let half = bytes.first_chunk().copied().unwrap_or_default();
    u64::from_ne_bytes(half)
}

/// The bytes that `word` took.
fn kept(word: RedemptionWord) -> Option<[u8; 8]> {
    (word != NO_REDEMPTION).then(|| word.to_ne_bytes())
}
