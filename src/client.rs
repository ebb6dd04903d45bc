//! The browser's half, as the endpoint serves it.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// The ES module of `client/`.
pub(crate) const MODULE: &str = include_str!("../client/apply-cookies.js");

/// Entity tag of the module: a digest, the same in every process of a deployment.
pub(crate) fn etag() -> &'static str {
    static ETAG: LazyLock<String> = LazyLock::new(|| {
        let digest = Sha256::digest(MODULE);
        let short = digest
            .iter()
            .take(8)
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        format!("\"{short:016x}\"")
    });
    &ETAG
}
