//! A password as it was sent.

use std::fmt;

use zeroize::Zeroizing;

/// The most bytes of a password: no person types more, and hashing takes in all of them.
pub const PASSWORD_MAX: usize = 1024;

/// A password of at most [`PASSWORD_MAX`] bytes, of any characters, exactly as it was sent. Wiped
/// from memory when dropped, and never shown by `Debug`.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes the text.
    ///
    /// # Errors
    ///
    /// When it is longer than any password can be.
    pub fn new(text: impl Into<String>) -> Result<Self, PasswordTooLong> {
        let text = Zeroizing::new(text.into());
        if text.len() > PASSWORD_MAX {
            return Err(PasswordTooLong);
        }
        Ok(Self(text))
    }

    /// The password itself, in UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A password of more than [`PASSWORD_MAX`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password has at most {PASSWORD_MAX} bytes")]
#[non_exhaustive]
pub struct PasswordTooLong;
