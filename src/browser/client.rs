//! Modules for browsers, and the one that the endpoint serves.

use apply_cookies_protocol::Lifetime;
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// The ES module of `client/`, minified by `npm run build` there, which leaves out the line that
/// says how long tokens live.
const MODULE: &str = include_str!("../../client/client.min.js");

/// An ES module that an app's pages load.
#[derive(Clone, Debug)]
pub struct Module {
    pub(crate) text: Bytes,
    /// Entity tag: a digest, the same in every process of a deployment.
    pub(crate) etag: String,
}

impl Module {
    /// The module that the endpoint serves. It cannot read the lifetime from a token, so it is told in
    /// front. A number inside would have to be found again in what a minifier has made of it (`6e4`).
    pub(crate) fn client(lifetime: Lifetime) -> Self {
        Self::new(format!(
            "const lifetime={};\n{MODULE}",
            lifetime.as_millis()
        ))
    }

    /// The module with this text.
    pub fn new(text: impl Into<Bytes>) -> Self {
        let text = text.into();
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
        // It names the constant, and neither has a value of its own nor declares the name again.
        assert!(MODULE.contains("lifetime:lifetime"));
        assert!(!MODULE.contains("lifetime=") && !MODULE.contains("lifetime:6"));
        let mut tags = Vec::new();
        for millis in [1, 5_000, 60_000, 600_000, 86_400_000] {
            let module = Module::client(Lifetime::from_millis(millis).unwrap());
            let text = String::from_utf8(module.text.to_vec()).unwrap();
            assert_eq!(text, format!("const lifetime={millis};\n{MODULE}"));
            assert!(!tags.contains(&module.etag), "{millis}");
            tags.push(module.etag);
        }
    }
}
