//! Auth0's Management API, for an app that invites people, gives them roles, and blocks them.

mod error;
pub use error::ManagementError;
mod query;
pub use query::Query;
mod user;
pub use user::{Role, User, Users};
mod api;
mod invite;
mod path;
mod roles;
pub use invite::{Invite, Invited, PasswordLink};
mod management;
pub use management::Management;
mod admin;
pub(crate) use admin::Admin;
#[cfg(test)]
mod tests;
