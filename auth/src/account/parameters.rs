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

/// Why parameters are refused.
pub(super) enum Refused {
    /// None of the three.
    Algorithm,
    /// Too much, or none.
    Bounds,
}

impl Parameters {
    /// Those of new hashes, as OWASP recommends them.
    pub const NEW: Self = Self::Argon2id {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    };

    /// Reads `m=…,t=…,p=…`.
    pub(super) fn of_argon2id(text: &str) -> Result<Self, Refused> {
        const MEMORY_MAX: u32 = 128 * 1024;
        const WORK_MAX: u32 = 1024 * 1024;
        let mut parts = text.split(',');
        let mut next = |name| number(parts.next()?.strip_prefix(name)?);
        let (memory, passes, lanes) = (next("m="), next("t="), next("p="));
        let (Some(memory_kib), Some(passes), Some(lanes), None) =
            (memory, passes, lanes, parts.next())
        else {
            return Err(Refused::Bounds);
        };
        let within = (1..=16).contains(&passes)
            && (1..=16).contains(&lanes)
            && (8 * lanes..=MEMORY_MAX).contains(&memory_kib)
            && memory_kib * passes <= WORK_MAX;
        let parameters = Self::Argon2id {
            memory_kib,
            passes,
            lanes,
        };
        within.then_some(parameters).ok_or(Refused::Bounds)
    }

    /// Reads `scrypt:N:r:p` or `pbkdf2:sha256:N`.
    pub(super) fn of_werkzeug(text: &str) -> Result<Self, Refused> {
        let parts: Vec<&str> = text.split(':').collect();
        let of = |at: usize| number(parts[at]).ok_or(Refused::Bounds);
        let (parameters, within) = match parts[..] {
            ["scrypt", _, _, _] => {
                let (n, r, p) = (of(1)?, of(2)?, of(3)?);
                let within = n.is_power_of_two()
                    && (1..=17).contains(&n.ilog2())
                    && (1..=8).contains(&r)
                    && (1..=4).contains(&p);
                let log_n = n.trailing_zeros().to_le_bytes()[0];
                (Self::Scrypt { log_n, r, p }, within)
            }
            ["pbkdf2", "sha256", _] => {
                let iterations = of(2)?;
                (
                    Self::Pbkdf2 { iterations },
                    (1..=2_000_000).contains(&iterations),
                )
            }
            _ => return Err(Refused::Algorithm),
        };
        within.then_some(parameters).ok_or(Refused::Bounds)
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

/// A decimal number without zeros in front.
fn number(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_plain.then(|| text.parse().ok())?
}
