//! The browser module, as the endpoint serves it.

use apply_cookies_protocol::Lifetime;
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// The ES module of `client/`.
const MODULE: &str = include_str!("../../client/apply-cookies.js");

/// The line that gives the module the tokens' lifetime in milliseconds, which it cannot read from a
/// token. The module contains the default; a test checks that the two agree.
fn setting(lifetime: Lifetime) -> String {
    format!("lifetime: {}", lifetime.as_millis())
}

/// The module with the lifetime of one deployment's tokens.
#[derive(Clone, Debug)]
pub(crate) struct ClientModule {
    pub(crate) text: Bytes,
    /// Entity tag: a digest, the same in every process of a deployment.
    pub(crate) etag: String,
}

impl ClientModule {
    pub(crate) fn new(lifetime: Lifetime) -> Self {
        let text = if lifetime == Lifetime::default() {
            Bytes::from_static(MODULE.as_bytes())
        } else {
            MODULE
                .replacen(&setting(Lifetime::default()), &setting(lifetime), 1)
                .into()
        };
        let digest = Sha256::digest(&text);
        let short = digest
            .iter()
            .take(8)
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        Self {
            text,
            etag: format!("\"{short:016x}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_knows_how_long_tokens_live() {
        let default = ClientModule::new(Lifetime::default());
        assert_eq!(default.text, MODULE);
        assert_eq!(MODULE.matches(&setting(Lifetime::default())).count(), 1);
        let short = ClientModule::new(Lifetime::from_millis(5_000).unwrap());
        let text = String::from_utf8(short.text.to_vec()).unwrap();
        assert_eq!(text.matches("lifetime: 5000").count(), 1);
        assert!(!text.contains(&setting(Lifetime::default())));
        assert_ne!(short.etag, default.etag);
    }
}
