//! The keys behind "made here" in all targets.

use std::sync::LazyLock;

use apply_cookies_protocol::{KeyRing, Secret, UnixMillis};

pub(crate) static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let current = Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").expect("strong");
    let previous = Secret::new("Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs").expect("strong");
    KeyRing::new(&current, &[previous]).expect("two keys")
});

pub(crate) const NOW: UnixMillis = UnixMillis::from_secs(1_800_000_000).unwrap();
