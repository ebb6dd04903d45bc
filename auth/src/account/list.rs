//! A list of accounts as text: a file in TOML, or a variable of the environment.

use std::collections::HashMap;

use serde::Deserialize;
use toml::{Table, Value};

use super::crowd::Crowd;
use super::hash::PasswordHash;
use super::source::Account;
use crate::header::NAME_MAX;

/// An account's table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    password: String,
    email: Option<String>,
    name: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

/// Accounts that were read, all of them. What is refused is said in words that show no hash.
#[derive(Debug, Default)]
pub(super) struct List {
    accounts: HashMap<String, Account>,
    pub(super) crowd: Crowd,
}

impl List {
    pub(super) fn find(&self, name: &str) -> Option<&Account> {
        self.accounts.get(name)
    }

    fn of(accounts: impl IntoIterator<Item = Result<Account, String>>) -> Result<Self, String> {
        let mut list = Self::default();
        for account in accounts {
            let account = account?;
            let name = account.name.clone();
            if list.accounts.insert(name.clone(), account).is_some() {
                return Err(format!("account {name} is there twice"));
            }
        }
        if list.accounts.is_empty() {
            return Err("it contains no account".to_owned());
        }
        let hashes = list.accounts.values().map(|account| &account.hash);
        list.crowd = hashes.map(PasswordHash::parameters).collect();
        Ok(list)
    }

    /// `name = "hash"`, or a table of that name with `password`, and what may go with it.
    pub(super) fn from_toml(text: &str) -> Result<Self, String> {
        let table: Table = text.parse().map_err(|error| syntax(text, &error))?;
        Self::of(table.into_iter().map(|(name, value)| {
            check_name(&name)?;
            if let Value::String(hash) = value {
                return account(name, &hash);
            }
            // Its error may show what should not be seen.
            let Ok(entry) = value.try_into::<Entry>() else {
                return Err(format!(
                    "account {name}: write {name} = \"HASH\", or a table with password = \"HASH\", which may have email, name (texts) and roles (a list of texts), and nothing else"
                ));
            };
            Ok(Account {
                email: entry.email,
                full_name: entry.name,
                roles: entry.roles,
                ..account(name, &entry.password)?
            })
        }))
    }

    /// `name:hash`, one behind the other, with white space or `;` between them.
    pub(super) fn from_words(text: &str) -> Result<Self, String> {
        let words = text.split(|c: char| c.is_whitespace() || c == ';');
        let words = (1..).zip(words.filter(|word| !word.is_empty()));
        Self::of(words.map(|(number, word)| {
            let (name, hash) = word
                .split_once(':')
                .ok_or_else(|| format!("entry {number} is not `name:hash`"))?;
            check_name(name)?;
            account(name.to_owned(), hash)
        }))
    }
}

/// The parser's own words show the line, which may be a hash.
fn syntax(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    format!("line {line} is not TOML, or repeats a name")
}

/// Names that can be typed into every kind of sign-in. An error does not show one that may be a hash.
fn check_name(name: &str) -> Result<(), String> {
    let is_name = !name.is_empty()
        && name.len() <= NAME_MAX
        && !name.contains(|c: char| c.is_control() || c == ':' || c == '$');
    is_name.then_some(()).ok_or_else(|| {
        format!(
            "the name of an account is empty, longer than {NAME_MAX} bytes, or has a colon, a dollar sign or a control character"
        )
    })
}

fn account(name: String, hash: &str) -> Result<Account, String> {
    match PasswordHash::parse(hash) {
        Ok(hash) => Ok(Account::new(name, hash)),
        Err(reason) => Err(format!("account {name}: {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "scrypt:1024:8:1$abcdefgh$0f0e0d0c0b0a09080706050403020100ffeeddccbbaa99887766554433221100\
        0f0e0d0c0b0a09080706050403020100ffeeddccbbaa99887766554433221100";

    #[test]
    fn both_forms_of_an_account_are_read() {
        let list = List::from_toml(&format!(
            "ada = \"{HASH}\"\n[\"Grace Hopper\"]\npassword = '{HASH}'\nemail = \"grace@example.com\"\n\
             name = \"Rear Admiral\"\nroles = [\"admin\", \"editor\"]\n"
        ));
        let list = list.unwrap();
        assert_eq!(list.accounts.len(), 2);
        assert_eq!(list.find("ada").unwrap().roles, [""; 0]);
        let grace = list.find("Grace Hopper").unwrap();
        assert_eq!(grace.email.as_deref(), Some("grace@example.com"));
        assert_eq!(grace.full_name.as_deref(), Some("Rear Admiral"));
        assert_eq!(grace.roles, ["admin", "editor"]);
        assert_eq!(grace.hash.to_text(), HASH);
        assert!(list.find("Ada").is_none() && list.find("").is_none());

        let list = List::from_words(&format!("ada:{HASH}; alan:{HASH}\n")).unwrap();
        assert_eq!(list.accounts.len(), 2);
        assert_eq!(list.find("alan").unwrap().hash.to_text(), HASH);
    }

    #[test]
    fn mistakes_are_named_and_no_hash_is_shown() {
        let table = |rest: &str| format!("[ada]\npassword = \"{HASH}\"\n{rest}");
        let entry = "account ada: write ada = \"HASH\", or a table";
        let name = "the name of an account is empty, longer than 255 bytes";
        let no_hash = "account ada: not a hash of argon2id";
        for (text, expected) in [
            (String::new(), "it contains no account"),
            ("# nobody".to_owned(), "it contains no account"),
            (format!("ada = \"{HASH}"), "line 1 is not TOML"),
            (
                format!("ada = \"{HASH}\"\nada = \"{HASH}\""),
                "line 2 is not TOML",
            ),
            (format!("[ada]\npasword = \"{HASH}\""), entry),
            (format!("[ada]\nhash = \"{HASH}\""), entry),
            (table("mail = 'a'"), entry),
            (table("role = ['a']"), entry),
            (table("name = 1"), entry),
            (table("roles = 'admin'"), entry),
            (table("roles = [1]"), entry),
            ("ada = 1".to_owned(), entry),
            ("[ada]".to_owned(), entry),
            (format!("[ada]\nroles = \"{HASH}\""), entry),
            (format!("[ada]\n\"{HASH}\" = 'password'"), entry),
            ("ada = ''".to_owned(), no_hash),
            ("ada = 'hunter2'".to_owned(), no_hash),
            (
                format!("ada = '{}'", &HASH[..80]),
                "account ada: the salt or the digest is malformed",
            ),
            (
                format!("ada = '{}'", HASH.replace("1024", "262144")),
                "account ada: the parameters of the hash are out of bounds",
            ),
            // Name and hash changed places.
            (format!("\"{HASH}\" = 'ada'"), name),
            ("\"a:b\" = ''".to_owned(), name),
            ("\"\" = ''".to_owned(), name),
        ] {
            let error = List::from_toml(&text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
            assert!(
                !error.contains("0f0e") && !error.contains("hunter2"),
                "{error}"
            );
        }
        for (text, expected) in [
            (" ; ", "it contains no account"),
            ("ada", "entry 1 is not `name:hash`"),
            (":x", name),
            ("ada:x", no_hash),
        ] {
            let error = List::from_words(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        let twice = format!("ada:{HASH} ada:{HASH}");
        assert_eq!(
            List::from_words(&twice).unwrap_err(),
            "account ada is there twice"
        );
    }
}
