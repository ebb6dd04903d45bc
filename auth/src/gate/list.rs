//! A list of a gate that is kept elsewhere, as it was fetched.

use std::collections::HashSet;
use std::fmt;

use super::entry::{bare, domain_of, folded, is_odd};

/// What a list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    Domains,
    Emails,
}

/// Where a list is. `Debug` leaves out the address, which may have a key in it.
#[derive(Clone)]
pub(crate) struct ListAddress {
    pub(crate) names: Names,
    pub(crate) url: String,
}

impl fmt::Debug for ListAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at an address", self.names)
    }
}

/// The entries of a list.
pub(crate) struct List {
    names: Names,
    entries: HashSet<String>,
}

impl List {
    /// Reads a JSON array of texts, of which each must be what the list names: half a list could let the
    /// wrong people in as well as the right ones out.
    pub(crate) fn read(names: Names, json: &[u8]) -> Result<Self, String> {
        let texts: Vec<String> = serde_json::from_slice(json)
            .map_err(|_| "the list is not a JSON array of texts".to_owned())?;
        let entries = texts.iter().enumerate().map(|(place, text)| {
            let (entry, is_one) = match names {
                Names::Emails => {
                    let address = folded(text);
                    let is_one = domain_of(&address).is_some();
                    (address, is_one)
                }
                Names::Domains => {
                    let domain = bare(&folded(text)).to_owned();
                    let is_one = !domain.is_empty() && !is_odd(&domain);
                    (domain, is_one)
                }
            };
            let what = match names {
                Names::Emails => "an e-mail address",
                Names::Domains => "a domain",
            };
            is_one
                .then_some(entry)
                .ok_or_else(|| format!("entry {} of the list is not {what}", place + 1))
        });
        let entries = entries.collect::<Result<_, _>>()?;
        Ok(Self { names, entries })
    }

    pub(super) fn has(&self, names: Names, entry: &str) -> bool {
        self.names == names && self.entries.contains(entry)
    }
}
