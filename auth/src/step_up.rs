//! How, and how recently, somebody must have shown their provider who they are.

use std::borrow::Cow;
use std::time::Duration;

use apply_cookies::UnixMillis;
use form_urlencoded::Serializer;
use serde::{Deserialize, Serialize};

use crate::identity::Identity;
use crate::millis::millis;

/// How far a provider's clock may differ from ours.
const SKEW: Duration = Duration::from_secs(60);

/// The most bytes of all `acr` values together that are read from an address.
const ACR_MAX: usize = 512;

/// The most of them: each takes more room than its bytes in the attempt's state.
const ACRS_MAX: usize = 8;

/// What is asked of somebody's sign-in at the provider. It also travels in addresses, where anybody can
/// change it: the guard judges the result when the person comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StepUp {
    /// Any of these values of `acr`.
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "v")]
    pub(crate) acr: Vec<String>,
    /// No longer ago than this, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "m")]
    pub(crate) max_age: Option<u64>,
}

impl StepUp {
    /// What an address asks for, by the pairs of its query.
    pub(crate) fn read<'q>(pairs: impl Iterator<Item = (Cow<'q, str>, Cow<'q, str>)>) -> Self {
        let mut asked = Self::default();
        for (name, value) in pairs {
            let length: usize = asked.acr.iter().map(String::len).sum();
            let is_name = !value.is_empty()
                && asked.acr.len() < ACRS_MAX
                && length + value.len() <= ACR_MAX
                && (value.bytes())
                    .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
            match &*name {
                "acr" if is_name => asked.acr.push(value.into_owned()),
                "max_age" => asked.max_age = value.parse().ok(),
                _ => {}
            }
        }
        asked
    }

    /// Adds it to the query of an address.
    pub(crate) fn write(&self, query: &mut Serializer<'_, String>) {
        query.extend_pairs(self.acr.iter().map(|acr| ("acr", acr)));
        query.extend_pairs(self.max_age.map(|age| ("max_age", age.to_string())));
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a session of somebody is good enough.
    pub(crate) fn is_met_by(&self, who: &Identity, now: UnixMillis) -> bool {
        let way = |acr: &str| self.acr.iter().any(|one| one == acr);
        let is_recent = |age: u64| {
            let age = millis(Duration::from_secs(age).saturating_add(SKEW));
            who.auth_time().is_some_and(|at| at.plus(age) >= now)
        };
        (self.acr.is_empty() || who.acr().is_some_and(way)) && self.max_age.is_none_or(is_recent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::AtProvider;

    fn read(query: &str) -> StepUp {
        StepUp::read(form_urlencoded::parse(query.as_bytes()))
    }

    #[test]
    fn what_is_asked_comes_back_from_an_address() {
        let asked = read("acr=urn%3Amfa&x=1&acr=phr&max_age=300");
        assert_eq!((asked.acr.len(), asked.max_age), (2, Some(300)));
        let mut query = Serializer::new(String::new());
        asked.write(&mut query);
        assert_eq!(read(&query.finish()), asked);
        for nothing in [
            "",
            "acr=",
            "acr=a+b",
            "max_age=-1",
            "max_age=soon",
            "acr=%22",
            "acr=a%5Cb",
        ] {
            assert!(read(nothing).is_empty(), "{nothing}");
        }
        assert_eq!(read(&"acr=1&".repeat(200)).acr.len(), ACRS_MAX);
        let long = format!("acr={}&", "a".repeat(200));
        assert_eq!(read(&long.repeat(200)).acr.len(), ACR_MAX / 200);
    }

    #[test]
    fn a_session_is_good_enough_if_it_was_proved_so_and_recently() {
        let who = |auth_time, acr: Option<&str>| {
            let there = AtProvider {
                sid: None,
                auth_time,
                acr: acr.map(str::to_owned),
                vault: None,
            };
            let who = Identity::new("google", "ada").unwrap();
            who.with_session_at_provider(there)
        };
        let now = UnixMillis::from_secs(1_000_000).unwrap();
        let is_met = |query, who: Identity| read(query).is_met_by(&who, now);
        assert!(is_met("", who(None, None)));
        assert!(is_met("acr=a&acr=b", who(None, Some("b"))));
        assert!(!is_met("acr=a", who(None, Some("b"))) && !is_met("acr=a", who(None, None)));
        assert!(is_met("max_age=300", who(Some(999_700 - 60), None)));
        assert!(!is_met("max_age=300", who(Some(999_700 - 61), None)));
        assert!(!is_met("max_age=300", who(None, None)));
        assert!(is_met("max_age=18446744073709551615", who(Some(1), None)));
    }
}
