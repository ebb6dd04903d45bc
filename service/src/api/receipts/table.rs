//! What became of tokens, as far as it is remembered.

use std::collections::{HashMap, VecDeque};

use apply_cookies::protocol::ReceiptId;
use apply_cookies::replay::BarrierAnswer;

/// The most entries of a span: what a map of 131,072 places takes before it grows. An entry then has
/// 17 bytes and an eighth.
const SPAN_ENTRIES: usize = 114_688;

/// Spans at a time: a million entries in all, some 20 MB.
const SPANS: usize = 9;

/// How a token ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Its cookies were given out.
    Released,
    /// They were, but the barrier of the sign-out could not be raised.
    ReleasedWithoutBarrier,
    /// It was posted too late.
    Expired,
}

impl From<BarrierAnswer> for Outcome {
    fn from(barrier: BarrierAnswer) -> Self {
        match barrier {
            BarrierAnswer::NoRoom => Self::ReleasedWithoutBarrier,
            BarrierAnswer::Raised | BarrierAnswer::NotAsked => Self::Released,
        }
    }
}

/// A receipt that is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(super) outcome: Outcome,
    /// Milliseconds since 1970.
    pub(super) at: u64,
}

impl Settled {
    /// A time takes 48 bits.
    fn pack(self) -> u64 {
        let outcome = match self.outcome {
            Outcome::Released => 0,
            Outcome::ReleasedWithoutBarrier => 1,
            Outcome::Expired => 2,
        };
        self.at << 2 | outcome
    }

    fn unpack(packed: u64) -> Self {
        Self {
            outcome: match packed & 3 {
                0 => Outcome::Released,
                1 => Outcome::ReleasedWithoutBarrier,
                _ => Outcome::Expired,
            },
            at: packed >> 2,
        }
    }
}

/// Settled receipts, in spans of time, so that nothing ever searches for what to forget. If it is
/// full, it forgets the oldest: their waiters have been told.
pub(super) struct Table {
    /// The newest at the end.
    spans: VecDeque<Span>,
    /// How long an entry is kept, in milliseconds.
    keep: u64,
    span_entries: usize,
}

struct Span {
    began: u64,
    /// Under half of an id, which is a digest that nobody can choose.
    entries: HashMap<u64, u64>,
}

impl Table {
    pub(super) fn new(keep: u64) -> Self {
        Self::bounded(keep, SPAN_ENTRIES)
    }

    fn bounded(keep: u64, span_entries: usize) -> Self {
        Self {
            spans: VecDeque::with_capacity(SPANS),
            keep,
            span_entries,
        }
    }

    pub(super) fn get(&self, id: ReceiptId) -> Option<Settled> {
        let key = half(id);
        let mut spans = self.spans.iter().rev();
        spans.find_map(|span| span.entries.get(&key).copied().map(Settled::unpack))
    }

    /// Remembers a receipt. Returns false, and changes nothing, if it is settled already.
    pub(super) fn insert(&mut self, id: ReceiptId, settled: Settled) -> bool {
        let now = settled.at;
        let width = self.keep / (SPANS as u64 - 1);
        while (self.spans.front()).is_some_and(|span| span.began + width + self.keep < now) {
            self.spans.pop_front();
        }
        if self.get(id).is_some() {
            return false;
        }
        let open = self.spans.back_mut().filter(|span| {
            span.entries.len() < self.span_entries && now < span.began.saturating_add(width)
        });
        if let Some(span) = open {
            span.entries.insert(half(id), settled.pack());
            return true;
        }
        if self.spans.len() == SPANS {
            self.spans.pop_front();
        }
        self.spans.push_back(Span {
            began: now,
            entries: HashMap::from([(half(id), settled.pack())]),
        });
        true
    }
}

fn half(id: ReceiptId) -> u64 {
    let mut half = [0; 8];
    half.copy_from_slice(&id.to_bytes()[..8]);
    u64::from_be_bytes(half)
}

#[cfg(test)]
mod tests {
    use apply_cookies::protocol::Nonce;

    use super::*;

    fn id(n: u64) -> ReceiptId {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&n.to_be_bytes());
        ReceiptId::from_nonce(Nonce::from_random(nonce))
    }

    fn settled(outcome: Outcome, at: u64) -> Settled {
        Settled { outcome, at }
    }

    #[test]
    fn the_first_outcome_of_a_receipt_stays_until_its_time_is_over() {
        let mut table = Table::new(120_000);
        let first = settled(Outcome::ReleasedWithoutBarrier, 1_795_000_000_000);
        assert!(table.insert(id(1), first));
        for (n, after) in [1, 15_000, 119_999, 120_000].into_iter().enumerate() {
            let again = settled(Outcome::Expired, first.at + after);
            assert!(!table.insert(id(1), again), "after {after} ms");
            assert_eq!(table.get(id(1)), Some(first));
            // Others do not disturb it.
            assert!(table.insert(id(n as u64 + 2), again));
            assert_eq!(table.get(id(n as u64 + 2)), Some(again));
        }
        let later = settled(Outcome::Expired, first.at + 135_001);
        assert!(table.insert(id(1), later));
        assert_eq!(table.get(id(1)), Some(later));
    }

    #[test]
    fn a_full_table_forgets_the_oldest_and_never_grows() {
        let mut table = Table::bounded(120_000, 10);
        for n in 0..1_000 {
            assert!(table.insert(id(n), settled(Outcome::Released, 5)));
            let known = (0..1_000).filter(|n| table.get(id(*n)).is_some()).count();
            assert!(known <= 10 * SPANS);
            assert!(
                known as u64 > n.min(10 * (SPANS as u64 - 1)),
                "{n}: {known}"
            );
            assert!(table.get(id(n)).is_some());
        }
    }

    /// As many places as entries, and an eighth more: 17 bytes each in the standard library's map.
    #[test]
    fn an_entry_of_a_full_span_takes_no_more_than_32_bytes() {
        let mut table = Table::new(120_000);
        for n in 0..SPAN_ENTRIES as u64 {
            table.insert(id(n), settled(Outcome::Released, 5));
        }
        let entries = &table.spans[0].entries;
        let bytes = entries.capacity() * 8 / 7 * (size_of::<(u64, u64)>() + 1);
        assert!(bytes <= 32 * entries.len(), "{bytes}");
        assert_eq!((table.spans.len(), entries.len()), (1, SPAN_ENTRIES));
    }
}
