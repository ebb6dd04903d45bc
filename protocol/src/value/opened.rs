//! A value that was opened.

use std::fmt;

use serde::de::DeserializeOwned;

use super::json;
use super::unreadable::Unreadable;
use crate::time::UnixMillis;

/// A value that may be trusted as far as its protection goes. `Debug` does not show it.
pub struct OpenedValue<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) expires_at: Option<UnixMillis>,
    pub(super) under_previous_key: bool,
}

impl<'b> OpenedValue<'b> {
    /// The value.
    #[must_use]
    pub fn bytes(&self) -> &'b [u8] {
        self.bytes
    }

    /// The value as JSON of a type.
    ///
    /// # Errors
    ///
    /// When it is not JSON, or not JSON that the type can hold.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        json::read(self.bytes)
    }

    /// When the value ends; `None` when it has no end, as plain ones never have.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixMillis> {
        self.expires_at
    }

    /// Whether it was made with a previous key of the ring. If so, rewrite it, so that it outlives
    /// that key.
    #[must_use]
    pub fn is_under_previous_key(&self) -> bool {
        self.under_previous_key
    }
}

impl fmt::Debug for OpenedValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedValue({} bytes)", self.bytes.len())
    }
}
