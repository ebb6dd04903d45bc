//! A value from a request, and what else is known about it.

use std::fmt;
use std::ops::Deref;

use crate::time::UnixMillis;

/// The value of a cookie that was read, and what else is known about it. It derefs to the value;
/// `Debug` does not show it.
pub struct ReadCookie<C> {
    pub(super) value: C,
    pub(super) expires_at: Option<UnixMillis>,
    pub(super) under_previous_key: bool,
}

impl<C> ReadCookie<C> {
    /// The value.
    pub fn into_inner(self) -> C {
        self.value
    }

    /// When the value ends; `None` if the class has no age, and for plain classes, which carry no
    /// end.
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

impl<C> Deref for ReadCookie<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.value
    }
}

impl<C> fmt::Debug for ReadCookie<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadCookie(..)")
    }
}
