//! A list of accounts as text: a file in TOML, or a variable of the environment.

use std::collections::HashMap;

use serde::Deserialize;
use toml::{Table, Value};

use super::crowd::Crowd;
use super::hash::PasswordHash;
use super::parameters::HashError;
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

/// Accounts that were read, all of them.
#[derive(Debug, Default)]
pub(super) struct List {
    accounts: HashMap<String, Account>,
    pub(super) crowd: Crowd,
}

impl List {
    pub(super) fn find(&self, name: &str) -> Option<&Account> {
        self.accounts.get(name)
    }

    fn of(
        accounts: impl IntoIterator<Item = Result<Account, ListError>>,
    ) -> Result<Self, ListError> {
        let mut list = Self::default();
        for account in accounts {
            let account = account?;
            let name = account.name.clone();
            if list.accounts.insert(name.clone(), account).is_some() {
                return Err(ListError::Twice(name));
            }
        }
        if list.accounts.is_empty() {
            return Err(ListError::Empty);
        }
        let hashes = list.accounts.values().map(|account| &account.hash);
        list.crowd = hashes.map(PasswordHash::parameters).collect();
        Ok(list)
    }

    /// `name = "hash"`, or a table of that name with `password`, and what may go with it.
    pub(super) fn from_toml(text: &str) -> Result<Self, ListError> {
        let table: Table = text.parse().map_err(|error| syntax(text, &error))?;
        Self::of(table.into_iter().map(|(name, value)| {
            check_name(&name)?;
            if let Value::String(hash) = value {
                return account(name, &hash);
            }
            // Its error may show what should not be seen.
            let Ok(entry) = value.try_into::<Entry>() else {
                return Err(ListError::Entry(name));
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
    pub(super) fn from_words(text: &str) -> Result<Self, ListError> {
        let words = text.split(|c: char| c.is_whitespace() || c == ';');
        let words = (1..).zip(words.filter(|word| !word.is_empty()));
        Self::of(words.map(|(number, word)| {
            let (name, hash) = word.split_once(':').ok_or(ListError::NoColon(number))?;
            check_name(name)?;
            account(name.to_owned(), hash)
        }))
    }
}

/// The parser's own words show the line, which may be a hash.
fn syntax(text: &str, error: &toml::de::Error) -> ListError {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    ListError::Syntax {
        line: before.matches('\n').count() + 1,
    }
}

/// Names that can be typed into every kind of sign-in. An error does not show one that may be a hash.
fn check_name(name: &str) -> Result<(), ListError> {
    let is_name = !name.is_empty()
        && name.len() <= NAME_MAX
        && !name.contains(|c: char| c.is_control() || c == ':' || c == '$');
    is_name.then_some(()).ok_or(ListError::Name)
}

fn account(name: String, hash: &str) -> Result<Account, ListError> {
    match PasswordHash::parse(hash) {
        Ok(hash) => Ok(Account::new(name, hash)),
        Err(reason) => Err(ListError::Hash { name, reason }),
    }
}

/// Why a list of accounts is refused. Names the account, and never shows a hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// It contains no account.
    #[error("it contains no account")]
    Empty,
    /// A hash that is not taken.
    #[error("account {name}: {reason}")]
    Hash {
        /// Of the account.
        name: String,
        /// What is wrong with it.
        reason: HashError,
    },
    /// A name that cannot be used.
    #[error(
        "the name of an account is empty, longer than {NAME_MAX} bytes, or has a colon, a dollar sign or a control character"
    )]
    Name,
    /// An entry of the environment without a colon.
    #[error("entry {0} is not `name:hash`")]
    NoColon(usize),
    /// Neither a hash nor a table of an account.
    #[error(
        "account {0}: write {0} = \"HASH\", or a table with password = \"HASH\", which may have email, name (texts) and roles (a list of texts), and nothing else"
    )]
    Entry(String),
    /// Not TOML, or a key that is there twice.
    #[error("line {line} is not TOML, or repeats a name")]
    Syntax {
        /// Counted from 1.
        line: usize,
    },
    /// Two accounts of one name.
    #[error("account {0} is there twice")]
    Twice(String),
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
        let ada = || "ada".to_owned();
        let table = |rest: &str| format!("[ada]\npassword = \"{HASH}\"\n{rest}");
        let entry = || ListError::Entry(ada());
        let hash = |reason| ListError::Hash {
            name: ada(),
            reason,
        };
        for (text, expected) in [
            (String::new(), ListError::Empty),
            ("# nobody".to_owned(), ListError::Empty),
            (format!("ada = \"{HASH}"), ListError::Syntax { line: 1 }),
            (
                format!("ada = \"{HASH}\"\nada = \"{HASH}\""),
                ListError::Syntax { line: 2 },
            ),
            (format!("[ada]\npasword = \"{HASH}\""), entry()),
            (format!("[ada]\nhash = \"{HASH}\""), entry()),
            (table("mail = 'a'"), entry()),
            (table("role = ['a']"), entry()),
            (table("name = 1"), entry()),
            (table("roles = 'admin'"), entry()),
            (table("roles = [1]"), entry()),
            ("ada = 1".to_owned(), entry()),
            ("[ada]".to_owned(), entry()),
            (format!("[ada]\nroles = \"{HASH}\""), entry()),
            (format!("[ada]\n\"{HASH}\" = 'password'"), entry()),
            ("ada = ''".to_owned(), hash(HashError::Algorithm)),
            ("ada = 'hunter2'".to_owned(), hash(HashError::Algorithm)),
            (
                format!("ada = '{}'", &HASH[..80]),
                hash(HashError::Malformed),
            ),
            (
                format!("ada = '{}'", HASH.replace("1024", "262144")),
                hash(HashError::Parameters),
            ),
            // Name and hash changed places.
            (format!("\"{HASH}\" = 'ada'"), ListError::Name),
            ("\"a:b\" = ''".to_owned(), ListError::Name),
            ("\"\" = ''".to_owned(), ListError::Name),
        ] {
            let error = List::from_toml(&text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            let shown = format!("{error} {error:?}");
            assert!(
                !shown.contains("0f0e") && !shown.contains("hunter2"),
                "{shown}"
            );
        }
        for (text, expected) in [
            (" ; ", ListError::Empty),
            ("ada", ListError::NoColon(1)),
            (":x", ListError::Name),
            ("ada:x", hash(HashError::Algorithm)),
        ] {
            assert_eq!(List::from_words(text).unwrap_err(), expected);
        }
        let twice = format!("ada:{HASH} ada:{HASH}");
        assert_eq!(
            List::from_words(&twice).unwrap_err(),
            ListError::Twice(ada())
        );
    }
}
