//! The one account of the examples. An app has `Accounts::from_file` or `from_env` in its place.

use apply_cookies_auth::{
    Account, AccountFuture, AccountSource, Accounts, Password, PasswordHash, PasswordTooLong,
};

struct OnlyAda(PasswordHash);

impl AccountSource for OnlyAda {
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>> {
        Box::pin(async move { Ok((name == "ada").then(|| Account::new(name, self.0.clone()))) })
    }
}

pub(crate) fn ada() -> Result<Accounts, PasswordTooLong> {
    let hash = PasswordHash::make(&Password::new("correct horse")?);
    Ok(Accounts::from_source(OnlyAda(hash)))
}
