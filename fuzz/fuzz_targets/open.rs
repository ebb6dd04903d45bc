//! Text that was not made here never opens.
#![no_main]

use std::sync::LazyLock;

use apply_cookies_protocol::{KeyRing, Secret, UntrustedToken};
use libfuzzer_sys::fuzz_target;

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let secret = Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").expect("strong");
    KeyRing::new(&secret, &[]).expect("one key")
});

fuzz_target!(|text: &str| {
    let mut buffer = Vec::new();
    assert!(UntrustedToken::new(text).open(&RING, &mut buffer).is_err());
});
