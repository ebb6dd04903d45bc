//! The two accounts, whose passwords stand on the page.

use std::sync::LazyLock;

use apply_cookies_auth::{Account, AccountFuture, AccountSource, Accounts, Password, PasswordHash};

/// Who may see the second of the protected pages.
pub(super) const KEEPER: &str = "keeper";

struct Two(LazyLock<Vec<Account>>);

impl AccountSource for Two {
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>> {
        let found = self.0.iter().find(|account| account.name == name);
        Box::pin(async move { Ok(found.cloned()) })
    }
}

/// Hashed when somebody signs in first: the page is there at once.
pub(super) fn two() -> Accounts {
    Accounts::from_source(Two(LazyLock::new(|| {
        let account = |name: &str, shown: &str, password: &str| {
            let password = Password::new(password).ok()?;
            let mut account = Account::new(name, PasswordHash::make(&password));
            account.full_name = Some(shown.to_owned());
            Some(account)
        };
        let mut ada = account("ada", "Ada Lovelace", "analytical engine");
        if let Some(ada) = &mut ada {
            ada.roles = vec![KEEPER.to_owned()];
        }
        let grace = account("grace", "Grace Hopper", "nanoseconds of wire");
        ada.into_iter().chain(grace).collect()
    })))
}
