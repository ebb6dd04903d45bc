//! How people are invited, and get their first password.

use std::fmt;
use std::time::Duration;

use super::user::User;

/// How long a link for a password is valid unless it is set: Auth0's own five days.
const LINK: Duration = Duration::from_secs(5 * 24 * 3600);

/// What an invited person gets.
#[derive(Clone, Debug)]
pub struct Invite {
    pub(super) connection: String,
    pub(super) roles: Vec<String>,
    pub(super) link: Duration,
}

impl Invite {
    /// A user in this database of the tenant, as the dashboard calls it:
    /// `Username-Password-Authentication`, or one of the app's own.
    #[must_use]
    pub fn new(connection: impl Into<String>) -> Self {
        Self {
            connection: connection.into(),
            roles: Vec::new(),
            link: LINK,
        }
    }

    /// With these roles, by their names, which must exist.
    #[must_use]
    pub fn roles(mut self, roles: impl IntoIterator<Item: Into<String>>) -> Self {
        self.roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// With a link that is valid for this long, in whole seconds: five days unless it is set.
    #[must_use]
    pub const fn link_for(mut self, ttl: Duration) -> Self {
        self.link = ttl;
        self
    }
}

/// Somebody who has been invited.
pub struct Invited {
    pub(super) user: User,
    pub(super) link: String,
}

impl Invited {
    /// The new user.
    #[must_use]
    pub const fn user(&self) -> &User {
        &self.user
    }

    /// Where the person sets a password. Whoever has this link becomes them: give it to nobody else.
    #[must_use]
    pub fn link(&self) -> &str {
        &self.link
    }
}

impl fmt::Debug for Invited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (f.debug_struct("Invited").field("user", &self.user)).finish_non_exhaustive()
    }
}

/// How somebody gets a new password.
#[derive(Clone)]
#[non_exhaustive]
pub enum PasswordLink {
    /// By this link, for a person whom this client has invited and who has never signed in.
    Link(String),
    /// By an e-mail that Auth0 has sent: nobody but its owner may take over an account that is in use.
    Mailed,
}

impl fmt::Debug for PasswordLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link(_) => "Link(..)",
            Self::Mailed => "Mailed",
        })
    }
}
