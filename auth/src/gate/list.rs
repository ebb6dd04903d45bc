//! Lists of domains and addresses.

/// An e-mail address as lists compare it: its domain, and the whole, in lower case.
pub(super) struct Address {
    text: String,
    at: usize,
}

impl Address {
    /// None if more than one domain can be read from it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = folded(text);
        let odd = |c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '<' | '>' | '"')
        };
        let (user, domain) = text.split_once('@')?;
        if user.is_empty() || domain.is_empty() || domain.contains('@') || text.contains(odd) {
            return None;
        }
        let at = user.len();
        Some(Self { text, at })
    }

    pub(super) fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

/// Trimmed, and in lower case. Only ASCII is folded: otherwise the Kelvin sign, in a domain that
/// anybody can register, would become a `k`.
pub(super) fn folded(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

/// The entries of a list, as a person writes it: also separated by commas in one text, as in an
/// environment variable. A list that is there and empty lets nobody in.
#[derive(Clone, Debug, Default)]
pub(super) struct List(Vec<String>);

impl List {
    pub(super) fn add(&mut self, entries: impl IntoIterator<Item: AsRef<str>>) {
        for entries in entries {
            let entries = entries.as_ref().split(',').map(folded);
            self.0.extend(entries.filter(|entry| !entry.is_empty()));
        }
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.0.iter().any(|entry| entry == text)
    }
}
