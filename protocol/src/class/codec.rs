//! A class with the keys of a ring: operations out of values, and values out of requests.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::{Class, CookieClass, ReadCookie};
use crate::cookie::{CookieHeader, Operation, OperationError};
use crate::keys::KeyRing;
use crate::limits::SKEW_MS;
use crate::mesop::MesopValueCodec;
use crate::profile::Profile;
use crate::time::UnixMillis;
use crate::value::{Protection, Stamp, Unreadable, UnreadableReason, ValueCodec};

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
    codec: Codec,
    class: PhantomData<fn() -> C>,
}

/// The codec of the class's profile.
#[derive(Debug)]
enum Codec {
    Native(ValueCodec),
    Mesop(MesopValueCodec),
}

impl<C: CookieClass> ClassCodec<C> {
    /// The codec of this class.
    ///
    /// # Errors
    ///
    /// [`ClassError::NoMesopKeys`] for a class of the profile `mesop` when the ring has no keys of
    /// it; and when browsers would not take the name, but never for a class that was derived.
    pub fn new(ring: &KeyRing) -> Result<Self, ClassError> {
        let (name, protection) = (C::CLASS.name, C::CLASS.protection);
        let codec = match C::CLASS.profile {
            Profile::Native => Codec::Native(ValueCodec::new(ring, name, protection)?),
            Profile::Mesop => {
                let keys = ring.mesop().ok_or(ClassError::NoMesopKeys)?;
                Codec::Mesop(MesopValueCodec::new(keys, name, protection)?)
            }
        };
        Ok(Self {
            codec,
            class: PhantomData,
        })
    }

    /// The operation that sets the cookie. Its age, where the class has one, counts from now:
    /// the value ends then also for a client that keeps it longer.
    ///
    /// `iv` is 16 fresh random bytes for every value.
    ///
    /// # Errors
    ///
    /// When the value could not be read back, or when the cookie is one that browsers drop: the
    /// error names the field, and the sizes where it is too large. And for a plain class of the
    /// profile `mesop`, whose quotes no operation can hold.
    pub fn set(
        &self,
        value: &C,
        now: UnixMillis,
        iv: [u8; 16],
    ) -> Result<Operation<'static>, ClassError> {
        let end = C::CLASS.max_age.map(|age| now.plus(millis(age)));
        self.operation(value, now, iv, end, C::CLASS.max_age)
    }

    /// The operation that writes a cookie anew, under the current key and with the end that it
    /// has. For what [`is_under_previous_key`](ReadCookie::is_under_previous_key). One that
    /// carries no end, as plain ones do not, starts its age anew.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set), and when less than a second is left.
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
        let text = match &self.codec {
            Codec::Native(codec) => codec.encode_json(value, &stamp)?,
            // Written as Python quotes it, with quotes, spaces and backslashes: what SPEC §4 keeps
            // out of every value.
            Codec::Mesop(codec) if codec.protection() == Protection::Plain => {
                return Err(ClassError::QuotedByMesop);
            }
            Codec::Mesop(codec) => codec.encode_json(value, &stamp)?,
        };
        Ok(Operation::try_from(C::CLASS.draft(text, age))?)
    }

    /// The operation that deletes the cookie.
    ///
    /// # Errors
    ///
    /// When the class has attributes that browsers drop; never for a class that was derived.
    pub fn delete(&self) -> Result<Operation<'static>, OperationError> {
        C::CLASS.deletion().try_into()
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
        self.decode(header.value(C::CLASS.name)?, now)
    }

    /// Reads the value of the cookie of this class.
    ///
    /// # Errors
    ///
    /// Says why the cookie must be treated as absent. A value that was written when the
    /// class had no age, or a longer one, and would outlive the one that it has now, has expired.
    pub fn decode(&self, text: &[u8], now: UnixMillis) -> Result<ReadCookie<C>, Unreadable> {
        let (value, end, under_previous_key) = match &self.codec {
            Codec::Native(codec) => {
                let mut buffer = Vec::new();
                let opened = codec.decode(text, now, &mut buffer)?;
                check_end(&C::CLASS, opened.expires_at(), now)?;
                (
                    opened.json()?,
                    opened.expires_at(),
                    opened.is_under_previous_key(),
                )
            }
            Codec::Mesop(codec) => {
                let opened = codec.decode(text, now)?;
                // One that Mesop wrote says no end, whatever the class says.
                if let Some(end) = opened.expires_at() {
                    check_end(&C::CLASS, Some(end), now)?;
                }
                (opened.json()?, opened.expires_at(), false)
            }
        };
        Ok(ReadCookie {
            value,
            expires_at: end,
            under_previous_key,
        })
    }
}

/// Whether a value ends when the class now lets it.
fn check_end(
    class: &Class,
    end: Option<UnixMillis>,
    now: UnixMillis,
) -> Result<(), UnreadableReason> {
    match class.max_age {
        Some(age) if class.protection != Protection::Plain => {
            let latest = now.plus(millis(age)).plus(SKEW_MS);
            if end.is_none_or(|end| end > latest) {
                return Err(UnreadableReason::Expired);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

impl<C> fmt::Debug for ClassCodec<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClassCodec({:?})", self.codec)
    }
}

/// Milliseconds of whole seconds, as `Max-Age` counts.
fn millis(age: Duration) -> u64 {
    age.as_secs().saturating_mul(1000)
}

/// A value of a class that cannot become a cookie.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClassError {
    /// A browser or proxy would not take the cookie.
    #[error(transparent)]
    Invalid(#[from] OperationError),
    /// The value could not be read back: it holds what JSON cannot say, is nested too deep, or
    /// its `Serialize` and `Deserialize` disagree.
    #[error("the value could not be read back: {0}")]
    Unreadable(#[from] Unreadable),
    /// The class is shared with a Mesop app, whose secret is not known here.
    #[error(
        "the class has the profile mesop and the key ring no keys of it; add the secret of the Mesop app: KeyRing::with_mesop, or ApplyCookies::builder(..).mesop(..)"
    )]
    NoMesopKeys,
    /// A plain class of the profile `mesop` can be read, not written.
    #[error(
        "a plain value of the profile mesop stands in quotes, which no token can carry; make the class `signed` or `encrypted`, or let the Mesop app write it"
    )]
    QuotedByMesop,
}
