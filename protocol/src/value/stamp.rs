//! The time and randomness of a value, and how its end is written.

use crate::bytes::Malformed;
use crate::time::UnixMillis;

/// The time and randomness of a value. The crate has neither clock nor generator.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    now: UnixMillis,
    expires_at: Option<UnixMillis>,
    iv: [u8; 16],
}

impl Stamp {
    /// A value without an end, made now. `iv` is fresh random bytes for every value; only
    /// [`Protection::Encrypted`](crate::Protection::Encrypted) uses them.
    #[must_use]
    pub const fn new(now: UnixMillis, iv: [u8; 16]) -> Self {
        Self {
            now,
            expires_at: None,
            iv,
        }
    }

    pub(crate) const fn now(&self) -> UnixMillis {
        self.now
    }

    pub(crate) const fn iv(&self) -> [u8; 16] {
        self.iv
    }

    pub(crate) const fn end(&self) -> Option<UnixMillis> {
        self.expires_at
    }

    /// Ends the value at this time, even for a client that keeps the cookie longer. Plain values
    /// carry no end.
    #[must_use]
    pub const fn expires_at(mut self, end: UnixMillis) -> Self {
        self.expires_at = Some(end);
        self
    }
}

/// No end is written as a time that no value can have, so that each end has one encoding.
const NO_END: u64 = u64::MAX;

pub(super) fn encode_expiry(end: Option<UnixMillis>) -> [u8; 8] {
    end.map_or(NO_END, UnixMillis::get).to_be_bytes()
}

pub(super) fn decode_expiry(bytes: [u8; 8]) -> Result<Option<UnixMillis>, Malformed> {
    match u64::from_be_bytes(bytes) {
        NO_END => Ok(None),
        millis => UnixMillis::new(millis).map(Some).ok_or(Malformed),
    }
}
