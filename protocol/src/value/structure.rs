//! Two facts about JSON that serde does not report: how deeply it is nested, and whether an object
//! has a key twice. Gathered while its pieces go by, in order, without keeping any of them.

use crate::limits::VALUE_DEPTH_MAX;

/// JSON is nested deeper than [`VALUE_DEPTH_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooDeep;

/// The keys of all open objects that are remembered. Nearly every value has fewer fields.
const KEYS: usize = 32;

/// What is of interest when all has gone by, and is nested well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// The outermost value is an object.
    pub(super) object: bool,
    /// `null` occurs somewhere. `NaN` is written so too.
    pub(super) null: bool,
}

/// What is known of the pieces so far.
pub(super) struct Structure {
    pub(super) facts: Facts,
    /// Some object may have a key twice: two keys have one hash, there are too many, or one was not
    /// seen as it is meant.
    pub(super) unsure: bool,
    /// Some of it went by as one piece: it must be scanned.
    pub(super) raw: bool,
    /// It went deeper than [`VALUE_DEPTH_MAX`], whatever became of the error.
    pub(super) too_deep: bool,
    innermost: Open,
    outer: [Open; VALUE_DEPTH_MAX],
    depth: usize,
    hashes: [u64; KEYS],
    keys: usize,
}

/// An object or a list that is open.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    object: bool,
    /// The number of keys that were open before it.
    keys: usize,
}

impl Structure {
    pub(super) fn new() -> Self {
        Self {
            facts: Facts::default(),
            unsure: false,
            raw: false,
            too_deep: false,
            innermost: Open::default(),
            outer: [Open::default(); VALUE_DEPTH_MAX],
            depth: 0,
            hashes: [0; KEYS],
            keys: 0,
        }
    }

    /// Whether the innermost is an object.
    pub(super) fn in_object(&self) -> bool {
        self.innermost.object
    }

    /// An object or a list begins.
    #[inline]
    pub(super) fn open(&mut self, object: bool) -> Result<(), TooDeep> {
        let Some(place) = self.outer.get_mut(self.depth) else {
            self.too_deep = true;
            return Err(TooDeep);
        };
        *place = self.innermost;
        if self.depth == 0 {
            self.facts.object = object;
        }
        self.depth += 1;
        self.innermost = Open {
            object,
            keys: self.keys,
        };
        Ok(())
    }

    /// The innermost ends. `false` if nothing is open.
    #[inline]
    pub(super) fn close(&mut self) -> bool {
        let Some(outer) = self.depth.checked_sub(1) else {
            return false;
        };
        self.keys = self.innermost.keys;
        self.innermost = self.outer[outer];
        self.depth = outer;
        true
    }

    /// A key of the innermost object, without its quotes.
    #[inline]
    pub(super) fn key(&mut self, key: &[u8]) {
        let Some((known, [next, ..])) = self.hashes.split_at_mut_checked(self.keys) else {
            self.unsure = true;
            return;
        };
        *next = hash(key);
        self.unsure |= known[self.innermost.keys..].contains(next);
        self.keys += 1;
    }
}

/// Equal keys have equal hashes. Unequal ones may have too, by chance or by intent: that only costs
/// a closer look.
fn hash(key: &[u8]) -> u64 {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(ODD);
    let length = u64::try_from(key.len()).unwrap_or(u64::MAX);
    // The last word overlaps the one before, so that nothing is copied to fill it up.
    if let Some(last) = key.last_chunk() {
        let words = key.as_chunks().0.iter().chain([last]);
        return words.fold(length, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    }
    let short = match (key.first_chunk(), key.last_chunk()) {
        (Some(first), Some(last)) => {
            let halves = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
            halves[0] << 32 | halves[1]
        }
        _ => (key.iter()).fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    mix(length, short)
}
