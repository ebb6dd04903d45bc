//! The secrets of one deployment, and where they come from.

use std::fmt;
use std::path::PathBuf;

use apply_cookies_protocol::{KeyRing, KeyRingError, Secret as RootSecret, WeakSecret};
use zeroize::Zeroizing;

use crate::random;

/// Environment variable that holds the secret.
pub const SECRET_KEY: &str = "APPLY_COOKIES_SECRET_KEY";
/// Environment variable that names a file which holds the secret.
pub const SECRET_KEY_FILE: &str = "APPLY_COOKIES_SECRET_KEY_FILE";
/// Environment variable of older secrets that still verify, separated by commas.
pub const PREVIOUS_KEYS: &str = "APPLY_COOKIES_PREVIOUS_KEYS";

/// The secret that seals new tokens, and older ones that still verify.
///
/// ```
/// use apply_cookies::Secret;
///
/// let secret = Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?
///     .previous("Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs")?;
/// assert!(Secret::new("hunter2").is_err());
/// # Ok::<(), apply_cookies::SecretError>(())
/// ```
pub struct Secret {
    current: RootSecret,
    previous: Vec<RootSecret>,
}

impl Secret {
    /// A secret of at least 32 bytes; `apply-cookies keygen` makes one.
    ///
    /// # Errors
    ///
    /// [`SecretError::Weak`] when it can be guessed.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        Ok(Self {
            current: RootSecret::new(text)?,
            previous: Vec::new(),
        })
    }

    /// Adds an older secret, which verifies and never seals.
    ///
    /// # Errors
    ///
    /// [`SecretError::Weak`] when it can be guessed.
    pub fn previous(mut self, text: &str) -> Result<Self, SecretError> {
        self.previous.push(RootSecret::new(text)?);
        Ok(self)
    }

    /// Reads `APPLY_COOKIES_SECRET_KEY`, or the file that `APPLY_COOKIES_SECRET_KEY_FILE` names,
    /// and the older secrets of `APPLY_COOKIES_PREVIOUS_KEYS`, separated by commas.
    ///
    /// # Errors
    ///
    /// Says which variable to set, or what is wrong with it. Never shows a secret.
    pub fn from_env() -> Result<Self, SecretError> {
        let read = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let text = match (read(SECRET_KEY), read(SECRET_KEY_FILE)) {
            (Some(_), Some(_)) => return Err(SecretError::Both),
            (None, None) => return Err(SecretError::Missing),
            (Some(value), None) => value.into_string().map_err(|_| SecretError::NotText),
            (None, Some(file)) => {
                let path = PathBuf::from(file);
                std::fs::read_to_string(&path).map_err(|error| SecretError::File { path, error })
            }
        };
        let mut secret = Self::new(&Zeroizing::new(text?))?;
        if let Some(previous) = read(PREVIOUS_KEYS) {
            let previous = previous.into_string().map_err(|_| SecretError::NotText)?;
            for text in Zeroizing::new(previous).split(',') {
                secret = secret.previous(text)?;
            }
        }
        Ok(secret)
    }

    /// A random secret that nobody keeps: tokens under it end with the process.
    pub(crate) fn throw_away() -> Self {
        let text = Zeroizing::new(generate());
        Self {
            current: RootSecret::new(&text).expect("256 random bits are not weak"),
            previous: Vec::new(),
        }
    }

    pub(crate) fn into_ring(self) -> Result<KeyRing, KeyRingError> {
        KeyRing::new(&self.current, &self.previous)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// 256 random bits as 43 characters of URL-safe base64.
#[must_use]
pub(crate) fn generate() -> String {
    // The same form as a binding cookie, so the same writer.
    loop {
        let text = apply_cookies_protocol::BindingCookie::from_random(random::bytes()).to_text();
        // The estimate refuses about one random text in more than a million million; such a one
        // would be refused when it is used.
        if RootSecret::new(&text).is_ok() {
            return text;
        }
    }
}

/// Why there is no usable secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Both variables are set, so it is not clear which is meant.
    #[error("APPLY_COOKIES_SECRET_KEY and APPLY_COOKIES_SECRET_KEY_FILE are both set; keep one")]
    Both,
    /// The file cannot be read.
    #[error("cannot read the secret from {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// Neither variable is set.
    #[error(
        "set APPLY_COOKIES_SECRET_KEY (`apply-cookies keygen` makes a value) or APPLY_COOKIES_SECRET_KEY_FILE"
    )]
    Missing,
    /// A secret must be UTF-8 text.
    #[error("a secret in the environment is not UTF-8 text")]
    NotText,
    /// The secret can be guessed.
    #[error(transparent)]
    Weak(#[from] WeakSecret),
}
