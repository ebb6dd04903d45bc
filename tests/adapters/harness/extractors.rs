//! Cookie classes, and handlers that take them as arguments. They name no framework, and are part
//! of every site, because a script cannot use extractors.

use apply_cookies::{
    Cookie, CookieClass, CookieOrDefault, PendingCookies, Unreadable, UnreadableReason,
};
use serde::{Deserialize, Serialize};

#[derive(CookieClass, Serialize, Deserialize, Default, Clone, PartialEq, Debug)]
#[cookie(encrypted, max_age = "1h", same_site = "Strict")]
pub(crate) struct Session {
    pub(crate) username: String,
    #[serde(default)]
    pub(crate) roles: Vec<String>,
}

impl Session {
    pub(crate) fn of(username: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            roles: vec!["admin".to_owned()],
        }
    }
}

#[derive(CookieClass, Serialize, Deserialize, Default)]
#[cookie(signed, prefix = "host")]
pub(crate) struct Cart {
    pub(crate) items: u32,
}

#[derive(CookieClass, Serialize, Deserialize, Default)]
#[cookie(http_only = false)]
pub(crate) struct Theme {
    pub(crate) dark: bool,
    pub(crate) ratio: f64,
}

/// The path of [`every_class`].
pub(crate) const EVERY_CLASS: &str = "/every-class";

/// Shows each class, or its default and why.
pub(crate) async fn every_class(
    session: CookieOrDefault<Session>,
    cart: CookieOrDefault<Cart>,
    theme: CookieOrDefault<Theme>,
) -> String {
    let why = |unreadable: Option<&Unreadable>| {
        unreadable.map_or("sent", |why| UnreadableReason::as_str(why.reason()))
    };
    format!(
        "{}:{} {}:{} {}:{}",
        session.username,
        why(session.sent().err()),
        cart.items,
        why(cart.sent().err()),
        theme.dark,
        why(theme.sent().err()),
    )
}

/// The path of [`required`].
pub(crate) const REQUIRED: &str = "/required";

/// Requires a session.
pub(crate) async fn required(session: Cookie<Session>) -> String {
    session.username.clone()
}

/// The path of [`optional`].
pub(crate) const OPTIONAL: &str = "/optional";

/// Says whether there is a session.
pub(crate) async fn optional(session: Option<Cookie<Session>>) -> String {
    session.map_or_else(
        || "nobody".to_owned(),
        |session| session.into_inner().username,
    )
}

/// The path of [`renewed`].
pub(crate) const RENEWED: &str = "/renewed";

/// Reissues a session of a previous secret.
pub(crate) async fn renewed(pending: PendingCookies, session: Cookie<Session>) -> String {
    if session.is_under_previous_key() {
        pending.reissue(&session).unwrap();
    }
    session.username.clone()
}

/// The path of [`untouched`].
pub(crate) const UNTOUCHED: &str = "/untouched";

/// Takes no argument.
pub(crate) async fn untouched() -> &'static str {
    "untouched"
}
