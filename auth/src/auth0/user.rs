//! What Auth0 knows of a person.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The fields that are asked for, so that a page of users stays small.
pub(super) const FIELDS: &str =
    "user_id,email,email_verified,name,blocked,logins_count,last_login,app_metadata,identities";

/// The claims about an invitation in `app_metadata`.
pub(super) const INVITED: &str = "invited";
pub(super) const INVITED_BY: &str = "invited_by";

/// A user of the tenant.
#[derive(Clone, Debug, Deserialize)]
pub struct User {
    #[serde(rename = "user_id")]
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    email: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    email_verified: bool,
    #[serde(default, deserialize_with = "or_default")]
    name: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    blocked: bool,
    /// Absent until the first sign-in.
    #[serde(default)]
    logins_count: Value,
    #[serde(default, deserialize_with = "or_default")]
    last_login: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    app_metadata: Map<String, Value>,
    #[serde(default, deserialize_with = "or_default")]
    identities: Vec<Identity>,
}

/// One value of an unexpected type, as some directories have them, must not hide a page of people.
fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + DeserializeOwned,
{
    let value = Value::deserialize(from)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// One way in which a user signs in.
#[derive(Clone, Debug, Deserialize)]
struct Identity {
    connection: String,
    provider: String,
}

impl User {
    /// The id, such as `auth0|66b1f0c7c8e3d29a40000001`: the subject of their sign-ins.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The e-mail address.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// Whether the e-mail address is verified.
    #[must_use]
    pub const fn is_email_verified(&self) -> bool {
        self.email_verified
    }

    /// The name, or else the e-mail address, or else the id.
    #[must_use]
    pub fn name(&self) -> &str {
        let name = self.name.as_deref().filter(|name| !name.trim().is_empty());
        name.or_else(|| self.email()).unwrap_or(&self.id)
    }

    /// Whether they are blocked.
    #[must_use]
    pub const fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// How often they have signed in.
    #[must_use]
    pub fn logins_count(&self) -> u64 {
        self.logins_count.as_u64().unwrap_or(0)
    }

    /// When they signed in last, as Auth0 writes it: `2026-05-22T12:00:00.000Z`.
    #[must_use]
    pub fn last_login(&self) -> Option<&str> {
        self.last_login.as_deref()
    }

    /// Whether `app_metadata` says that they were invited, as [`Gate::invited`](crate::Gate::invited)
    /// asks.
    #[must_use]
    pub fn is_invited(&self) -> bool {
        self.app_metadata.get(INVITED) == Some(&Value::Bool(true))
    }

    /// What the app keeps about them in Auth0.
    #[must_use]
    pub const fn app_metadata(&self) -> &Map<String, Value> {
        &self.app_metadata
    }

    /// The database that has their password, if one has.
    pub(super) fn database(&self) -> Option<&str> {
        let mut databases = self.identities.iter();
        let database = databases.find(|identity| identity.provider == "auth0")?;
        Some(&database.connection)
    }

    /// Whether this client has invited them and they have never signed in: nobody loses an account by a
    /// link for their password.
    pub(super) fn awaits_password(&self, client_id: &str) -> bool {
        let inviter = self.app_metadata.get(INVITED_BY).and_then(Value::as_str);
        let is_new = self.logins_count.is_null() || self.logins_count == 0;
        is_new && self.is_invited() && inviter == Some(client_id)
    }
}

/// A page of users.
#[derive(Clone, Debug, Deserialize)]
pub struct Users {
    #[serde(rename = "users")]
    page: Vec<User>,
    start: u32,
    limit: u32,
    total: u32,
}

impl Users {
    /// The users of this page.
    #[must_use]
    pub fn users(&self) -> &[User] {
        &self.page
    }

    /// How many users there are on all pages.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// The number of the next page, if there is one that Auth0 gives out.
    #[must_use]
    pub fn next_page(&self) -> Option<u32> {
        let end = self.start.saturating_add(self.limit);
        let next = end.checked_div(self.limit)?;
        (end < self.total.min(1000) && !self.page.is_empty()).then_some(next)
    }
}

/// A role of the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Role {
    pub(super) id: String,
    pub(super) name: String,
}

impl Role {
    /// The id, such as `rol_Xk3v`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name, by which the methods of [`Management`](super::Management) know it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
