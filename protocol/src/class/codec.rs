//! A class with the keys of a ring: operations from values, and values from requests.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::CookieClass;
use super::error::ClassError;
use super::profile_codec::{ProfileCodec, millis};
use super::read::ReadCookie;
use crate::cookie::{CookieHeader, Operation, OperationError, Scheme};
use crate::keys::KeyRing;
use crate::time::UnixMillis;
use crate::value::{Stamp, Unreadable, UnreadableReason};

/// Writes and reads the cookie of one class with the keys of one ring. Its keys are derived when
/// it is made, so keep it.
///
/// ```
/// use apply_cookies_protocol::{
///     ClassCodec, CookieClass, CookieHeader, KeyRing, Secret, UnixMillis,
/// };
/// use serde::{Deserialize, Serialize};
///
/// #[derive(CookieClass, Serialize, Deserialize)]
/// #[cookie(signed, max_age = "30d")]
/// struct Prefs { dark: bool }
///
/// # fn random<const N: usize>() -> [u8; N] { [4; N] } // your generator
/// let ring = KeyRing::new(&Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?, &[])?;
/// let prefs = ClassCodec::<Prefs>::new(&ring)?;
/// let now = UnixMillis::from_secs(1_700_000_000).unwrap();
///
/// let operation = prefs.set(&Prefs { dark: true }, now, random())?;
/// let line = operation.to_set_cookie(); // prefs=cs1.…; Path=/; Max-Age=2592000; …
///
/// // What the browser sends back:
/// let field = line.split(';').next().unwrap().as_bytes();
/// let read = prefs.read(&CookieHeader::new([field]), now)?;
/// assert!(read.dark);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ClassCodec<C> {
    codec: ProfileCodec,
    scheme: Scheme,
    class: PhantomData<fn() -> C>,
}

impl<C: CookieClass> ClassCodec<C> {
    /// The codec of this class for pages on https.
    ///
    /// # Errors
    ///
    /// Those of [`over`](Self::over).
    pub fn new(ring: &KeyRing) -> Result<Self, ClassError> {
        Self::over(ring, Scheme::Https)
    }

    /// The codec of this class for pages of this scheme. Over plain http the cookie, and with it
    /// the keys of its value, has the [name without the prefix](Scheme::name): what was written
    /// there is not read on https.
    ///
    /// # Errors
    ///
    /// When browsers would not accept the name, or when the ring has no keys for the class's
    /// profile.
    pub fn over(ring: &KeyRing, scheme: Scheme) -> Result<Self, ClassError> {
        Ok(Self {
            codec: ProfileCodec::new(ring, scheme.name(C::CLASS.name), &C::CLASS)?,
            scheme,
            class: PhantomData,
        })
    }

    /// The operation that sets the cookie. Its age, if the class has one, counts from now, and the
    /// value ends then even for a client that keeps it longer.
    ///
    /// `iv` is 16 fresh random bytes for every value.
    ///
    /// # Errors
    ///
    /// When the value could not be read back; when browsers would drop the cookie (the error names
    /// the field, and the sizes if it is too large); and for a plain class of the profile `mesop`,
    /// whose quotes no operation can carry.
    pub fn set(
        &self,
        value: &C,
        now: UnixMillis,
        iv: [u8; 16],
    ) -> Result<Operation<'static>, ClassError> {
        let end = C::CLASS.max_age.map(|age| now.plus(millis(age)));
        self.operation(value, now, iv, end, C::CLASS.max_age)
    }

    /// The operation that rewrites a cookie under the current key and with the end that it has. Use
    /// it where [`is_under_previous_key`](ReadCookie::is_under_previous_key) is true. A cookie
    /// without an end, such as a plain one, starts its age anew.
    ///
    /// # Errors
    ///
    /// The same as for [`set`](Self::set), and when less than a second is left.
    pub fn reissue(
        &self,
        cookie: &ReadCookie<C>,
        now: UnixMillis,
        iv: [u8; 16],
    ) -> Result<Operation<'static>, ClassError> {
        let Some(end) = cookie.expires_at else {
            return self.set(&cookie.value, now, iv);
        };
        let left = Duration::from_millis(end.get().saturating_sub(now.get()));
        if left.as_secs() == 0 {
            // `Max-Age=0` would delete the cookie, and with it a newer one of another tab.
            return Err(Unreadable::from(UnreadableReason::Expired).into());
        }
        self.operation(&cookie.value, now, iv, Some(end), Some(left))
    }

    fn operation(
        &self,
        value: &C,
        now: UnixMillis,
        iv: [u8; 16],
        end: Option<UnixMillis>,
        age: Option<Duration>,
    ) -> Result<Operation<'static>, ClassError> {
        let mut stamp = Stamp::new(now, iv);
        if let Some(end) = end {
            stamp = stamp.expires_at(end);
        }
        let text = self.codec.encode(value, &stamp)?;
        Ok(Operation::over(C::CLASS.draft(text, age), self.scheme)?)
    }

    /// The operation that deletes the cookie.
    ///
    /// # Errors
    ///
    /// When the class has attributes for which browsers drop the cookie; never for a derived class.
    pub fn delete(&self) -> Result<Operation<'static>, OperationError> {
        Operation::over(C::CLASS.deletion(), self.scheme)
    }

    /// Reads the cookie of this class from a request.
    ///
    /// # Errors
    ///
    /// Says why the cookie must be treated as absent.
    pub fn read<'h, I>(
        &self,
        header: &CookieHeader<I>,
        now: UnixMillis,
    ) -> Result<ReadCookie<C>, Unreadable>
    where
        I: Iterator<Item = &'h [u8]> + Clone,
    {
        self.decode(header.value(self.scheme.name(C::CLASS.name))?, now)
    }

    /// Reads the value of the cookie of this class.
    ///
    /// # Errors
    ///
    /// Says why the cookie must be treated as absent. A value that was written when the class had
    /// no age or a longer one counts as expired if it would outlive the present age.
    pub fn decode(&self, text: &[u8], now: UnixMillis) -> Result<ReadCookie<C>, Unreadable> {
        self.codec.decode(text, now, &C::CLASS)
    }
}

impl<C> fmt::Debug for ClassCodec<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClassCodec({:?})", self.codec)
    }
}
