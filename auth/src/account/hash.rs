//! Stored password hashes: argon2id, which is made here, and werkzeug's scrypt and PBKDF2, which are
//! only verified.
//!
//! A hash has one spelling, and parameters within limits: whoever may write a hash into an accounts
//! file must not be able to stop the program with it.

use std::fmt;

use apply_cookies::protocol::PurposeKey;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::parameters::{HashError, Parameters};
use crate::credential::{Credential, CredentialKeys, Kind};
use crate::password::Password;
use crate::random;

/// The most bytes of a hash as text.
const TEXT_MAX: usize = 512;

/// A password's hash, as it is stored. `Debug` shows its algorithm and parameters alone.
///
/// ```
/// use apply_cookies_auth::{Password, PasswordHash};
///
/// let password = Password::new("correct horse battery staple")?;
/// let hash = PasswordHash::make(&password);
/// assert!(hash.to_text().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
/// assert!(PasswordHash::parse(&hash.to_text())?.verify(&password));
/// assert!(PasswordHash::parse("$2b$12$R9h/cIPz0gi.URNNX3kh2O").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PasswordHash {
    parameters: Parameters,
    salt: Vec<u8>,
    digest: Zeroizing<Vec<u8>>,
}

impl PasswordHash {
    /// Reads a stored hash: `$argon2id$v=19$m=…,t=…,p=…$…$…` (PHC), or `scrypt:N:r:p$salt$hex` or
    /// `pbkdf2:sha256:N$salt$hex`, as werkzeug's `generate_password_hash` writes them.
    ///
    /// Taken are, at most, 128 MiB, 16 passes and 16 lanes of argon2id, and together no more than a
    /// GiB to pass over; N = 2^17, r = 8, p = 4 of scrypt; 2,000,000 iterations of PBKDF2.
    ///
    /// # Errors
    ///
    /// Anything else. The error does not contain the text.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        if text.len() > TEXT_MAX {
            return Err(HashError::Malformed);
        }
        let mut parts = text.rsplitn(3, '$');
        let (Some(digest), Some(salt), Some(parameters)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(HashError::Algorithm);
        };
        let parameters = Parameters::parse(parameters)?;
        let decoded = |text| BASE64_STANDARD_NO_PAD.decode(text).ok();
        let is_phc = matches!(parameters, Parameters::Argon2id { .. });
        let (salt, digest) = if is_phc {
            (decoded(salt), decoded(digest))
        } else {
            // Werkzeug's salts are letters and digits.
            let is_plain = salt.bytes().all(|byte| byte.is_ascii_graphic());
            (is_plain.then(|| salt.as_bytes().to_vec()), unhex(digest))
        };
        let hash = Self {
            parameters,
            salt: salt.ok_or(HashError::Malformed)?,
            digest: Zeroizing::new(digest.ok_or(HashError::Malformed)?),
        };
        let (salts, digests) = match parameters {
            Parameters::Argon2id { .. } => (8..=64, 16..=64),
            Parameters::Scrypt { .. } => (1..=64, 64..=64),
            Parameters::Pbkdf2 { .. } => (1..=64, 32..=32),
        };
        if salts.contains(&hash.salt.len()) && digests.contains(&hash.digest.len()) {
            Ok(hash)
        } else {
            Err(HashError::Malformed)
        }
    }

    /// A new hash, with a random salt: argon2id of 19 MiB, two passes and one lane, which takes some
    /// 30 ms: not on a thread that serves requests.
    #[must_use]
    pub fn make(password: &Password) -> Self {
        let mut hash = Self::dummy(Parameters::NEW);
        hash.salt = random::bytes::<16>().to_vec();
        hash.digest = hash.derive(password);
        hash
    }

    /// A hash that no password has, and that costs as much as others with these parameters.
    pub(crate) fn dummy(parameters: Parameters) -> Self {
        let length = match parameters {
            Parameters::Scrypt { .. } => 64,
            Parameters::Argon2id { .. } | Parameters::Pbkdf2 { .. } => 32,
        };
        Self {
            parameters,
            salt: vec![b'0'; 16],
            digest: Zeroizing::new(vec![0; length]),
        }
    }

    /// Whether it is this password's. Takes as long as the parameters say, so not on a thread that
    /// serves requests; digests are compared in constant time.
    #[must_use]
    pub fn verify(&self, password: &Password) -> bool {
        self.derive(password).ct_eq(&*self.digest).into()
    }

    fn derive(&self, password: &Password) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(vec![0; self.digest.len()]);
        let password = password.as_bytes();
        match self.parameters {
            Parameters::Argon2id {
                memory_kib,
                passes,
                lanes,
            } => {
                let params = Params::new(memory_kib, passes, lanes, Some(out.len()))
                    .expect("parameters were checked");
                Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                    .hash_password_into(password, &self.salt, &mut out)
                    .expect("lengths were checked");
            }
            Parameters::Scrypt { log_n, r, p } => {
                let params = scrypt::Params::new(log_n, r, p).expect("parameters were checked");
                scrypt::scrypt(password, &self.salt, &params, &mut out)
                    .expect("lengths were checked");
            }
            Parameters::Pbkdf2 { iterations } => {
                pbkdf2::pbkdf2_hmac::<Sha256>(password, &self.salt, iterations, &mut out);
            }
        }
        out
    }

    /// Its algorithm and their cost.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// The hash as it is stored: whoever has it can try passwords.
    #[must_use]
    pub fn to_text(&self) -> String {
        let base64 = |bytes: &[u8]| BASE64_STANDARD_NO_PAD.encode(bytes);
        let parameters = self.parameters;
        if let Parameters::Argon2id { .. } = parameters {
            let (salt, digest) = (base64(&self.salt), base64(&self.digest));
            return format!("{parameters}${salt}${digest}");
        }
        let salt = String::from_utf8_lossy(&self.salt);
        format!("{parameters}${salt}${}", hex(&self.digest))
    }

    /// What a session that begins with this hash keeps.
    pub(crate) fn credential(&self, keys: &CredentialKeys) -> Credential {
        keys.make(Kind::PasswordHash, self.to_text().as_bytes())
    }

    /// Whether a session that began with this credential began with this hash: otherwise the
    /// password has been changed since.
    pub(crate) fn is_of(&self, credential: &Credential, keys: &CredentialKeys) -> bool {
        keys.matches(credential, Kind::PasswordHash, self.to_text().as_bytes())
    }

    /// A keyed digest of it with a name and a password, for what is remembered of them.
    pub(super) fn tag(&self, key: &PurposeKey, name: &str, password: &Password) -> [u8; 32] {
        let text = Zeroizing::new(self.to_text());
        let parts = [name.as_bytes(), text.as_bytes(), password.as_bytes()];
        // Of one length each, so that no two lists of parts are one message.
        let digests = Zeroizing::new(parts.map(|part| <[u8; 32]>::from(Sha256::digest(part))));
        key.tag(digests.as_flattened())
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({}, ..)", self.parameters)
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value| char::from_digit(u32::from(value), 16).unwrap_or_default();
    let pairs = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    pairs.map(digit).collect()
}

/// Bytes of lower-case hexadecimal digits.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Vec<u8> = pairs.iter().map(|pair| byte(pair)).collect::<Option<_>>()?;
    // It has taken signs and capitals as well.
    (hex(&bytes) == text).then_some(bytes)
}
