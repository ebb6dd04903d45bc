//! Cookie classes with the keys and the clock of one deployment.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use apply_cookies_protocol::for_root::CookieClass;
use apply_cookies_protocol::{
    ClassCodec, ClassError, CookieHeader, CookieKey, Draft, KeyRing, Operation, OperationError,
    Protection, ReadCookie, Scheme, Unreadable, UnreadableReason, ValueCodec,
};
use dashmap::DashMap;

use crate::random;
use crate::replay::Clock;
#[cfg(feature = "mesop")]
use crate::seldom::{Seldom, seldom};

/// Writes and reads the cookies of any class with the keys, the clock and the scheme of one
/// deployment. For code outside handlers; inside them, use [`PendingCookies`](crate::PendingCookies).
///
/// ```
/// use apply_cookies::{ApplyCookies, CookieClass};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(CookieClass, Serialize, Deserialize)]
/// #[cookie(encrypted, max_age = "1h")]
/// struct Session { username: String }
///
/// let cookies = ApplyCookies::dev();
/// let line = cookies.classes().set(&Session { username: "ada".into() })?.to_set_cookie();
/// let sent = line.split(';').next().unwrap();
/// assert_eq!(cookies.classes().read::<Session>([sent.as_bytes()])?.username, "ada");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Classes {
    ring: Arc<KeyRing>,
    clock: Clock,
    scheme: Scheme,
    /// The log has been told of names that lose their prefix, and of `Secure` over plain http.
    said: Arc<[AtomicBool; 2]>,
    /// A `ClassCodec<C>` for each class used so far: deriving its keys takes longer than using
    /// them. Bounded by the number of classes in the program.
    codecs: Arc<DashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// The first type of each name.
    names: Arc<DashMap<&'static str, TypeId>>,
    #[cfg(feature = "mesop")]
    no_mesop_keys: Arc<Seldom>,
}

impl Classes {
    pub(crate) fn new(ring: Arc<KeyRing>, clock: Clock, scheme: Scheme) -> Self {
        Self {
            ring,
            clock,
            scheme,
            said: Arc::default(),
            codecs: Arc::default(),
            names: Arc::default(),
            #[cfg(feature = "mesop")]
            no_mesop_keys: Arc::default(),
        }
    }

    fn codec<C: CookieClass + 'static>(&self) -> Result<Arc<ClassCodec<C>>, ClassError> {
        let id = TypeId::of::<C>();
        let known = self.codecs.get(&id).map(|codec| codec.value().clone());
        if let Some(Ok(codec)) = known.map(Arc::downcast) {
            return Ok(codec);
        }
        // Two threads may both get here; their codecs are equal.
        let codec = Arc::new(ClassCodec::<C>::over(&self.ring, self.scheme)?);
        self.codecs.insert(id, codec.clone());
        let name = self.name(C::CLASS.name());
        if *self.names.entry(name).or_insert(id) != id {
            tracing::warn!(
                cookie = name,
                "two cookie classes have this name, and read each other's cookies; if you do not want that, rename one of them"
            );
        }
        Ok(codec)
    }

    pub(crate) const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The name under which this deployment writes and reads a cookie.
    pub(crate) fn name<'n>(&self, name: &'n str) -> &'n str {
        let written = self.scheme.name(name);
        if written.len() < name.len() && !self.said[0].swap(true, Ordering::Relaxed) {
            tracing::warn!(
                name,
                written,
                "over plain http browsers keep no cookie whose name has a prefix, so such names are written and read without it (logged once)"
            );
        }
        written
    }

    /// The cookie of a class, in this deployment.
    pub(crate) fn key<C: CookieClass>(&self) -> CookieKey<'static> {
        C::CLASS.key(self.scheme)
    }

    /// The checked operation of a cookie without a class: `Secure`, and its name with a prefix, only
    /// where this deployment's origins are https. Code that mints tokens by hand puts it into a
    /// [`Batch`](crate::protocol::Batch).
    ///
    /// # Errors
    ///
    /// Names the field that a browser would not accept.
    pub fn operation<'a>(
        &self,
        draft: impl Into<Draft<'a>>,
    ) -> Result<Operation<'a>, OperationError> {
        let draft = draft.into();
        self.name(draft.name());
        let operation = Operation::over(draft, self.scheme)?;
        self.note(&operation);
        Ok(operation)
    }

    fn note(&self, operation: &Operation<'_>) {
        if self.scheme == Scheme::Http
            && operation.is_secure()
            && !self.said[1].swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                cookie = operation.name(),
                "the app asks for Secure over plain http, where some browsers, such as Safari, do not keep the cookie; leave `secure` out, and it will be Secure on https only (logged once)"
            );
        }
    }

    /// The operation that sets a cookie.
    ///
    /// # Errors
    ///
    /// [`ClassRefused`] with the cookie's name and what is wrong with the value: it is too
    /// large (with the sizes), or could not be read back.
    pub fn set<C: CookieClass + 'static>(
        &self,
        value: &C,
    ) -> Result<Operation<'static>, ClassRefused> {
        let codec = self.codec::<C>().map_err(refused::<C>)?;
        let operation = codec
            .set(value, self.clock.now(), random::bytes())
            .map_err(refused::<C>)?;
        self.note(&operation);
        Ok(operation)
    }

    /// The operation that writes a cookie again under the current key, with the same expiry.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set).
    pub fn reissue<C: CookieClass + 'static>(
        &self,
        cookie: &ReadCookie<C>,
    ) -> Result<Operation<'static>, ClassRefused> {
        let codec = self.codec::<C>().map_err(refused::<C>)?;
        codec
            .reissue(cookie, self.clock.now(), random::bytes())
            .map_err(refused::<C>)
    }

    /// Reads a cookie from the values of a request's `Cookie` fields.
    ///
    /// # Errors
    ///
    /// Says why the cookie must be treated as absent.
    pub fn read<'h, C: CookieClass + 'static>(
        &self,
        fields: impl IntoIterator<Item = &'h [u8], IntoIter: Clone>,
    ) -> Result<ReadCookie<C>, Unreadable> {
        self.judge(|codec: &ClassCodec<C>| codec.read(&CookieHeader::new(fields), self.clock.now()))
    }

    /// Reads the value of the cookie of a class.
    pub(crate) fn decode<C: CookieClass + 'static>(
        &self,
        text: &[u8],
    ) -> Result<ReadCookie<C>, Unreadable> {
        self.judge(|codec: &ClassCodec<C>| codec.decode(text, self.clock.now()))
    }

    fn judge<C: CookieClass + 'static>(
        &self,
        read: impl FnOnce(&ClassCodec<C>) -> Result<ReadCookie<C>, Unreadable>,
    ) -> Result<ReadCookie<C>, Unreadable> {
        let read = match self.codec::<C>() {
            Ok(codec) => read(&codec),
            // It cannot be read without its keys, and only the log can say so.
            #[cfg(feature = "mesop")]
            Err(why @ ClassError::NoMesopKeys) => {
                let (kind, now) = (&self.no_mesop_keys, self.clock.now());
                let cookie = self.key::<C>().name;
                seldom!(kind, now, ERROR, cookie, %why, "cookie reads as absent");
                Err(UnreadableReason::UnknownKey.into())
            }
            // A class written by hand, whose cookie no browser accepts.
            Err(_) => Err(UnreadableReason::Absent.into()),
        };
        if let Err(why) = &read
            && why.reason() != UnreadableReason::Absent
        {
            tracing::debug!(cookie = self.key::<C>().name, %why, "cookie reads as absent");
        }
        read
    }

    /// The low-level form: a codec for a name known only at run time, or for opaque bytes. Over plain
    /// http the name loses its prefix, as a class's does.
    ///
    /// # Errors
    ///
    /// If browsers would not accept the name.
    pub fn value_codec(
        &self,
        name: impl Into<String>,
        protection: Protection,
    ) -> Result<ValueCodec, OperationError> {
        let name = name.into();
        ValueCodec::new(&self.ring, self.name(&name), protection)
    }
}

/// A value of a cookie class that cannot become a cookie: it is too large, or contains something
/// that could not be read back, such as `NaN`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cookie `{cookie}`: {error}")]
#[non_exhaustive]
pub struct ClassRefused {
    /// Name of the class's cookie.
    pub cookie: &'static str,
    /// The rule that the value breaks.
    pub error: ClassError,
}

fn refused<C: CookieClass>(error: ClassError) -> ClassRefused {
    ClassRefused {
        cookie: C::CLASS.name(),
        error,
    }
}

impl fmt::Debug for Classes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Classes(..)")
    }
}
