//! What a hash costs.

use std::fmt;

/// Algorithm and cost of a hash. `Display` writes them as the hash's text does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Parameters {
    /// Argon2id (RFC 9106).
    #[non_exhaustive]
    Argon2id {
        /// Memory.
        memory_kib: u32,
        /// How often it is passed over.
        passes: u32,
        /// How many parts it has. They are computed one after the other.
        lanes: u32,
    },
    /// Scrypt (RFC 7914), as werkzeug uses it.
    #[non_exhaustive]
    Scrypt {
        /// Logarithm of N.
        log_n: u8,
        /// Size of a block.
        r: u32,
        /// How often.
        p: u32,
    },
    /// PBKDF2 with HMAC-SHA256 (RFC 8018), as werkzeug uses it.
    #[non_exhaustive]
    Pbkdf2 {
        /// How often.
        iterations: u32,
    },
}

impl Parameters {
    /// Those of new hashes, as OWASP recommends them.
    pub(crate) const NEW: Self = Self::Argon2id {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    };

    /// Reads `$argon2id$v=19$m=…,t=…,p=…`, `scrypt:N:r:p` or `pbkdf2:sha256:N`.
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        let read = if let Some(costs) = text.strip_prefix("$argon2id$v=19$") {
            Self::argon2id(costs)
        } else if let Some(costs) = text.strip_prefix("scrypt:") {
            Self::scrypt(costs)
        } else if let Some(costs) = text.strip_prefix("pbkdf2:sha256:") {
            let [iterations] = numbers(costs).unwrap_or([0]);
            let within = (1..=2_000_000).contains(&iterations);
            within.then_some(Self::Pbkdf2 { iterations })
        } else {
            return Err(HashError::Algorithm);
        };
        // Only the numbers were looked at.
        read.filter(|parameters| parameters.to_string() == text)
            .ok_or(HashError::Parameters)
    }

    fn argon2id(costs: &str) -> Option<Self> {
        const MEMORY_MAX: u32 = 128 * 1024;
        const WORK_MAX: u32 = 1024 * 1024;
        let [memory_kib, passes, lanes] = numbers(costs)?;
        let within = (1..=16).contains(&passes)
            && (1..=16).contains(&lanes)
            && (8 * lanes..=MEMORY_MAX).contains(&memory_kib)
            && memory_kib * passes <= WORK_MAX;
        within.then_some(Self::Argon2id {
            memory_kib,
            passes,
            lanes,
        })
    }

    fn scrypt(costs: &str) -> Option<Self> {
        let [n, r, p] = numbers(costs)?;
        let log_n = u8::try_from(n.checked_ilog2()?).ok()?;
        let within = (1..=17).contains(&log_n) && (1..=8).contains(&r) && (1..=4).contains(&p);
        within.then_some(Self::Scrypt { log_n, r, p })
    }

    /// How much memory a verification takes, in bytes. That of PBKDF2 is not worth counting.
    #[must_use]
    pub fn memory(&self) -> usize {
        match *self {
            Self::Argon2id { memory_kib, .. } => memory_kib as usize * 1024,
            Self::Scrypt { log_n, r, p } => 128 * r as usize * ((1 << log_n) + p as usize + 1),
            Self::Pbkdf2 { .. } => 0,
        }
    }
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argon2id {
                memory_kib,
                passes,
                lanes,
            } => write!(f, "$argon2id$v=19$m={memory_kib},t={passes},p={lanes}"),
            Self::Scrypt { log_n, r, p } => write!(f, "scrypt:{}:{r}:{p}", 1_u32 << log_n),
            Self::Pbkdf2 { iterations } => write!(f, "pbkdf2:sha256:{iterations}"),
        }
    }
}

/// The numbers of a text, if there are as many.
fn numbers<const N: usize>(text: &str) -> Option<[u32; N]> {
    let parts = text.split(|c: char| !c.is_ascii_digit());
    let numbers = parts.filter(|part| !part.is_empty()).map(str::parse);
    let numbers: Vec<u32> = numbers.collect::<Result<_, _>>().ok()?;
    numbers.try_into().ok()
}

/// Why a text is not taken as a hash. Does not contain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// Another algorithm, or no hash at all.
    #[error(
        "not a hash of argon2id, or of werkzeug's scrypt or pbkdf2:sha256; `apply-cookies password` makes one"
    )]
    Algorithm,
    /// More work or memory than is allowed, or parameters that do not exist.
    #[error("the parameters of the hash are out of bounds")]
    Parameters,
    /// The salt or the digest has another form or length.
    #[error("the salt or the digest is malformed; the hash may have been cut")]
    Malformed,
}
