//! The secret that a provider has given to the app.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use apply_cookies::protocol::is_unfilled;
use zeroize::Zeroizing;

/// The most bytes of a secret. Providers' own have 24 to 128.
const SECRET_MAX: usize = 4096;

/// The client secret from the provider's console. Wiped from memory when dropped, and never shown by
/// `Debug`.
///
/// One line end behind it, as files have, is not part of it. White space, control characters, byte
/// order marks and characters outside ASCII are refused, and so are quotation marks around it: nobody
/// means them, and the provider would only say that the secret is wrong. So are placeholders (`changeme`,
/// `<secret>`, `xxx`), templates that nothing has filled in (`${NAME}`) and paths.
///
/// ```
/// use apply_cookies_auth::ClientSecret;
///
/// assert!(ClientSecret::new("GOCSPX-7hK2qZpW9sLx\n").is_ok());
/// assert!(ClientSecret::new("\"GOCSPX-7hK2qZpW9sLx\"").is_err());
/// assert!(ClientSecret::new("${GOOGLE_CLIENT_SECRET}").is_err());
/// ```
pub struct ClientSecret(Zeroizing<String>);

impl ClientSecret {
    /// A secret that the program has obtained itself.
    ///
    /// # Errors
    ///
    /// If it is empty, too long, or has characters that no secret has.
    pub fn new(text: &str) -> Result<Self, ClientSecretError> {
        Self::read(text).map_err(|reason| ClientSecretError::Form {
            place: "the client secret".to_owned(),
            reason,
        })
    }

    /// The secret in a variable of the environment.
    ///
    /// # Errors
    ///
    /// If the variable is not set or is empty, or its value cannot be a secret. The error names the
    /// variable and never shows its value.
    pub fn from_env(variable: &str) -> Result<Self, ClientSecretError> {
        let value = std::env::var_os(variable).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| ClientSecretError::Unset(variable.to_owned()))?;
        let form = |reason| ClientSecretError::Form {
            place: variable.to_owned(),
            reason,
        };
        let text = Zeroizing::new(value.into_string().map_err(|_| form(NOT_ASCII))?);
        Self::read(&text).map_err(form)
    }

    /// The secret in a file, as Docker and Kubernetes provide it.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or what is in it cannot be a secret. The error names the file and
    /// never shows its text.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ClientSecretError> {
        let place = path.as_ref().display().to_string();
        // As much as is ever read, so that the buffer does not move and leave a copy behind. The file
        // may be a device without an end.
        let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_MAX + 3));
        let read = File::open(path).and_then(|file| {
            let most = u64::try_from(SECRET_MAX).unwrap_or(u64::MAX);
            file.take(most + 3).read_to_end(&mut bytes)
        });
        if let Err(error) = read {
            return Err(ClientSecretError::File { place, error });
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| NOT_ASCII);
        text.and_then(Self::read)
            .map_err(|reason| ClientSecretError::Form { place, reason })
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let text = text
            .strip_suffix("\r\n")
            .or_else(|| text.strip_suffix('\n'))
            .unwrap_or(text);
        let is_quote = |c: char| matches!(c, '"' | '\'' | '`');
        if text.is_empty() {
            Err("is empty")
        } else if text.len() > SECRET_MAX {
            Err("is longer than any client secret")
        } else if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            Err("has white space or a control character")
        } else if !text.is_ascii() {
            Err(NOT_ASCII)
        } else if text.starts_with(is_quote) || text.ends_with(is_quote) {
            Err("has a quotation mark at an end")
        } else if is_unfilled(text) {
            Err("looks like a placeholder; copy the secret from the provider's console")
        } else {
            Ok(Self(Zeroizing::new(text.to_owned())))
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

const NOT_ASCII: &str = "has a character that is not ASCII";

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}

/// Why there is no client secret. Never shows one.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ClientSecretError {
    /// The variable is not set, or is empty.
    #[error("set {0} to the client secret from the provider's console")]
    Unset(String),
    /// The file cannot be read.
    #[error("cannot read {place}: {error}")]
    File {
        /// Its path.
        place: String,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// What is there cannot be the secret that was meant.
    #[error("{place} {reason}")]
    Form {
        /// The variable or the file.
        place: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

apply_cookies::debug_as_text!(ClientSecretError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_no_part_of_a_secret_and_nothing_else_is_left_out() {
        for text in ["a~b.c-d_e", "a~b.c-d_e\n", "a~b.c-d_e\r\n"] {
            assert_eq!(ClientSecret::new(text).unwrap().as_str(), "a~b.c-d_e");
        }
        let longest = "aZ3~".repeat(SECRET_MAX / 4);
        assert!(ClientSecret::new(&longest).is_ok());
        for refused in [
            "",
            "\n",
            "a\n\n",
            " a",
            "a ",
            "a b",
            "a\tb",
            "a\r",
            "\u{feff}a",
            "a\u{200b}",
            "ä",
            "\"a\"",
            "'a'",
            "`a",
            "a\0",
            "a\u{a0}",
            &format!("{longest}x"),
            "changeme",
            "${CLIENT_SECRET}",
            "<secret>",
            "xxx",
            "your-client-secret",
            "/run/secrets/google",
        ] {
            let error = ClientSecret::new(refused).unwrap_err().to_string();
            assert!(
                error.starts_with("the client secret "),
                "{refused:?}: {error}"
            );
        }
    }

    #[test]
    fn an_error_names_the_place_and_never_the_value() {
        let file = std::env::temp_dir().join(format!("client-secret-{}", std::process::id()));
        let read = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            ClientSecret::from_file(&file)
        };
        assert_eq!(read(b"hunter2\n").unwrap().as_str(), "hunter2");
        for bytes in [
            &b"hunter2 \n"[..],
            b"\xffhunter2",
            b"'hunter2'",
            b"<hunter2>\n",
        ] {
            let error = read(bytes).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(
                shown.contains("client-secret-") && !shown.contains("hunter"),
                "{shown}"
            );
        }
        let _ = read(&[b'x'; SECRET_MAX + 9]).unwrap_err();
        std::fs::remove_file(&file).unwrap();
        let gone = ClientSecret::from_file(&file).unwrap_err().to_string();
        assert!(gone.starts_with("cannot read "), "{gone}");

        let unset = ClientSecret::from_env("NO_SUCH_CLIENT_SECRET").unwrap_err();
        assert_eq!(
            unset.to_string(),
            "set NO_SUCH_CLIENT_SECRET to the client secret from the provider's console"
        );
        // Cargo sets it, and it has blanks.
        let blank = ClientSecret::from_env("CARGO_PKG_DESCRIPTION").unwrap_err();
        assert_eq!(
            blank.to_string(),
            "CARGO_PKG_DESCRIPTION has white space or a control character"
        );
        assert_eq!(
            format!("{:?}", ClientSecret::new("hunter2").unwrap()),
            "ClientSecret(..)"
        );
    }
}
