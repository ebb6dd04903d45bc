//! The accounts of the app, as in a database.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use apply_cookies_auth::{
    Account, AccountFuture, AccountSource, AccountsUnavailable, Crowd, PasswordHash,
};

/// Name and password of somebody without a role.
pub(crate) const ADA: (&str, &str) = ("ada", "correct horse");
/// Of an administrator.
pub(crate) const BOB: (&str, &str) = ("bob", "battery staple");
/// A password that nobody has.
pub(crate) const WRONG: &str = "hunter2";

/// Made by werkzeug, at a low cost, of Ada's password.
const CORRECT_HORSE: &str = "scrypt:128:1:1$XfsFaPWPasREYMVh$aa392a1293b1db65b0687476107af752f68462480bbb547fcfa55b697df293f7818c742ae587473c12b2037154c84a34ba99b8a216a7b13bb9836c11d1db0b8e";

/// In the same form, of Bob's.
const BATTERY_STAPLE: &str = "scrypt:128:1:1$q3Vb8TzKd0LmPnRs$edb0a3ed63c77476f8c2bea0d192a141bcdae224685dbea42dc5316f2ce7a16a361ef9bee4ebda40663ded297dad0e5f0a4e766547c7ce67c062aa1ac458b2ac";

/// The accounts, which the test changes while the app runs.
pub(crate) struct People {
    accounts: Mutex<BTreeMap<String, Account>>,
    is_away: AtomicBool,
}

impl People {
    pub(crate) fn new() -> Arc<Self> {
        let ada = Account::new(ADA.0, PasswordHash::parse(CORRECT_HORSE).unwrap());
        let mut bob = Account::new(BOB.0, PasswordHash::parse(BATTERY_STAPLE).unwrap());
        bob.roles = vec!["admin".to_owned()];
        let accounts = [ada, bob].map(|account| (account.name.clone(), account));
        Arc::new(Self {
            accounts: Mutex::new(accounts.into()),
            is_away: AtomicBool::new(false),
        })
    }

    /// Ada chooses Bob's password.
    pub(crate) fn change_password_of_ada(&self) {
        let hash = PasswordHash::parse(BATTERY_STAPLE).unwrap();
        let mut accounts = self.accounts.lock().unwrap();
        accounts.get_mut(ADA.0).unwrap().hash = hash;
    }

    /// What the person may do from now on.
    pub(crate) fn give_roles(&self, (name, _): (&str, &str), roles: &[&str]) {
        let mut accounts = self.accounts.lock().unwrap();
        accounts.get_mut(name).unwrap().roles =
            roles.iter().map(|role| (*role).to_owned()).collect();
    }

    pub(crate) fn remove(&self, name: &str) {
        self.accounts.lock().unwrap().remove(name).unwrap();
    }

    /// Whether the database answers.
    pub(crate) fn be_away(&self, away: bool) {
        self.is_away.store(away, Ordering::SeqCst);
    }
}

/// The accounts, as the app has them.
pub(crate) struct Table(pub(crate) Arc<People>);

impl AccountSource for Table {
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>> {
        let found = if self.0.is_away.load(Ordering::SeqCst) {
            Err(AccountsUnavailable::new("away"))
        } else {
            Ok(self.0.accounts.lock().unwrap().get(name).cloned())
        };
        Box::pin(std::future::ready(found))
    }

    fn crowd(&self) -> Crowd {
        let accounts = self.0.accounts.lock().unwrap();
        (accounts.values().map(|account| account.hash.parameters())).collect()
    }
}
