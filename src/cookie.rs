//! A cookie class as a handler's argument.

use std::fmt;
use std::ops::Deref;

use apply_cookies_protocol::for_root::CookieClass;
use apply_cookies_protocol::{ReadCookie, Unreadable};

/// The cookie of a class, as an extractor: its value, or the class's default when the request has
/// none that can be read. It derefs to the value; `Debug` does not show it.
///
/// ```
/// use actix_web::{App, HttpResponse, test, web};
/// use apply_cookies::{ApplyCookies, Cookie, CookieClass};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(CookieClass, Serialize, Deserialize, Default)]
/// #[cookie(encrypted, max_age = "1h")]
/// struct Session { username: String }
///
/// async fn hello(session: Cookie<Session>) -> String {
///     match session.sent() {
///         Ok(session) => format!("Hello, {}!", session.username),
///         Err(why) => format!("Please sign in: {why}."),
///     }
/// }
///
/// # #[actix_web::main] async fn main() {
/// # let cookies = ApplyCookies::dev();
/// # let app = App::new().wrap(cookies.middleware()).route("/", web::get().to(hello));
/// # let app = test::init_service(app).await;
/// # let body = test::call_and_read_body(&app, test::TestRequest::default().to_request()).await;
/// # assert_eq!(body, "Please sign in: the request has no cookie of this name.");
/// # }
/// ```
pub struct Cookie<C>(State<C>);

enum State<C> {
    Sent(ReadCookie<C>),
    Default { value: C, why: Unreadable },
}

impl<C: CookieClass> Cookie<C> {
    pub(crate) fn or_default(read: Result<ReadCookie<C>, Unreadable>) -> Self
    where
        C: Default,
    {
        Self(match read {
            Ok(cookie) => State::Sent(cookie),
            Err(why) => State::Default {
                value: C::default(),
                why,
            },
        })
    }
}

impl<C> Cookie<C> {
    /// The cookie that the browser sent.
    ///
    /// # Errors
    ///
    /// Says why there is none, and the value is the default.
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

impl<C> Deref for Cookie<C> {
    type Target = C;

    fn deref(&self) -> &C {
        match &self.0 {
            State::Sent(cookie) => cookie,
            State::Default { value, .. } => value,
        }
    }
}

impl<C> fmt::Debug for Cookie<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sent() {
            Ok(_) => f.write_str("Cookie(..)"),
            Err(why) => write!(f, "Cookie(default: {why})"),
        }
    }
}
