//! What an app may do with Auth0's users.

use std::fmt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use apply_cookies::replay::StoreError;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::api::Api;
use super::error::ManagementError;
use super::invite::{Invite, Invited, PasswordLink};
use super::path::path_of;
use super::query::Query;
use super::user::{FIELDS, INVITED, INVITED_BY, Role, User, Users};
use crate::oidc::ClientSecret;
use crate::outgoing::{HttpClient, Outgoing};
use crate::random;

/// How many users a page has: they fit into the 64 KiB of an answer.
const USERS_A_PAGE: &str = "25";
/// Ends the sessions of a user of Auth0 with this id.
pub(crate) type EndSessions = Arc<
    dyn Fn(String) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>> + Send + Sync,
>;

/// Auth0's Management API, for a machine-to-machine application of the tenant with the scopes
/// `read:users`, `create:users`, `update:users`, `read:roles`, `create:user_tickets` and, for
/// `app_metadata`, `read:users_app_metadata` and `create:users_app_metadata`; to give roles, also
/// `create:role_members` and `delete:role_members`.
///
/// Cheap to clone. Its token is kept until a minute before its end, and many callers make one request
/// for it. Where Auth0 takes no more requests, it waits once, for up to 5 seconds.
///
/// ```no_run
/// use apply_cookies_auth::ClientSecret;
/// use apply_cookies_auth::auth0::{Invite, Management, Query};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = ClientSecret::from_env("AUTH0_CLIENT_SECRET")?;
/// let users = Management::new("tenant.eu.auth0.com", "Jq3kV8wXz1Lt", secret)?;
/// let invite = Invite::new("sales-users").roles(["viewer"]);
/// let invited = users.invite("ada@example.com", invite).await?;
/// println!("give this to Ada alone: {}", invited.link());
/// for user in users.list(Query::text("ada")).await?.users() {
///     users.set_roles(user.id(), ["admin"]).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Management {
    api: Arc<Api>,
    end_sessions: Option<EndSessions>,
}

#[derive(Deserialize)]
struct Ticket {
    ticket: String,
}

impl Management {
    /// The API of the tenant with this domain, for this machine-to-machine application.
    ///
    /// # Errors
    ///
    /// If the domain is more or less than a host, as in `tenant.eu.auth0.com`.
    pub fn new(
        domain: &str,
        client_id: impl Into<String>,
        secret: ClientSecret,
    ) -> Result<Self, ManagementError> {
        Ok(Self {
            api: Arc::new(Api::new(domain, client_id.into(), secret)?),
            end_sessions: None,
        })
    }

    /// Also trusts the certificates in this PEM file, such as those of a company's own proxy.
    ///
    /// # Errors
    ///
    /// If there are none.
    pub fn ca_file(self, path: impl AsRef<Path>) -> Result<Self, ManagementError> {
        let outgoing = Outgoing::trusting(path.as_ref());
        self.over(outgoing.map_err(ManagementError::Setting)?)
    }

    /// Sends its requests with the app's own client.
    ///
    /// # Errors
    ///
    /// If it has been cloned already.
    pub fn http_client(self, client: Arc<dyn HttpClient>) -> Result<Self, ManagementError> {
        let outgoing = Outgoing::new(Some(client));
        self.over(outgoing.map_err(ManagementError::Setting)?)
    }

    fn over(mut self, outgoing: Outgoing) -> Result<Self, ManagementError> {
        let shared = || ManagementError::Setting("it has been cloned already".to_owned());
        Arc::get_mut(&mut self.api).ok_or_else(shared)?.outgoing = outgoing;
        Ok(self)
    }

    /// What ends a person's sessions here, after their roles have changed or they were blocked.
    pub(crate) fn end_sessions_by(mut self, end: EndSessions) -> Self {
        self.end_sessions = Some(end);
        self
    }

    /// Creates a user who has been invited, with a password that nobody knows, and a link to set
    /// another. Neither the link nor anything else here verifies their e-mail address, and Auth0 sends
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`ManagementError::UnknownRole`] before anything is created, [`ManagementError::Conflict`] if
    /// the user exists, and [`ManagementError::Incomplete`] if only the user was created.
    pub async fn invite(&self, email: &str, invite: Invite) -> Result<Invited, ManagementError> {
        let roles = self.api.role_ids(&invite.roles).await?;
        let body = json!({
            "connection": invite.connection,
            "email": email,
            // With a letter of each case, a digit and a sign, for any policy; bcrypt takes 72 bytes.
            "password": format!("{}-aA1", BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<32>())),
            "email_verified": false,
            "verify_email": false,
            "app_metadata": { INVITED: true, INVITED_BY: self.api.client_id },
        });
        let user: User = self.api.call("POST", "users", &[], Some(&body)).await?;
        let incomplete = |cause| ManagementError::Incomplete {
            id: user.id().to_owned(),
            cause: Box::new(cause),
        };
        if !roles.is_empty() {
            let path = path_of(user.id(), "/roles")?;
            let body = json!({ "roles": roles });
            let given = self
                .api
                .call::<IgnoredAny>("POST", &path, &[], Some(&body))
                .await;
            given.map_err(incomplete)?;
        }
        let link = self.ticket(user.id(), invite.link).await;
        let link = link.map_err(incomplete)?;
        Ok(Invited { user, link })
    }

    /// A page of users, 25 at most.
    ///
    /// # Errors
    ///
    /// If Auth0 does not give it.
    pub async fn list(&self, query: Query) -> Result<Users, ManagementError> {
        let page = query.number().to_string();
        let mut parameters = vec![
            ("page", &*page),
            ("per_page", USERS_A_PAGE),
            ("include_totals", "true"),
            ("fields", FIELDS),
            ("include_fields", "true"),
            ("search_engine", "v3"),
        ];
        parameters.extend(query.lucene().map(|lucene| ("q", lucene)));
        self.api.call("GET", "users", &parameters, None).await
    }

    /// The users with this e-mail address, one for each way in which they sign in.
    ///
    /// # Errors
    ///
    /// If Auth0 does not say.
    pub async fn by_email(&self, email: &str) -> Result<Vec<User>, ManagementError> {
        // Auth0 keeps addresses in lower case, and compares them exactly here.
        let email = email.to_lowercase();
        let parameters = [
            ("fields", FIELDS),
            ("include_fields", "true"),
            ("email", &*email),
        ];
        let path = "users-by-email";
        self.api.call("GET", path, &parameters, None).await
    }

    /// The user with this id.
    ///
    /// # Errors
    ///
    /// [`ManagementError::NotFound`] if there is none.
    pub async fn get(&self, id: &str) -> Result<User, ManagementError> {
        let parameters = [("fields", FIELDS), ("include_fields", "true")];
        let path = path_of(id, "")?;
        self.api.call("GET", &path, &parameters, None).await
    }

    /// All roles of the tenant.
    ///
    /// # Errors
    ///
    /// If Auth0 does not list them.
    pub async fn all_roles(&self) -> Result<Vec<Role>, ManagementError> {
        self.api.roles_at("roles").await
    }

    /// The roles of a user.
    ///
    /// # Errors
    ///
    /// If Auth0 does not list them.
    pub async fn roles(&self, id: &str) -> Result<Vec<Role>, ManagementError> {
        self.api.roles_at(&path_of(id, "/roles")?).await
    }

    /// Gives a user these roles and no others, by their names, and ends their sessions here, so that
    /// the next ones have them; also where they had just these. Goes on if its caller is dropped, as a
    /// handler is when the browser closes the connection.
    ///
    /// # Errors
    ///
    /// [`ManagementError::UnknownRole`] before anything is changed.
    pub async fn set_roles(
        &self,
        id: &str,
        roles: impl IntoIterator<Item: Into<String>>,
    ) -> Result<(), ManagementError> {
        let (users, id) = (self.clone(), id.to_owned());
        let names: Vec<String> = roles.into_iter().map(Into::into).collect();
        to_the_end(async move { users.change_roles(&id, &names).await }).await
    }

    async fn change_roles(&self, id: &str, names: &[String]) -> Result<(), ManagementError> {
        let path = path_of(id, "/roles")?;
        let wanted = self.api.role_ids(names).await?;
        let had = self.api.roles_at(&path).await?;
        let had: Vec<String> = had.into_iter().map(|role| role.id).collect();
        let without = |all: &[String], others: &[String]| -> Vec<String> {
            let kept = all.iter().filter(|role| !others.contains(role));
            kept.cloned().collect()
        };
        let (removed, added) = (without(&had, &wanted), without(&wanted, &had));
        let mut done = Ok(());
        // What is taken away first: less is safer if the second fails.
        for (method, roles) in [("DELETE", removed), ("POST", added)] {
            if done.is_ok() && !roles.is_empty() {
                let body = json!({ "roles": roles });
                done = self
                    .api
                    .call::<IgnoredAny>(method, &path, &[], Some(&body))
                    .await
                    .map(drop);
            }
        }
        // Also where only some has changed, or all had before a store that was away then.
        let ended = self.end_sessions(id).await;
        done.and(ended)
    }

    /// Says that the user's e-mail address is verified, because the app knows.
    ///
    /// # Errors
    ///
    /// If Auth0 does not take it.
    pub async fn mark_verified(&self, id: &str) -> Result<(), ManagementError> {
        self.patch(id, &json!({ "email_verified": true })).await
    }

    /// Has Auth0 send an e-mail by which the user verifies the address.
    ///
    /// # Errors
    ///
    /// If Auth0 does not take it.
    pub async fn mail_verification(&self, id: &str) -> Result<(), ManagementError> {
        path_of(id, "")?;
        let body = json!({ "user_id": id });
        let job = self
            .api
            .call::<IgnoredAny>("POST", "jobs/verification-email", &[], Some(&body));
        job.await.map(drop)
    }

    /// A link to set a password, valid for this long in whole seconds, for a person whom this client has
    /// invited and who has never signed in. Everybody else gets an e-mail from Auth0: a link to an account
    /// in use must not pass through other hands. For that e-mail the database must be enabled for this
    /// application.
    ///
    /// # Errors
    ///
    /// [`ManagementError::Setting`] if the user has no password, because they sign in elsewhere.
    pub async fn password_link(
        &self,
        id: &str,
        ttl: Duration,
    ) -> Result<PasswordLink, ManagementError> {
        let user = self.get(id).await?;
        let Some(connection) = user.database() else {
            let why = "the user signs in elsewhere, and has no password at Auth0";
            return Err(ManagementError::Setting(why.to_owned()));
        };
        if user.awaits_password(&self.api.client_id) {
            return self.ticket(id, ttl).await.map(PasswordLink::Link);
        }
        let body = json!({
            "client_id": self.api.client_id,
            "email": user.email(),
            "connection": connection,
        });
        self.api
            .post("/dbconnections/change_password", &body)
            .await?;
        Ok(PasswordLink::Mailed)
    }

    /// Blocks a user, and ends their sessions here. Goes on if its caller is dropped.
    ///
    /// # Errors
    ///
    /// [`ManagementError::StillSignedIn`] if only the second failed.
    pub async fn block(&self, id: &str) -> Result<(), ManagementError> {
        let (users, id) = (self.clone(), id.to_owned());
        to_the_end(async move {
            users.patch(&id, &json!({ "blocked": true })).await?;
            users.end_sessions(&id).await
        })
        .await
    }

    /// Lets a blocked user in again.
    ///
    /// # Errors
    ///
    /// If Auth0 does not take it.
    pub async fn unblock(&self, id: &str) -> Result<(), ManagementError> {
        self.patch(id, &json!({ "blocked": false })).await
    }

    async fn patch(&self, id: &str, body: &Value) -> Result<(), ManagementError> {
        let path = path_of(id, "")?;
        let user = self.api.call::<IgnoredAny>("PATCH", &path, &[], Some(body));
        user.await.map(drop)
    }

    async fn end_sessions(&self, id: &str) -> Result<(), ManagementError> {
        let Some(end) = &self.end_sessions else {
            return Ok(());
        };
        let ended = end(id.to_owned()).await;
        ended.map_err(|error| ManagementError::StillSignedIn(error.to_string()))
    }

    async fn ticket(&self, id: &str, ttl: Duration) -> Result<String, ManagementError> {
        let body = json!({
            "user_id": id,
            "ttl_sec": ttl.as_secs().max(1),
            // Whoever made the link has seen it too, so it proves nothing about the address.
            "mark_email_as_verified": false,
        });
        let path = "tickets/password-change";
        let ticket: Ticket = self.api.call("POST", path, &[], Some(&body)).await?;
        Ok(ticket.ticket)
    }
}

/// A task of its own: Auth0 must not have done it while the sessions here go on because whoever asked
/// has gone.
async fn to_the_end(
    act: impl Future<Output = Result<(), ManagementError>> + Send + 'static,
) -> Result<(), ManagementError> {
    let cut = || ManagementError::Unreachable("the act was cut off".to_owned());
    tokio::spawn(act).await.unwrap_or_else(|_| Err(cut()))
}

impl fmt::Debug for Management {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Management")
            .field("client_id", &self.api.client_id)
            .field("ends_sessions", &self.end_sessions.is_some())
            .finish_non_exhaustive()
    }
}
