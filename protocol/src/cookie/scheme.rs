//! The scheme of the pages that a cookie is for, which decides what the cookie leaves open (SPEC
//! §4).

use std::borrow::Cow;

use super::attributes::SameSite;
use super::error::{Field, OperationError};
use super::name::{self, without_prefix};
use super::rule::{Rule, SecureFor};

/// The scheme of the pages that a cookie is for.
///
/// Over https a cookie is `Secure` unless it says otherwise. Over plain http it is not, because some
/// browsers keep no `Secure` cookie there, not even from this machine; and it loses the prefix of
/// its name, which demands `Secure`.
///
/// ```
/// use apply_cookies_protocol::{Operation, Scheme, SetCookie};
///
/// let line = |scheme| Operation::over(SetCookie::new("__Host-cart", "3"), scheme);
/// assert_eq!(
///     line(Scheme::Https)?.to_set_cookie(),
///     "__Host-cart=3; Path=/; Secure; HttpOnly; SameSite=Lax",
/// );
/// assert_eq!(line(Scheme::Http)?.to_set_cookie(), "cart=3; Path=/; HttpOnly; SameSite=Lax");
/// # Ok::<(), apply_cookies_protocol::OperationError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a page that can have cookies has one or the other"
)]
pub enum Scheme {
    /// Encrypted, as in production.
    #[default]
    Https,
    /// Plain http, as in local development.
    Http,
}

impl Scheme {
    /// The name under which a cookie is written and read: over plain http without its prefix.
    ///
    /// ```
    /// use apply_cookies_protocol::Scheme;
    ///
    /// assert_eq!(Scheme::Https.name("__Host-cart"), "__Host-cart");
    /// assert_eq!(Scheme::Http.name("__Host-cart"), "cart");
    /// ```
    #[must_use]
    pub fn name(self, name: &str) -> &str {
        match self {
            Self::Https => name,
            Self::Http => without_prefix(name),
        }
    }

    /// Makes a checked name the one that [`name`](Self::name) gives. What is left of it is checked
    /// anew: it may be empty, or reserved.
    pub(crate) fn rename(self, name: &mut Cow<'_, str>) -> Result<(), OperationError> {
        let prefix = name.len() - self.name(name).len();
        if prefix > 0 {
            match name {
                Cow::Borrowed(name) => *name = &name[prefix..],
                Cow::Owned(name) => drop(name.drain(..prefix)),
            }
            name::check(name)?;
        }
        Ok(())
    }

    /// Whether a cookie is `Secure` that says this about it, or nothing.
    pub(crate) fn secure(self, said: Option<bool>) -> bool {
        said.unwrap_or(self == Self::Https)
    }

    /// Refuses what browsers keep from https only. `Secure` alone would not do: browsers disagree
    /// about it on this machine.
    pub(crate) fn check(
        self,
        same_site: Option<SameSite>,
        partitioned: bool,
    ) -> Result<(), OperationError> {
        let refuse = |field, by| Err(OperationError::new(field, Rule::NeedsHttps { by }));
        match self {
            Self::Http if same_site == Some(SameSite::None) => {
                refuse(Field::SameSite, SecureFor::SameSiteNone)
            }
            Self::Http if partitioned => refuse(Field::Partitioned, SecureFor::Partitioned),
            Self::Http | Self::Https => Ok(()),
        }
    }
}
