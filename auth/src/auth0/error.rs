//! Why Auth0 did not do it.

use std::time::Duration;

/// A request to the Management API that failed. Never shows the client's secret, a token or a link.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ManagementError {
    /// The domain is not that of a tenant, the file of certificates cannot be used, or the id is not
    /// one of a user.
    #[error("{0}")]
    Setting(String),
    /// There was no answer that can be used.
    #[error("Auth0 cannot be reached: {0}")]
    Unreachable(String),
    /// Too many requests. One wait of a few seconds has been tried.
    #[error("Auth0 takes no more requests for {} s", .wait.as_secs())]
    Throttled {
        /// How long to wait before the next one.
        wait: Duration,
    },
    /// Auth0 does not know the client, or its secret.
    #[error("Auth0 refuses the client id or its secret ({code})")]
    Credentials {
        /// Auth0's own code: `access_denied`.
        code: String,
    },
    /// The client may not do this: a scope is missing in its grant for the Management API.
    #[error("Auth0 forbids it: {message} ({code})")]
    Forbidden {
        /// Auth0's own code: `insufficient_scope`.
        code: String,
        /// Its words: which scope.
        message: String,
    },
    /// There is no such user.
    #[error("Auth0 has no such user ({code})")]
    NotFound {
        /// Auth0's own code: `inexistent_user`.
        code: String,
    },
    /// The user exists already.
    #[error("Auth0 has this user already ({code})")]
    Conflict {
        /// Auth0's own code: `auth0_idp_error`.
        code: String,
    },
    /// Another request that Auth0 refuses.
    #[error("Auth0 refuses with status {status}: {message} ({code})")]
    Refused {
        /// The HTTP status, from 400 to 499.
        status: u16,
        /// Auth0's own code: `invalid_body`.
        code: String,
        /// Its words.
        message: String,
    },
    /// Auth0 failed.
    #[error("Auth0 failed with status {status}")]
    Failed {
        /// The HTTP status, 500 or more.
        status: u16,
    },
    /// An answer that is not as documented.
    #[error("Auth0 gave an answer that cannot be read: {0}")]
    Answer(String),
    /// No role of the tenant has this name.
    #[error("there is no role {0:?}")]
    UnknownRole(String),
    /// The user was created, and something after that failed: give the roles, and ask for the link,
    /// separately.
    #[error("{id} was created, but: {cause}")]
    Incomplete {
        /// The new user.
        id: String,
        /// What failed.
        cause: Box<Self>,
    },
    /// It is done at Auth0, but the store of revocations did not answer: the person may still be signed
    /// in here, with the old roles.
    #[error("it is done, but the person may still be signed in here: {0}")]
    StillSignedIn(String),
}

apply_cookies::debug_as_text!(ManagementError);
