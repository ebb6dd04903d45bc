//! The number of entries that a store can hold.

/// The entries that a store in this process has room for, unless it is made otherwise.
pub const DEFAULT_CAPACITY: usize = 1_000_000;

/// The most entries, including barriers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capacity(usize);

impl Capacity {
    /// The default: a minute of 16,000 redemptions a second.
    pub(crate) const DEFAULT: Self = Self(DEFAULT_CAPACITY);

    pub(crate) const fn new(entries: usize) -> Self {
        Self(entries)
    }

    pub(crate) const fn entries(self) -> usize {
        self.0
    }

    /// Barriers take at most half of the room: anyone who can reach a sign-out can raise them, with
    /// bindings that they make up, and must not stop claims.
    pub(crate) const fn barriers(self) -> usize {
        self.0.div_ceil(2)
    }
}
