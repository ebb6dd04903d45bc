//! The secrets of one deployment, and where they come from.

mod error;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

#[cfg(feature = "mesop")]
use apply_cookies_protocol::mesop::MesopKeys;
use apply_cookies_protocol::{
    BindingCookie, KeyRing, KeyRingError, Purpose, PurposeKey, Secret as RootSecret, SecretList,
    WeakSecret,
};
use zeroize::Zeroizing;

pub use self::error::SecretError;
use crate::random;

/// Environment variable for the secret.
pub const SECRET_KEY: &str = "APPLY_COOKIES_SECRET_KEY";
/// Environment variable for the path of a file that contains the secret.
pub const SECRET_KEY_FILE: &str = "APPLY_COOKIES_SECRET_KEY_FILE";
/// Environment variable for older secrets, separated by commas, that still read what they wrote.
pub const PREVIOUS_KEYS: &str = "APPLY_COOKIES_PREVIOUS_KEYS";
/// Environment variable for the path of a file that contains older secrets, one a line.
pub const PREVIOUS_KEYS_FILE: &str = "APPLY_COOKIES_PREVIOUS_KEYS_FILE";

/// The most bytes of a file of secrets: some fifty of the longest.
const FILE_MAX: usize = 64 * 1024;

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

    /// Reads `APPLY_COOKIES_SECRET_KEY`, or the file that `APPLY_COOKIES_SECRET_KEY_FILE` names, and
    /// the older secrets in `APPLY_COOKIES_PREVIOUS_KEYS`, separated by commas alone, or in the file
    /// that `APPLY_COOKIES_PREVIOUS_KEYS_FILE` names, one a line; there, lines that start with `#` are
    /// comments.
    ///
    /// One line end at the end is no part of a secret. Anything else beside a secret is refused, and
    /// so are placeholders, paths, templates that nothing has filled in, and the secrets in this
    /// documentation ([`RootSecret::from_configuration`]).
    ///
    /// # Errors
    ///
    /// Says which variable to set, or what is wrong with it. Never shows a secret, or the value of
    /// any variable: secrets end up in the wrong one.
    pub fn from_env() -> Result<Self, SecretError> {
        Self::from_env_or(&SecretFiles::new())
    }

    /// [`from_env`](Self::from_env), with files that a program's own settings name in place of those
    /// that the variables `…_FILE` name.
    ///
    /// # Errors
    ///
    /// As from [`from_env`](Self::from_env).
    pub fn from_env_or(files: &SecretFiles) -> Result<Self, SecretError> {
        Self::from_env_by(RootSecret::from_configuration, files)
    }

    /// [`from_env`](Self::from_env), but takes the secrets that this project has published, under
    /// which its vectors are made. For tools that run the vectors, and for nothing that serves.
    ///
    /// # Errors
    ///
    /// As from [`from_env`](Self::from_env).
    pub fn from_env_or_published() -> Result<Self, SecretError> {
        let judge = or_published(RootSecret::from_configuration, RootSecret::new);
        Self::from_env_by(judge, &SecretFiles::new())
    }

    fn from_env_by(
        judge: impl Fn(&str) -> Result<RootSecret, WeakSecret>,
        files: &SecretFiles,
    ) -> Result<Self, SecretError> {
        let (variable, text) = match given(SECRET_KEY, SECRET_KEY_FILE, files.secret_key.as_ref())?
        {
            None => return Err(SecretError::Missing),
            Some(Given::Value(text)) => (SECRET_KEY, text),
            Some(Given::File(name, text)) if text.is_empty() => {
                return Err(SecretError::Empty(name));
            }
            Some(Given::File(name, text)) => (name, text),
        };
        let current =
            judge(&text).map_err(|reason| SecretError::WeakVariable { variable, reason })?;
        let previous = files.previous_keys.as_ref();
        let (variable, list) = match given(PREVIOUS_KEYS, PREVIOUS_KEYS_FILE, previous)? {
            None => {
                return Ok(Self {
                    current,
                    previous: Vec::new(),
                });
            }
            Some(Given::Value(text)) => (PREVIOUS_KEYS, SecretList::Commas.read(&text, judge)),
            Some(Given::File(name, text)) => (name, SecretList::Lines.read(&text, judge)),
        };
        let previous = list.map_err(|reason| SecretError::WeakList { variable, reason })?;
        // Found when the ring is made, too, but there nothing knows where they come from.
        if KeyRing::new(&current, &previous).is_err() {
            return Err(SecretError::Repeated(variable));
        }
        Ok(Self { current, previous })
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
            // One random text in ten million happens to contain a word of a placeholder. It would be
            // refused when it is used.
            if RootSecret::from_configuration(&text).is_ok() {
                return text;
            }
        }
    }

    /// The keys of a purpose outside cookies and tokens, the current secret's first: it writes, and
    /// the others still read what they wrote.
    ///
    /// ```
    /// use apply_cookies::Secrets;
    /// use apply_cookies::protocol::Purpose;
    ///
    /// let secrets = Secrets::random();
    /// assert_eq!(secrets.purpose_keys(Purpose::Credential, "").len(), 1);
    /// ```
    #[must_use]
    pub fn purpose_keys(&self, purpose: Purpose, name: &str) -> Vec<PurposeKey> {
        std::iter::once(&self.current)
            .chain(&self.previous)
            .map(|secret| PurposeKey::derive(secret, purpose, name))
            .collect()
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

/// Files of secrets that a program's own settings name. See [`Secrets::from_env_or`].
///
/// ```no_run
/// use apply_cookies::{SecretFiles, Secrets};
///
/// let files = SecretFiles::new().secret_key("secret_key_file", "/etc/app/secret");
/// let secrets = Secrets::from_env_or(&files)?;
/// # Ok::<(), apply_cookies::SecretError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct SecretFiles {
    secret_key: Option<(&'static str, PathBuf)>,
    previous_keys: Option<(&'static str, PathBuf)>,
}

impl SecretFiles {
    /// None: what the environment says counts.
    pub const fn new() -> Self {
        Self {
            secret_key: None,
            previous_keys: None,
        }
    }

    /// The current secret's. `setting` is what errors call it.
    pub fn secret_key(mut self, setting: &'static str, path: impl Into<PathBuf>) -> Self {
        self.secret_key = Some((setting, path.into()));
        self
    }

    /// That of older secrets, one a line. `setting` is what errors call it.
    pub fn previous_keys(mut self, setting: &'static str, path: impl Into<PathBuf>) -> Self {
        self.previous_keys = Some((setting, path.into()));
        self
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

    /// Reads `MESOP_COOKIE_SECRET_KEY`, every byte of it
    /// ([`RootSecret::from_mesop_configuration`]).
    ///
    /// # Errors
    ///
    /// If it is not set, can be guessed, or cannot be meant. Never shows it.
    pub fn from_env() -> Result<Self, SecretError> {
        Self::from_env_by(RootSecret::from_mesop_configuration)
    }

    /// [`from_env`](Self::from_env), but takes the secrets that this project has published, under
    /// which its vectors are made. For tools that run the vectors, and for nothing that serves.
    ///
    /// # Errors
    ///
    /// As from [`from_env`](Self::from_env).
    pub fn from_env_or_published() -> Result<Self, SecretError> {
        Self::from_env_by(or_published(
            RootSecret::from_mesop_configuration,
            RootSecret::from_mesop,
        ))
    }

    fn from_env_by(
        judge: impl Fn(&str) -> Result<RootSecret, WeakSecret>,
    ) -> Result<Self, SecretError> {
        let text = variable(MESOP_SECRET_KEY)?.ok_or(SecretError::MissingOfMesop)?;
        let secret = judge(&text).map_err(|reason| SecretError::WeakVariable {
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

/// Takes a secret also where the only thing wrong with it is that it is published.
fn or_published(strict: Judge, lenient: Judge) -> impl Fn(&str) -> Result<RootSecret, WeakSecret> {
    move |text| match strict(text) {
        Err(WeakSecret::Published) => lenient(text),
        judged => judged,
    }
}

type Judge = fn(&str) -> Result<RootSecret, WeakSecret>;

/// Text of secrets, and where it was.
enum Given {
    Value(Zeroizing<String>),
    /// With the name of the setting.
    File(&'static str, Zeroizing<String>),
}

/// What a variable holds, or the file that another one or a setting names; never both.
fn given(
    in_variable: &'static str,
    in_file: &'static str,
    setting: Option<&(&'static str, PathBuf)>,
) -> Result<Option<Given>, SecretError> {
    let named = match setting {
        Some((name, path)) => Some((*name, path.clone())),
        None => variable(in_file)?.map(|path| (in_file, PathBuf::from(&*path))),
    };
    match (variable(in_variable)?, named) {
        (None, None) => Ok(None),
        (Some(text), None) => Ok(Some(Given::Value(text))),
        (None, Some((name, path))) => Ok(Some(Given::File(name, read(name, &path)?))),
        (Some(_), Some((file, _))) => Err(SecretError::Both {
            variable: in_variable,
            file,
        }),
    }
}

/// Reads a file of secrets. Not all of it where it is longer than any can be: it may be a device
/// without an end.
fn read(variable: &'static str, path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let failed = |error| SecretError::File { variable, error };
    // As much as is ever read, so that the buffer does not move and leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_MAX + 1));
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > FILE_MAX {
        return Err(SecretError::FileTooLong(variable));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::NotText(variable))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// The value of an environment variable; an empty one counts as absent.
fn variable(name: &'static str) -> Result<Option<Zeroizing<String>>, SecretError> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(|value| value.into_string().map(Zeroizing::new))
        .transpose()
        .map_err(|_| SecretError::NotText(name))
}
