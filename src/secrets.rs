//! The secrets of one deployment, and where they come from.

use std::fmt;

#[cfg(feature = "mesop")]
use apply_cookies_protocol::mesop::MesopKeys;
use apply_cookies_protocol::{
    BindingCookie, KeyRing, KeyRingError, Secret as RootSecret, WeakSecret,
};
use zeroize::Zeroizing;

use crate::random;

/// Environment variable for the secret.
pub const SECRET_KEY: &str = "APPLY_COOKIES_SECRET_KEY";
/// Environment variable for the path of a file that contains the secret.
pub const SECRET_KEY_FILE: &str = "APPLY_COOKIES_SECRET_KEY_FILE";
/// Environment variable for older secrets, separated by commas, that still read what they wrote.
pub const PREVIOUS_KEYS: &str = "APPLY_COOKIES_PREVIOUS_KEYS";

/// The secret that writes tokens and cookie values, and older ones that still read what they wrote.
/// The guide explains how to [rotate a secret](crate#how-to-rotate-a-secret).
///
/// ```
/// use apply_cookies::Secrets;
///
/// let secret = Secrets::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?
///     .previous("Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs")?;
/// assert!(Secrets::new("hunter2").is_err());
/// # Ok::<(), apply_cookies::SecretError>(())
/// ```
pub struct Secrets {
    current: RootSecret,
    previous: Vec<RootSecret>,
}

impl Secrets {
    /// A secret of at least 32 bytes; `apply-cookies keygen` makes one.
    ///
    /// # Errors
    ///
    /// [`SecretError::Weak`] if it can be guessed.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        Ok(Self {
            current: RootSecret::new(text)?,
            previous: Vec::new(),
        })
    }

    /// Adds an older secret, which still reads what it wrote but writes nothing new.
    ///
    /// # Errors
    ///
    /// [`SecretError::Weak`] if it can be guessed.
    pub fn previous(mut self, text: &str) -> Result<Self, SecretError> {
        self.previous.push(RootSecret::new(text)?);
        Ok(self)
    }

    /// Reads `APPLY_COOKIES_SECRET_KEY`, or the file that `APPLY_COOKIES_SECRET_KEY_FILE` names,
    /// and the older secrets in `APPLY_COOKIES_PREVIOUS_KEYS`, separated by commas; spaces and
    /// line ends around each of those are ignored.
    ///
    /// # Errors
    ///
    /// Says which variable to set, or what is wrong with it. Never shows a secret, or the value of
    /// any variable: secrets end up in the wrong one.
    pub fn from_env() -> Result<Self, SecretError> {
        let (name, text) = match (variable(SECRET_KEY)?, variable(SECRET_KEY_FILE)?) {
            (Some(_), Some(_)) => return Err(SecretError::Both),
            (None, None) => return Err(SecretError::Missing),
            (Some(text), None) => (SECRET_KEY, text),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(&*path).map_err(SecretError::File)?;
                (SECRET_KEY_FILE, Zeroizing::new(text))
            }
        };
        // One day it will be a previous one, in a list separated by commas.
        if text.contains(',') {
            return Err(SecretError::Comma);
        }
        let weak = |variable| move |reason| SecretError::WeakVariable { variable, reason };
        let mut secret = Self {
            current: RootSecret::new(&text).map_err(weak(name))?,
            previous: Vec::new(),
        };
        if let Some(list) = variable(PREVIOUS_KEYS)? {
            let texts = list
                .split(',')
                .map(str::trim)
                .filter(|text| !text.is_empty());
            for text in texts {
                let previous = RootSecret::new(text).map_err(weak(PREVIOUS_KEYS))?;
                secret.previous.push(previous);
            }
        }
        Ok(secret)
    }

    /// A random secret that is not kept: tokens, and signed and encrypted cookies, end with the
    /// process. For tests and demos.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "nothing here can fail")]
    pub fn random() -> Self {
        let text = Zeroizing::new(Self::generate());
        Self {
            current: RootSecret::new(&text).expect("256 random bits are not weak"),
            previous: Vec::new(),
        }
    }

    /// The text of a new secret: 256 random bits as 43 characters of URL-safe base64, as
    /// `apply-cookies keygen` prints them.
    #[must_use]
    pub fn generate() -> String {
        // The same form as a binding cookie, so the same writer.
        loop {
            let text = BindingCookie::from_random(random::bytes()).to_text();
            // The strength estimate refuses fewer than one random text in a million million. Such a
            // text would be refused when it is used.
            if RootSecret::new(&text).is_ok() {
                return text;
            }
        }
    }

    /// The keys derived from the secrets, for code that uses [`protocol`](crate::protocol)
    /// directly: to open a token, or to read a single value.
    ///
    /// # Errors
    ///
    /// If the secrets cannot be used together.
    pub fn into_ring(self) -> Result<KeyRing, KeyRingError> {
        KeyRing::new(&self.current, &self.previous)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

/// Environment variable of Mesop's secret.
#[cfg(feature = "mesop")]
pub const MESOP_SECRET_KEY: &str = "MESOP_COOKIE_SECRET_KEY";

/// The secret of a Mesop app, for cookies and tokens of the profile `mesop`.
///
/// ```
/// use apply_cookies::MesopSecret;
///
/// let secret = MesopSecret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?;
/// # Ok::<(), apply_cookies::SecretError>(())
/// ```
#[cfg(feature = "mesop")]
pub struct MesopSecret(RootSecret);

#[cfg(feature = "mesop")]
impl MesopSecret {
    /// A secret of at least 32 bytes: the value of the app's `MESOP_COOKIE_SECRET_KEY`.
    ///
    /// # Errors
    ///
    /// [`SecretError::Weak`] if it can be guessed. Mesop accepts such a secret, and then anyone
    /// can make its tokens.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        Ok(Self(RootSecret::from_mesop(text)?))
    }

    /// Reads `MESOP_COOKIE_SECRET_KEY`.
    ///
    /// # Errors
    ///
    /// If it is not set, or can be guessed. Never shows it.
    pub fn from_env() -> Result<Self, SecretError> {
        let text = variable(MESOP_SECRET_KEY)?.ok_or(SecretError::MissingOfMesop)?;
        let secret = RootSecret::from_mesop(&text).map_err(|reason| SecretError::WeakVariable {
            variable: MESOP_SECRET_KEY,
            reason,
        })?;
        Ok(Self(secret))
    }

    /// The keys derived from the secret, for code that uses
    /// [`protocol::mesop`](crate::protocol::mesop) directly.
    #[must_use]
    pub fn to_keys(&self) -> MesopKeys {
        MesopKeys::new(&self.0)
    }
}

#[cfg(feature = "mesop")]
impl fmt::Debug for MesopSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MesopSecret(..)")
    }
}

/// The value of an environment variable; an empty one counts as absent.
fn variable(name: &'static str) -> Result<Option<Zeroizing<String>>, SecretError> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(|value| value.into_string().map(Zeroizing::new))
        .transpose()
        .map_err(|_| SecretError::NotText(name))
}

/// Why there is no usable secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Both variables are set, so it is not clear which is meant.
    #[error("APPLY_COOKIES_SECRET_KEY and APPLY_COOKIES_SECRET_KEY_FILE are both set; keep one")]
    Both,
    /// A comma would split the secret in two in the list of previous ones.
    #[error("the secret must not contain a comma; `apply-cookies keygen` makes a good one")]
    Comma,
    /// The file cannot be read.
    #[error("cannot read the file that APPLY_COOKIES_SECRET_KEY_FILE names: {0}")]
    File(#[source] std::io::Error),
    /// Neither variable is set.
    #[error(
        "set APPLY_COOKIES_SECRET_KEY (`apply-cookies keygen` makes a value) or APPLY_COOKIES_SECRET_KEY_FILE"
    )]
    Missing,
    /// The Mesop app's variable is not set.
    #[cfg(feature = "mesop")]
    #[error(
        "set MESOP_COOKIE_SECRET_KEY to the secret of the Mesop app (`apply-cookies keygen` makes one that both can use)"
    )]
    MissingOfMesop,
    /// A secret must be UTF-8 text.
    #[error("{0} is not UTF-8 text")]
    NotText(&'static str),
    /// The secret can be guessed.
    #[error(transparent)]
    Weak(#[from] WeakSecret),
    /// A secret from the environment can be guessed.
    #[error("{variable}: {reason}")]
    WeakVariable {
        /// The variable to change.
        variable: &'static str,
        /// Why.
        reason: WeakSecret,
    },
}
