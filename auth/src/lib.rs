#![doc = include_str!("../README.md")]
// Not in the workspace's table: tests may unwrap.
#![warn(clippy::unwrap_used)]
#![cfg_attr(
    not(any(feature = "actix", feature = "axum")),
    allow(dead_code, reason = "adapters are features")
)]

// The map, in reading order. A module uses those before it and none after it.

/// Stores of revocations: which sessions are over before their time.
pub mod revocations {
    pub use apply_cookies::replay::{MemoryRevocations, Revocations};
}

// What everything else uses.
mod metrics;
mod millis;
mod percent;
mod random;

mod password;
pub use password::{PASSWORD_MAX, Password, PasswordTooLong};
mod credential;
mod forwarded;
pub use forwarded::NotANetwork;
mod request;

// Where to go afterwards.
mod return_to;

// Why not.
mod refusal;
pub use refusal::{Refusal, RefusalCode};

// Who somebody is, for how long, and whether that is enough.
mod identity;
pub use identity::{Ended, Identity, IdentityError};
mod session;
pub use session::IdentityTooLarge;
#[cfg(feature = "password")]
mod device;
mod gate;
#[cfg(feature = "providers")]
mod hint;
#[cfg(feature = "providers")]
mod step_up;
mod watch;
pub use gate::{ClaimPath, Gate, WrongClaim};
#[cfg(feature = "providers")]
mod chosen_claims;

// Requests to whoever vouches, and the tokens that they sign.
#[cfg(feature = "providers")]
mod outgoing;
#[cfg(feature = "providers")]
pub use outgoing::{HttpClient, HttpError, HttpFuture, HttpRequest, HttpResponse};
#[cfg(feature = "providers")]
mod gate_lists;
#[cfg(feature = "providers")]
mod jws;
#[cfg(feature = "providers")]
pub use jws::Algorithm;
#[cfg(feature = "providers")]
mod keys;

// Where an app says that keys are.
#[cfg(feature = "providers")]
mod key_source;

// OpenID Connect.
#[cfg(feature = "providers")]
mod oidc;
#[cfg(feature = "providers")]
pub use oidc::{
    ClientSecret, ClientSecretError, FileVault, FileVaultError, MemoryVault, Oidc, OidcError,
    ProviderTokens, Vault, VaultFuture, VaultId, VaultUnavailable,
};

// Which paths need what.
mod rule;
pub use rule::{Rule, RuleError, Rules};

// How a person says who they are.
mod header;
// Also what is fuzzed: apps do not read the field themselves.
#[doc(hidden)]
pub use header::{Authorization, AuthorizationError, Basic, Bearer};
pub use header::{NAME_MAX, RealmError};
mod access_token;
pub use access_token::{AccessLink, AccessToken, WeakToken};

// Why sign-ins cannot be built.
mod auth_error;
pub use auth_error::AuthError;

// Whoever vouches with each request, or in the page.
#[cfg(feature = "providers")]
mod signed_header;
#[cfg(feature = "providers")]
pub use signed_header::SignedHeader;
#[cfg(feature = "providers")]
mod firebase;
#[cfg(feature = "providers")]
pub use firebase::Firebase;
mod vouching;

// Who guesses waits.
mod throttle;

// Names and passwords.
#[cfg(feature = "password")]
mod account;
#[cfg(feature = "password")]
pub use account::{
    Account, AccountFuture, AccountSource, Accounts, AccountsError, AccountsUnavailable, Crowd,
    HashError, Parameters, PasswordHash,
};

// Sign-ins with a provider that are under way.
#[cfg(feature = "providers")]
mod attempt;
#[cfg(feature = "providers")]
mod popups;
#[cfg(feature = "providers")]
mod providers;
#[cfg(feature = "providers")]
mod sign_in_options;
// Auth0's people.
#[cfg(feature = "providers")]
pub mod auth0;

mod pages;

// What all sign-ins of a deployment share.
mod on_sign_in;
pub use on_sign_in::SignInCookies;
mod auth;
pub use auth::Auth;
mod builder;
pub use builder::AuthBuilder;

// Settings become sign-ins, unless they cannot be safe.
mod build;

// A request comes in: who is it?
mod standing;

mod respond;
mod visitor;
pub use visitor::Visitor;
mod required;
pub use required::Required;

// Evidence becomes a session, and a session ends.
#[cfg(feature = "providers")]
mod provider_tokens;
mod sign_in;
pub use sign_in::{SessionChange, SignInError};
mod prove;

// To a provider and back, and out again.
#[cfg(feature = "providers")]
mod back_channel;
#[cfg(feature = "providers")]
mod popup;
#[cfg(feature = "providers")]
pub use popup::PopupSignIn;
#[cfg(feature = "providers")]
mod begin;
#[cfg(feature = "providers")]
mod callback;
#[cfg(feature = "providers")]
mod provider_sign_out;

#[cfg(feature = "providers")]
mod provider_pages;

// What the browser loads.
#[cfg(feature = "providers")]
mod modules;

// What the middleware does with a request.
#[cfg(feature = "providers")]
mod admin;
mod admit;
mod endpoint;

// Frameworks: translation only.
#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "axum")]
pub mod axum;

/// For the fuzz targets alone.
#[doc(hidden)]
pub mod fuzzing {
    #[cfg(feature = "providers")]
    pub use crate::attempt::Parameters;
    #[cfg(all(fuzzing, feature = "providers"))]
    pub use crate::keys::fuzzing::{Set, claims, token};
    pub use crate::return_to::{ReturnPlaces, ReturnTo};
    pub use crate::rule::Demand;
}

// Its examples are tests.
#[cfg(all(
    doctest,
    feature = "actix",
    feature = "axum",
    feature = "password",
    feature = "providers"
))]
#[doc = include_str!("../../docs/sign-ins.md")]
mod guide {}
#[cfg(all(doctest, feature = "providers"))]
#[doc = include_str!("../../docs/providers.md")]
mod guide_to_providers {}
