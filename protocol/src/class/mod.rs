//! Cookie classes: a Rust type stored in a cookie.

mod codec;
mod error;
mod profile;
mod profile_codec;
mod read;

pub use codec::ClassCodec;
pub use error::ClassError;
pub use profile::Profile;
pub use read::ReadCookie;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cookie::{CookieKey, DeleteCookie, SameSite, Scheme, SetCookie};
use crate::value::Protection;

/// A type that is stored in a cookie as a JSON object. `#[derive(CookieClass)]` implements it, and
/// refuses at compile time what a browser would not accept.
///
/// ```
/// use apply_cookies_protocol::{CookieClass, Protection};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(CookieClass, Serialize, Deserialize, Default)]
/// #[cookie(encrypted, max_age = "1h", same_site = "Strict")]
/// struct Session {
///     username: String,
///     #[serde(default)]
///     roles: Vec<String>,
/// }
///
/// assert_eq!(Session::CLASS.name(), "session");
/// assert_eq!(Session::CLASS.protection(), Protection::Encrypted);
/// ```
///
/// The [derive macro](derive@crate::CookieClass) lists the attributes of `#[cookie(…)]`.
///
/// # What changes when a class changes
///
/// Cookies live in browsers, so a class is a file format. A new field needs `#[serde(default)]`, or
/// older cookies read as absent; fields that are no longer known are ignored. A shorter age also
/// applies to values already written. After a change of path, domain or partition there are two
/// cookies of the same name, and both read as absent until the old one is deleted: delete it by its
/// old attributes wherever you write the new one.
///
/// The name is the class: any type with the same name, protection and secret reads its values. Give
/// two types that must not be mistaken for each other two names.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cookie class",
    note = "add `#[derive(CookieClass, Serialize, Deserialize)]` to the struct, and pass it by reference: `pending.set(&value)`"
)]
pub trait CookieClass: Serialize + DeserializeOwned {
    /// Name, protection and attributes of the cookie.
    const CLASS: Class;
}

/// The name, protection and attributes that all cookies of a class have in common.
///
/// Its attributes are checked when a cookie is made, and at compile time if
/// `#[derive(CookieClass)]` wrote it.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Class {
    name: &'static str,
    protection: Protection,
    profile: Profile,
    max_age: Option<Duration>,
    path: &'static str,
    domain: Option<&'static str>,
    /// `None` where the class does not say.
    secure: Option<bool>,
    http_only: bool,
    same_site: SameSite,
    partitioned: bool,
}

impl Class {
    /// A class with the safe defaults of [`SetCookie`].
    pub const fn new(name: &'static str, protection: Protection) -> Self {
        Self {
            name,
            protection,
            profile: Profile::Native,
            max_age: None,
            path: "/",
            domain: None,
            secure: None,
            http_only: true,
            same_site: SameSite::Lax,
            partitioned: false,
        }
    }

    /// The profile whose format its values are written in.
    pub const fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// How long its cookies live, in whole seconds.
    ///
    /// # Panics
    ///
    /// When `age` is under one second. For a `const` class this is a compile-time error.
    pub const fn max_age(mut self, age: Duration) -> Self {
        assert!(
            age.as_secs() > 0,
            "an age under a second deletes the cookie at once"
        );
        self.max_age = Some(age);
        self
    }

    /// The paths that its cookies are sent to.
    pub const fn path(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    /// The domain that its cookies are sent to, instead of this host alone.
    pub const fn domain(mut self, domain: &'static str) -> Self {
        self.domain = Some(domain);
        self
    }

    /// Sends its cookies over secure connections only, or over any, whatever the pages' scheme.
    pub const fn secure(mut self, secure: bool) -> Self {
        self.secure = Some(secure);
        self
    }

    /// Hides its cookies from JavaScript, or not.
    pub const fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// On which cross-site requests its cookies are sent.
    pub const fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Puts its cookies in the partition of the top-level site, or not.
    pub const fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    /// The cookie's name, on pages over https.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How values are protected.
    #[must_use]
    pub const fn protection(&self) -> Protection {
        self.protection
    }

    /// The cookie that it is stored in on pages of this scheme, to find it among operations. Nothing
    /// is checked: a class that no browser accepts has no operation with this key.
    #[must_use]
    pub fn key(&self, scheme: Scheme) -> CookieKey<'static> {
        CookieKey {
            name: scheme.name(self.name),
            domain: self.domain,
            path: Some(self.path),
            partitioned: self.partitioned,
        }
    }

    /// The draft of a cookie of this class with this value.
    fn draft(&self, value: String, age: Option<Duration>) -> SetCookie<'static> {
        let mut draft = SetCookie::new(self.name, value)
            .path(self.path)
            .http_only(self.http_only)
            .same_site(self.same_site)
            .partitioned(self.partitioned);
        draft.secure = self.secure;
        if let Some(domain) = self.domain {
            draft = draft.domain(domain);
        }
        if let Some(age) = age {
            draft = draft.max_age(age);
        }
        draft
    }

    /// The draft that deletes the cookie of this class.
    pub fn deletion(&self) -> DeleteCookie<'static> {
        let mut draft = DeleteCookie::new(self.name)
            .path(self.path)
            .partitioned(self.partitioned);
        draft.secure = self.secure;
        match self.domain {
            Some(domain) => draft.domain(domain),
            None => draft,
        }
    }
}
