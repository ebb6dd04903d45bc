//! Common to the examples: a deployment, and one account.

use std::error::Error;

use apply_cookies::{ApplyCookies, SecretError, Secrets};
use apply_cookies_auth::{
    Account, AccountFuture, AccountSource, Accounts, Password, PasswordHash, PasswordTooLong,
};

/// With `APPLY_COOKIES_SECRET_KEY` and `ORIGIN`: production, for pages of this origin. Without: development.
pub(crate) fn deployment() -> Result<ApplyCookies, Box<dyn Error>> {
    match Secrets::from_env() {
        Ok(secrets) => Ok(ApplyCookies::builder(secrets)
            .origin(std::env::var("ORIGIN")?)
            .build()?),
        Err(SecretError::Missing) => Ok(ApplyCookies::dev()),
        Err(error) => Err(error.into()),
    }
}

struct OnlyAda(PasswordHash);

impl AccountSource for OnlyAda {
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>> {
        Box::pin(async move { Ok((name == "ada").then(|| Account::new(name, self.0.clone()))) })
    }
}

/// Ada, whose password is "correct horse". An app has `Accounts::from_file` or `from_env`.
pub(crate) fn ada() -> Result<Accounts, PasswordTooLong> {
    let hash = PasswordHash::make(&Password::new("correct horse")?);
    Ok(Accounts::from_source(OnlyAda(hash)))
}
