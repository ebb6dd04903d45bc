//! Where public keys come from, as an app has set it.

use url::Url;

use crate::keys::{Keys, KeysError};
use crate::outgoing::{Outgoing, is_allowed};
use crate::refusal::{Refusal, RefusalCode};

#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    /// The address of a JWK set.
    Url(String),
    /// A JWK set itself.
    Set(Vec<u8>),
}

impl KeySource {
    pub(crate) fn open(&self, outgoing: &Outgoing) -> Result<Keys, String> {
        match self {
            Self::Url(address) => {
                let url = Url::parse(address).map_err(|error| format!("{address}: {error}"))?;
                if !is_allowed(&url) {
                    return Err(format!("{address}: keys are fetched over https"));
                }
                Ok(Keys::at(url, outgoing.clone()))
            }
            Self::Set(json) => {
                Keys::fixed(json).map_err(|fault| format!("the set of keys: {fault}"))
            }
        }
    }
}

/// Why a token is refused. `what` names it in the log.
pub(crate) fn refusal(what: &str, error: &KeysError) -> Refusal {
    let (code, keys) = match error {
        KeysError::Invalid(_) => (RefusalCode::TokenInvalid, ""),
        KeysError::Unreachable(_) => (RefusalCode::ProviderUnreachable, "the keys of "),
    };
    Refusal::new(code).because(format!("{keys}{what}: {error}"))
}
