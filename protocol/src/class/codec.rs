//! A class with the keys of a ring: operations from values, and values from requests.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::CookieClass;
use super::error::ClassError;
use super::profile::Profile;
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
    /// Its name and attributes have passed the checks: of a cookie only value and age are left.
    checked: bool,
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
        let empty = C::CLASS.draft(String::new(), C::CLASS.max_age);
        Ok(Self {
            codec: ProfileCodec::new(ring, scheme.name(C::CLASS.name), &C::CLASS)?,
            scheme,
            checked: C::CLASS.profile == Profile::Native && Operation::over(empty, scheme).is_ok(),
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
        // More than the class's age is left where the clock that wrote the cookie is ahead.
        let left = C::CLASS.max_age.map_or(left, |age| left.min(age));
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
        let draft = C::CLASS.draft(text, age);
        Ok(if self.checked {
            Operation::again(draft, self.scheme)?
        } else {
            Operation::over(draft, self.scheme)?
        })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Class;
    use super::*;
    use crate::cookie::{Field, SameSite, SetCookie};
    use crate::keys::Secret;
    use crate::limits::{MAX_AGE_MAX, NAME_VALUE_MAX};
    use crate::value::Protection;

    fn drafts() -> impl Strategy<Value = SetCookie<'static>> {
        let name = prop::sample::select(vec!["a", "__Host-a", "__Secure-a", "__Http-a", "a b"]);
        let length = prop_oneof![0..40_usize, NAME_VALUE_MAX - 12..NAME_VALUE_MAX + 2];
        let age = prop_oneof![
            0..4_u64,
            u64::from(MAX_AGE_MAX) - 1..u64::from(MAX_AGE_MAX) + 2
        ];
        let path = prop::sample::select(vec!["/", "/a", "a"]);
        let same_site = prop::sample::select(vec![SameSite::Lax, SameSite::None]);
        let flags = any::<(Option<bool>, bool, bool)>();
        (
            name,
            length,
            proptest::option::of(age),
            path,
            same_site,
            flags,
        )
            .prop_map(
                |(name, length, age, path, same_site, (secure, http_only, partitioned))| {
                    let mut draft = SetCookie::new(name, "v".repeat(length))
                        .path(path)
                        .same_site(same_site)
                        .http_only(http_only)
                        .partitioned(partitioned);
                    draft.max_age = age;
                    draft.secure = secure;
                    draft
                },
            )
    }

    proptest! {
        #[test]
        fn what_passed_once_is_judged_by_value_and_age_alone(draft in drafts(), https: bool) {
            let scheme = if https { Scheme::Https } else { Scheme::Http };
            let mut empty = draft.clone();
            empty.value = "".into();
            empty.max_age = None;
            if Operation::over(empty, scheme).is_ok() {
                prop_assert_eq!(
                    Operation::again(draft.clone(), scheme),
                    Operation::over(draft, scheme)
                );
            }
        }
    }

    /// By hand, because the derive refuses it.
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Nowhere {}

    impl CookieClass for Nowhere {
        const CLASS: Class = Class::new("nowhere", Protection::Plain).path("a");
    }

    #[test]
    fn a_class_with_attributes_that_no_browser_accepts_is_refused_at_each_write() {
        let secret = Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").unwrap();
        let codec = ClassCodec::<Nowhere>::new(&KeyRing::new(&secret, &[]).unwrap()).unwrap();
        for _ in 0..2 {
            let refused = codec.set(&Nowhere {}, UnixMillis::EPOCH, [0; 16]);
            assert!(
                matches!(&refused, Err(ClassError::Invalid(error)) if error.field() == Field::Path),
                "{refused:?}"
            );
        }
    }
}
