//! Why sign-ins cannot be built.

use apply_cookies::OperationError;

use crate::forwarded::NotANetwork;
use crate::header::RealmError;
#[cfg(feature = "providers")]
use crate::oidc::OidcError;

/// Sign-ins that cannot be built.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// Nobody could sign in.
    #[error(
        "there is no way to sign in; call passwords, access_token, provider, firebase, signed_header, or Auth::dev"
    )]
    NoMethod,
    /// Anybody on the network reads a password that is sent with every request over plain http.
    #[error(
        "basic over plain http outside this machine sends the password in the clear; configure an https origin"
    )]
    BasicOverHttp,
    /// Development is for this machine.
    #[error(
        "Auth::dev(), a local key and Firebase's emulator are for ApplyCookies::dev(), and for origins on this machine"
    )]
    NotDevelopment,
    /// A setting of the wrong form.
    #[error("{0}")]
    Setting(&'static str),
    /// A provider's settings.
    #[cfg(feature = "providers")]
    #[error(transparent)]
    Provider(#[from] OidcError),
    /// A signed header, or Firebase.
    #[cfg(feature = "providers")]
    #[error("{0}")]
    Vouching(String),
    /// The client that asks providers cannot be made.
    #[cfg(feature = "providers")]
    #[error("the client that asks providers: {0}")]
    HttpClient(String),
    /// The realm of Basic.
    #[error(transparent)]
    Realm(#[from] RealmError),
    /// A trusted proxy.
    #[error(transparent)]
    Proxy(#[from] NotANetwork),
    /// The name of a cookie.
    #[error(transparent)]
    Cookie(#[from] OperationError),
}

apply_cookies::debug_as_text!(AuthError);
