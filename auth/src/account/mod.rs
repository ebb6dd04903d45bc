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
pub use hash::{HashError, PasswordHash};
pub use list::ListError;
pub use parameters::Parameters;
pub use passwords::{PasswordAttempt, PasswordRefusal, Passwords};
pub use remembered::RememberedPasswords;
pub use source::{Account, AccountFuture, AccountSource, Accounts, AccountsUnavailable};
