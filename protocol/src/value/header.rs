//! Looks up a request's cookie in order to read it, which takes exactly one: none and several are
//! both errors.

use super::unreadable::{Unreadable, UnreadableReason};
use crate::cookie::{CookieHeader, Lookup};

impl<'h, I> CookieHeader<I>
where
    I: Iterator<Item = &'h [u8]> + Clone,
{
    /// The value of the cookie of exactly this name, if there is exactly one.
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
