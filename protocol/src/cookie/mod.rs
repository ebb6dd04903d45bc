//! Cookies as this protocol carries them: drafts that anyone can write, checked operations, the
//! text that they become, and the strict reader of a request's cookies.

mod attributes;
mod delete_cookie;
mod error;
mod header;
mod key;
mod lines;
mod name;
mod operation;
mod rule;
mod scheme;
mod set_cookie;
mod writer;

pub use attributes::SameSite;
pub use delete_cookie::DeleteCookie;
pub use error::{Field, OperationError};
pub use header::{CookieHeader, Lookup};
pub use key::CookieKey;
pub use lines::SetCookieLines;
pub use name::{BINDING_COOKIE, BINDING_COOKIE_INSECURE};
pub use operation::{Draft, Operation};
pub use rule::{Characters, Demand, Hidden, Rule, SecureFor};
pub use scheme::Scheme;
pub use set_cookie::SetCookie;

pub(crate) use attributes::{SameSiteCode, is_cookie_octet};
pub(crate) use lines::LineBudget;
pub(crate) use name::check as check_name;
pub(crate) use operation::Parts;
