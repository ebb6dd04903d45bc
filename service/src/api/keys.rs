//! The keys of callers over TCP.

use std::fmt;
use std::path::Path;

use apply_cookies::protocol::{Secret, SecretList};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

use crate::refused::Refused;

/// The most bytes of a file of keys.
const FILE_MAX: u64 = 64 * 1024;

/// The digests of the keys that are let in. A key itself is not kept.
#[derive(Clone, Default)]
pub(crate) struct Keys(Vec<[u8; 32]>);

impl Keys {
    /// Reads a file of keys, one a line: several while one replaces another. They are judged as secrets
    /// are, so that none can be guessed; `apply-cookies keygen` makes one.
    pub(crate) fn read(path: &Path) -> Result<Self, Refused> {
        let refuse = |why: &dyn fmt::Display| {
            Refused::Because(format!("the file of keys {}: {why}", path.display()))
        };
        let length = std::fs::metadata(path)
            .map_err(|error| refuse(&error))?
            .len();
        if length > FILE_MAX {
            return Err(refuse(&"is too large; write one key a line"));
        }
        let text = std::fs::read_to_string(path).map_err(|error| refuse(&error))?;
        let text = zeroize::Zeroizing::new(text);
        let judge = |key: &str| Secret::from_configuration(key).map(|_| sha256(key.as_bytes()));
        let keys = SecretList::Lines.read(&text, judge);
        let keys = keys.map_err(|error| refuse(&error))?;
        if keys.is_empty() {
            return Err(refuse(&"has no key; `apply-cookies keygen` makes one"));
        }
        Ok(Self(keys))
    }

    /// Whether this is one of them. How long that takes says nothing of any.
    pub(super) fn admit(&self, key: &[u8]) -> bool {
        let given = sha256(key);
        let mut admitted = false;
        for known in &self.0 {
            admitted |= verify_slices_are_equal(known, &given).is_ok();
        }
        admitted
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut whole = [0; 32];
    whole.copy_from_slice(digest(&SHA256, bytes).as_ref());
    whole
}
