//! Any text: one that was not made here does not open.

use apply_cookies_protocol::UntrustedToken;

use crate::ring::RING;

pub fn token_text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut buffer = Vec::new();
    for prefix in ["", "e1.", "s1."] {
        let text = format!("{prefix}{text}");
        assert!(UntrustedToken::new(&text).open(&RING, &mut buffer).is_err());
    }
}
