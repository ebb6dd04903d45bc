//! A cookie class as a handler's argument.

use std::fmt;
use std::ops::Deref;

use apply_cookies_protocol::for_root::CookieClass;
use apply_cookies_protocol::{ReadCookie, Unreadable};

use crate::web::{ExtractError, Slot};

/// The cookie of a class, as a required argument of a handler: if the request has none that can be
/// read, the client gets 401 and the handler does not run. It derefs to the value; `Debug` does not
/// show it.
///
/// `Option<Cookie<C>>` is `None` in that case. [`CookieOrDefault`] gives the class's default.
///
/// ```
/// use apply_cookies::{Cookie, CookieClass};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(CookieClass, Serialize, Deserialize)]
/// #[cookie(encrypted, max_age = "1h")]
/// struct Session { username: String }
///
/// async fn account(session: Cookie<Session>) -> String {
///     format!("Hello, {}!", session.username)
/// }
///
/// async fn home(session: Option<Cookie<Session>>) -> String {
///     match session {
///         Some(session) => format!("Welcome back, {}!", session.username),
///         None => "Please sign in.".to_owned(),
///     }
/// }
/// ```
pub struct Cookie<C>(ReadCookie<C>);

impl<C: CookieClass + 'static> Cookie<C> {
    /// Reads it for an extractor, in adapters of frameworks.
    ///
    /// # Errors
    ///
    /// [`ExtractError::NoCookie`] if the request has none that can be read.
    pub fn from_slot(slot: &Slot) -> Result<Self, ExtractError> {
        slot.read().map(Self).map_err(|why| ExtractError::NoCookie {
            cookie: slot.name::<C>(),
            why,
        })
    }
}

impl<C> Cookie<C> {
    /// The value.
    pub fn into_inner(self) -> C {
        self.0.into_inner()
    }
}

impl<C> Deref for Cookie<C> {
    type Target = ReadCookie<C>;

    fn deref(&self) -> &ReadCookie<C> {
        &self.0
    }
}

impl<C> fmt::Debug for Cookie<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie(..)")
    }
}

/// The cookie of a class, as an extractor that does not need one: its value, or the class's default
/// if the request has none that can be read. It derefs to the value; `Debug` does not show it.
///
/// Use it for settings such as a theme, never for a session: the default session would pass for a
/// signed-in user. The class must implement `Default`; if axum says that `Handler` is not
/// implemented, it probably does not.
///
/// ```
/// use apply_cookies::{CookieClass, CookieOrDefault};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(CookieClass, Serialize, Deserialize, Default)]
/// #[cookie(max_age = "365d")]
/// struct Theme { dark: bool }
///
/// async fn page(theme: CookieOrDefault<Theme>) -> &'static str {
///     if theme.dark { "<body class=dark>" } else { "<body>" }
/// }
/// ```
pub struct CookieOrDefault<C>(State<C>);

enum State<C> {
    Sent(ReadCookie<C>),
    Default { value: C, why: Unreadable },
}

impl<C: CookieClass + Default + 'static> CookieOrDefault<C> {
    /// Reads it for an extractor, in adapters of frameworks.
    #[must_use]
    pub fn from_slot(slot: &Slot) -> Self {
        Self(match slot.read() {
            Ok(cookie) => State::Sent(cookie),
            Err(why) => State::Default {
                value: C::default(),
                why,
            },
        })
    }
}

impl<C> CookieOrDefault<C> {
    /// The cookie that the browser sent.
    ///
    /// # Errors
    ///
    /// Says why there is none; the value is then the default.
    pub fn sent(&self) -> Result<&ReadCookie<C>, &Unreadable> {
        match &self.0 {
            State::Sent(cookie) => Ok(cookie),
            State::Default { why, .. } => Err(why),
        }
    }

    /// The value.
    pub fn into_inner(self) -> C {
        match self.0 {
            State::Sent(cookie) => cookie.into_inner(),
            State::Default { value, .. } => value,
        }
    }
}

impl<C> Deref for CookieOrDefault<C> {
    type Target = C;

    fn deref(&self) -> &C {
        match &self.0 {
            State::Sent(cookie) => cookie,
            State::Default { value, .. } => value,
        }
    }
}

impl<C> fmt::Debug for CookieOrDefault<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sent() {
            Ok(_) => f.write_str("CookieOrDefault(..)"),
            Err(why) => write!(f, "CookieOrDefault(default: {why})"),
        }
    }
}
