//! The file of settings → its entries.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::{Key, Mistake, Source};

/// The most bytes of a file.
const LONGEST: u64 = 1024 * 1024;

/// Where the file is unless something says otherwise.
pub(crate) const PLACE: &str = "/etc/apply-cookies/apply-cookies.toml";

/// A key of the file, its line, and its values.
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) line: usize,
    pub(crate) values: Vec<String>,
}

/// Reads a file. `None` where there is none and nobody has named it.
pub(crate) fn read(path: &Path, named: bool, mistakes: &mut Vec<Mistake>) -> Option<String> {
    let text = match std::fs::metadata(path) {
        Ok(file) if file.len() > LONGEST => Err(std::io::Error::other("is too long for settings")),
        Ok(_) => std::fs::read_to_string(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => return None,
        Err(error) => Err(error),
    };
    text.map_err(|error| {
        mistakes.push(Mistake {
            source: None,
            key: None,
            reason: format!("cannot read {}: {error}", path.display()),
        });
    })
    .ok()
}

/// The entries of a file's text. `known` are all keys that may stand in it.
pub(crate) fn entries(
    path: &Path,
    text: &str,
    known: &[Key],
    mistakes: &mut Vec<Mistake>,
) -> Vec<Entry> {
    let mut reader = Reader {
        path,
        text,
        known,
        mistakes,
        entries: Vec::new(),
    };
    match DeTable::parse(text) {
        Ok(table) => reader.table(None, table.get_ref()),
        Err(error) => {
            // Its own text would show the line, which may hold a secret.
            let at = error.span().map_or(0, |span| span.start);
            let said = error.message().lines().next().unwrap_or("is not TOML");
            reader.refuse(at, None, said.to_owned());
        }
    }
    reader.entries
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    known: &'a [Key],
    mistakes: &'a mut Vec<Mistake>,
    entries: Vec<Entry>,
}

impl Reader<'_> {
    fn table(&mut self, section: Option<&str>, table: &DeTable<'_>) {
        for (name, value) in table {
            let at = name.span().start;
            let key = match section {
                Some(section) => format!("{section}.{}", name.get_ref()),
                None => name.get_ref().to_string(),
            };
            match value.get_ref() {
                // Of the sign-ins, which an app reads from the same file.
                DeValue::Table(_) if key == "auth" => {}
                DeValue::Table(below) if section.is_none() && self.is_section(&key) => {
                    self.table(Some(&key), below);
                }
                _ if !self.known.iter().any(|known| known.0 == key) => self.unknown(at, &key),
                _ => self.entry(at, Key(key), value),
            }
        }
    }

    fn is_section(&self, name: &str) -> bool {
        self.known.iter().any(|key| key.parts().0 == Some(name))
    }

    fn entry(&mut self, at: usize, key: Key, value: &Spanned<DeValue<'_>>) {
        let values = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| scalar(item.get_ref())).collect(),
            one => scalar(one).map(|one| vec![one]),
        };
        match values {
            Some(values) => self.entries.push(Entry {
                line: self.line(at),
                key,
                values,
            }),
            None => self.refuse(at, Some(key), "has the wrong type".to_owned()),
        }
    }

    fn unknown(&mut self, at: usize, key: &str) {
        let secret = [
            "secret_key",
            "previous_keys",
            "secret",
            "mesop_cookie_secret_key",
        ];
        let reason = if secret.contains(&key.to_ascii_lowercase().as_str()) {
            "secrets never stand in this file; name a file of their own with secret_key_file and previous_keys_file".to_owned()
        } else {
            let close = |known: &&Key| strsim::jaro_winkler(&known.0, key);
            let nearest = self
                .known
                .iter()
                .max_by(|one, other| close(one).total_cmp(&close(other)))
                .filter(|known| close(known) > 0.6);
            match nearest {
                Some(known) => format!("{} is unknown; {known} is the nearest", shown(key)),
                None => format!("{} is unknown", shown(key)),
            }
        };
        self.refuse(at, None, reason);
    }

    fn refuse(&mut self, at: usize, key: Option<Key>, reason: String) {
        let source = Some(Source::File(self.path.to_owned(), self.line(at)));
        self.mistakes.push(Mistake {
            source,
            key,
            reason,
        });
    }

    /// The number of the line at this byte.
    fn line(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.matches('\n').count() + 1
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Boolean(switch) => Some(switch.to_string()),
        _ => None,
    }
}

/// A key as a line of an error shows it.
fn shown(key: &str) -> String {
    let short: String = key.chars().take(60).collect();
    short.escape_debug().to_string()
}
