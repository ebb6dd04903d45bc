//! The rows of the file: records with nothing between them.
//!
//! ```text
//! claim    nonce 16 | 0                        used without a redemption id
//!          nonce 16 | 1 | digest 16            used under this one
//! barrier  binding 16 | nonce 16 | issued at 8 (milliseconds, big-endian)
//! ```

use apply_cookies_protocol::{Nonce, UnixMillis};

use crate::barrier::Standing;

/// Nonces, digests of redemption ids and of bindings.
pub(super) type Id = [u8; 16];

/// Bytes of the longest record: a barrier.
pub(super) const RECORD_MAX: usize = 40;

/// A used nonce, and the redemption that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClaimRecord {
    pub(super) nonce: Id,
    pub(super) redemption: Option<Id>,
}

impl ClaimRecord {
    pub(super) fn write(&self, row: &mut Vec<u8>) {
        row.extend_from_slice(&self.nonce);
        match &self.redemption {
            None => row.push(0),
            Some(digest) => {
                row.push(1);
                row.extend_from_slice(digest);
            }
        }
    }

    /// Takes the first record off a row. `None` when there is none, or half of one.
    pub(super) fn read(row: &mut &[u8]) -> Option<Self> {
        let nonce = take(row)?;
        let redemption = match take(row)? {
            [0] => None,
            [1] => Some(take(row)?),
            _ => return None,
        };
        Some(Self { nonce, redemption })
    }
}

/// A browser's barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BarrierRecord {
    pub(super) binding: Id,
    pub(super) standing: Standing,
}

impl BarrierRecord {
    pub(super) fn write(&self, row: &mut Vec<u8>) {
        row.extend_from_slice(&self.binding);
        row.extend_from_slice(&self.standing.nonce.to_bytes());
        row.extend_from_slice(&self.standing.issued_at.get().to_be_bytes());
    }

    /// Takes the first record off a row. `None` when there is none, or half of one.
    pub(super) fn read(row: &mut &[u8]) -> Option<Self> {
        Some(Self {
            binding: take(row)?,
            standing: Standing {
                nonce: Nonce::from_random(take(row)?),
                issued_at: UnixMillis::new(u64::from_be_bytes(take(row)?))?,
            },
        })
    }
}

fn take<const N: usize>(row: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = row.split_first_chunk()?;
    *row = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let claims = [None, Some([2; 16]), None].map(|redemption| ClaimRecord {
            nonce: [1; 16],
            redemption,
        });
        let mut row = Vec::new();
        for claim in &claims {
            claim.write(&mut row);
        }
        let mut rest = &row[..];
        let read: Vec<_> = std::iter::from_fn(|| ClaimRecord::read(&mut rest)).collect();
        assert_eq!(read, claims);
        assert!(rest.is_empty());

        let barrier = BarrierRecord {
            binding: [3; 16],
            standing: Standing {
                nonce: Nonce::from_random([4; 16]),
                issued_at: UnixMillis::new(1_795_000_000_000).unwrap(),
            },
        };
        let mut row = Vec::new();
        barrier.write(&mut row);
        assert_eq!(row.len(), RECORD_MAX);
        assert_eq!(BarrierRecord::read(&mut &row[..]), Some(barrier));
    }

    #[test]
    fn half_a_record_is_none() {
        let mut row = Vec::new();
        let claim = ClaimRecord {
            nonce: [1; 16],
            redemption: Some([2; 16]),
        };
        claim.write(&mut row);
        for length in 0..row.len() {
            assert_eq!(ClaimRecord::read(&mut &row[..length]), None);
        }
        row[16] = 2;
        assert_eq!(ClaimRecord::read(&mut &row[..]), None, "an unknown kind");
    }
}
