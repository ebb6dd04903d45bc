//! A list of accounts as text: a file in TOML, or a variable of the environment.

use std::collections::HashMap;

use toml::{Table, Value};

use super::crowd::Crowd;
use super::hash::PasswordHash;
use super::parameters::HashError;
use super::source::Account;
use crate::header::NAME_MAX;

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

    pub(super) fn len(&self) -> usize {
        self.accounts.len()
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
            match value {
                Value::String(hash) => account(name, &hash),
                Value::Table(table) => from_table(name, table),
                _ => Err(ListError::NoHash(name)),
            }
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

fn from_table(name: String, mut table: Table) -> Result<Account, ListError> {
    let Some(Value::String(hash)) = table.remove("password") else {
        // Perhaps it is there under another name.
        return Err(
            match table.keys().find(|key| !KEYS.contains(&key.as_str())) {
                Some(key) => unknown(name, key),
                None => ListError::NoHash(name),
            },
        );
    };
    let mut account = account(name, &hash)?;
    for (key, value) in table {
        let wrong = |name: &str| ListError::Value {
            name: name.to_owned(),
            key: key.clone(),
        };
        let text = |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        };
        match (key.as_str(), value) {
            ("email", Value::String(email)) => account.email = Some(email),
            ("name", Value::String(full_name)) => account.full_name = Some(full_name),
            ("roles", Value::Array(roles)) => {
                let roles: Option<Vec<_>> = roles.into_iter().map(text).collect();
                account.roles = roles.ok_or_else(|| wrong(&account.name))?;
            }
            ("email" | "name" | "roles", _) => return Err(wrong(&account.name)),
            _ => return Err(unknown(account.name, &key)),
        }
    }
    Ok(account)
}

/// The keys of an account's table.
const KEYS: [&str; 4] = ["password", "email", "name", "roles"];

fn unknown(name: String, key: &str) -> ListError {
    let nearest = KEYS.into_iter().min_by_key(|known| distance(known, key));
    ListError::UnknownKey {
        name,
        nearest: nearest.unwrap_or_default(),
    }
}

/// How many characters must be put in, left out or changed to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, c) in one.chars().enumerate() {
        let (mut diagonal, mut left) = (row[0], above + 1);
        row[0] = left;
        for (at, o) in other.iter().enumerate() {
            let changed = diagonal + usize::from(c != *o);
            diagonal = row[at + 1];
            left = changed.min(diagonal + 1).min(left + 1);
            row[at + 1] = left;
        }
    }
    row[other.len()]
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
    /// An account without a hash.
    #[error(
        "account {0}: its password's hash is missing; write {0} = \"HASH\", or password = \"HASH\" in its table"
    )]
    NoHash(String),
    /// Not TOML, or a key that is there twice.
    #[error("line {line} is not TOML, or repeats a name")]
    Syntax {
        /// Counted from 1.
        line: usize,
    },
    /// Two accounts of one name.
    #[error("account {0} is there twice")]
    Twice(String),
    /// A key that means nothing.
    #[error("account {name} has an unknown key; did you mean `{nearest}`?")]
    UnknownKey {
        /// Of the account.
        name: String,
        /// The key that is written most like it.
        nearest: &'static str,
    },
    /// A value of the wrong type.
    #[error("account {name}: `{key}` must be {}", if key == "roles" { "a list of texts" } else { "a text" })]
    Value {
        /// Of the account.
        name: String,
        /// Its key.
        key: String,
    },
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
        assert_eq!(list.len(), 2);
        assert_eq!(list.find("ada").unwrap().roles, [""; 0]);
        let grace = list.find("Grace Hopper").unwrap();
        assert_eq!(grace.email.as_deref(), Some("grace@example.com"));
        assert_eq!(grace.full_name.as_deref(), Some("Rear Admiral"));
        assert_eq!(grace.roles, ["admin", "editor"]);
        assert_eq!(grace.hash.to_text(), HASH);
        assert!(list.find("Ada").is_none() && list.find("").is_none());

        let list = List::from_words(&format!("ada:{HASH}; alan:{HASH}\n")).unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(list.find("alan").unwrap().hash.to_text(), HASH);
    }

    #[test]
    fn mistakes_are_named_and_no_hash_is_shown() {
        let ada = || "ada".to_owned();
        let table = |rest: &str| format!("[ada]\npassword = \"{HASH}\"\n{rest}");
        let key = |nearest| ListError::UnknownKey {
            name: ada(),
            nearest,
        };
        let value = |key: &str| ListError::Value {
            name: ada(),
            key: key.to_owned(),
        };
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
            (format!("[ada]\npasword = \"{HASH}\""), key("password")),
            (format!("[ada]\nhash = \"{HASH}\""), key("name")),
            (table("mail = 'a'"), key("email")),
            (table("role = ['a']"), key("roles")),
            (table("name = 1"), value("name")),
            (table("roles = 'admin'"), value("roles")),
            (table("roles = [1]"), value("roles")),
            ("ada = 1".to_owned(), ListError::NoHash(ada())),
            ("[ada]".to_owned(), ListError::NoHash(ada())),
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
