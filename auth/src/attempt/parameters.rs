//! What a provider sends the browser back with (RFC 6749 §4.1.2, RFC 9207 §2).

use std::borrow::Cow;

use form_urlencoded::parse;

use crate::refusal::{Refusal, RefusalCode};

/// The longest query that is read, in bytes, and the most parameters.
const QUERY_MAX: usize = 8 * 1024;
const PARAMETERS_MAX: usize = 32;

/// The parameters of a callback that count. Others are ignored, as the RFC asks.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parameters<'q> {
    /// The attempt, sealed.
    pub state: Option<Cow<'q, str>>,
    /// What is exchanged for the ID token.
    pub code: Option<Cow<'q, str>>,
    /// The issuer.
    pub iss: Option<Cow<'q, str>>,
    /// Why the provider sends no code.
    pub error: Option<Cow<'q, str>>,
    /// The same in words.
    pub error_description: Option<Cow<'q, str>>,
}

impl<'q> Parameters<'q> {
    /// Reads a query. `None` if it is too long, or a name comes twice: programs differ in which they take.
    #[must_use]
    pub fn read(query: &'q str) -> Option<Self> {
        if query.len() > QUERY_MAX {
            return None;
        }
        let mut names = Vec::new();
        let mut read = Self::default();
        for (name, value) in parse(query.as_bytes()) {
            if names.contains(&name) || names.len() == PARAMETERS_MAX {
                return None;
            }
            let field = match &*name {
                "state" => Some(&mut read.state),
                "code" => Some(&mut read.code),
                "iss" => Some(&mut read.iss),
                "error" => Some(&mut read.error),
                "error_description" => Some(&mut read.error_description),
                _ => None,
            };
            if let Some(field) = field {
                *field = Some(value);
            }
            names.push(name);
        }
        Some(read)
    }

    /// Refuses if the provider reports an error in place of a code (RFC 6749 §4.1.2.1, OpenID Connect
    /// Core 1.0 §3.1.2.6).
    pub(crate) fn check_error(&self) -> Result<(), Refusal> {
        let Some(error) = &self.error else {
            return Ok(());
        };
        let code = match &**error {
            "access_denied" => RefusalCode::Cancelled,
            _ => RefusalCode::ProviderRefused,
        };
        let is_name = error.len() <= 64 && error.bytes().all(|byte| byte.is_ascii_graphic());
        let name = if is_name {
            error
        } else {
            "an error without a proper name"
        };
        let said = self.error_description.as_deref().unwrap_or_default();
        let refusal = Refusal::new(code).because(format!("the provider answers {name}"));
        Err(refusal.in_words(said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_stands_once_and_those_that_nobody_knows_are_ignored() {
        let read =
            Parameters::read("code=a%2Fb+c&state=s&iss=&session_state=x&scope=openid").unwrap();
        assert_eq!(read.code.as_deref(), Some("a/b c"));
        assert_eq!(
            (read.state.as_deref(), read.iss.as_deref()),
            (Some("s"), Some(""))
        );
        assert_eq!(read.error, None);
        for doubled in ["code=a&code=a", "state=a&st%61te=b", "x=1&x=1", "iss=&iss="] {
            assert_eq!(Parameters::read(doubled), None, "{doubled}");
        }
        assert!(Parameters::read(&"x".repeat(QUERY_MAX + 1)).is_none());
    }
}
