//! Common to the examples: a deployment, and one account.

use std::env;
use std::error::Error;
use std::sync::Arc;

use apply_cookies::replay::FileReplayStore;
use apply_cookies::{ApplyCookies, Clock, SecretError, Secrets};
use apply_cookies_auth::{
    Account, AccountFuture, AccountSource, Accounts, Password, PasswordHash, PasswordTooLong,
};

/// With `APPLY_COOKIES_SECRET_KEY` and `ORIGIN`: production, for pages of this origin, and with
/// `REPLAY=file:PATH` a restart keeps what was used. Without: development.
pub(crate) fn deployment() -> Result<ApplyCookies, Box<dyn Error>> {
    match Secrets::from_env() {
        Ok(secrets) => {
            let mut builder = ApplyCookies::builder(secrets).origin(env::var("ORIGIN")?);
            if let Some(path) = file("REPLAY")? {
                let store = FileReplayStore::open(path, Clock::system())?;
                builder = builder.replay_store(Arc::new(store));
            }
            Ok(builder.build()?)
        }
        Err(SecretError::Missing) => Ok(ApplyCookies::dev()),
        Err(error) => Err(error.into()),
    }
}

/// The path in a variable such as `REPLAY=file:PATH`, if it is set.
pub(crate) fn file(name: &str) -> Result<Option<String>, Box<dyn Error>> {
    let Ok(place) = env::var(name) else {
        return Ok(None);
    };
    let path = place.strip_prefix("file:");
    let path = path.ok_or_else(|| format!("{name} must be file:PATH"))?;
    Ok(Some(path.to_owned()))
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
