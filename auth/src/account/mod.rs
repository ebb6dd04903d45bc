//! Names and passwords.

mod crowd;
mod file;
mod hash;
mod list;
mod parameters;
mod passwords;
mod remembered;
mod source;
mod verifier;

pub use crowd::Crowd;
pub use file::AccountsError;
pub use hash::PasswordHash;
pub use parameters::{HashError, Parameters};
pub(crate) use passwords::Passwords;
pub use source::{Account, AccountFuture, AccountSource, Accounts, AccountsUnavailable};

#[cfg(test)]
mod tests;
