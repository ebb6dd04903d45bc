//! A request's cookie as something to read, or not: who looks a cookie up to decode it has no use
//! for the difference between none and several.

use super::unreadable::{Unreadable, UnreadableReason};
use crate::cookie::{CookieHeader, Lookup};

impl<'h, I> CookieHeader<I>
where
    I: Iterator<Item = &'h [u8]> + Clone,
{
    /// The value of the cookie of exactly this name; none where there are several.
    ///
    /// # Errors
    ///
    /// Says whether there is none, or several.
    pub fn value(&self, name: &str) -> Result<&'h [u8], Unreadable> {
        match self.find(name) {
            Lookup::One(value) => Ok(value),
            Lookup::Absent => Err(UnreadableReason::Absent.into()),
            Lookup::Duplicate => Err(UnreadableReason::Duplicate.into()),
        }
    }
}
