//! OpenID Connect, the provider's side: what is asked of a provider, and what its answers prove. It
//! knows no request and no session.

// What an app says.
mod file_vault;
mod secret;
mod settings;
mod vault;
pub use file_vault::{FileVault, FileVaultError};
pub use secret::{ClientSecret, ClientSecretError};
pub(crate) use settings::TAKEN;
pub use settings::{Oidc, OidcError};
pub use vault::{MemoryVault, Vault, VaultFuture, VaultId, VaultUnavailable};

// What the provider says of itself.
mod discovery;
mod metadata;

// Out to the provider, and back with a person.
mod authorization;
mod exchange;
mod id_token;
mod person;
mod tokens;
mod user_info;
pub(crate) use authorization::AuthorizationRequest;
pub(crate) use id_token::Expected;
pub use tokens::ProviderTokens;
pub(crate) use tokens::VaultKey;

// And out again.
mod end_session;
mod logout_token;

mod turns;

mod provider;
pub(crate) use provider::{Authenticated, Provider};
mod refresh;
pub(crate) use refresh::Place;

#[cfg(test)]
mod tests;
