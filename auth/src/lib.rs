#![doc = include_str!("../README.md")]
// Not in the workspace's table: tests may unwrap.
#![warn(clippy::unwrap_used)]

// The map, in reading order. A module uses those before it and none after it.

// What everything else uses.
mod random;

mod password;
pub use password::{PASSWORD_MAX, Password, PasswordTooLong};
mod credential;
pub use credential::{Credential, CredentialKeys};

// How a person says who they are.
mod header;
pub use header::{Authorization, AuthorizationError, Basic, Bearer, NAME_MAX, Realm, RealmError};
mod access_token;
pub use access_token::{AccessLink, AccessToken, WeakToken};

// Who guesses waits.
mod throttle;
pub use throttle::{Limit, Permit, Subject, Throttle, Throttled};

// Names and passwords.
#[cfg(feature = "password")]
mod account;
#[cfg(feature = "password")]
pub use account::{
    Account, AccountFuture, AccountSource, Accounts, AccountsError, AccountsUnavailable, Crowd,
    HashError, ListError, Parameters, PasswordAttempt, PasswordHash, PasswordRefusal, Passwords,
    RememberedPasswords,
};
