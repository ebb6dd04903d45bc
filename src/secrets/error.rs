//! Why there is no usable secret.

use apply_cookies_protocol::{SecretListError, WeakSecret};

/// What the entries of a list are counted by.
fn place_in(variable: &str) -> &'static str {
    match variable {
        "APPLY_COOKIES_PREVIOUS_KEYS" => "number",
        _ => "line",
    }
}

/// Why there is no usable secret.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Both variables are set, so it is not clear which is meant.
    #[error("{variable} and {file} are both set; keep one")]
    Both {
        /// The variable for the secrets themselves.
        variable: &'static str,
        /// The variable for the path of a file.
        file: &'static str,
    },
    /// The file is empty.
    #[error("the file that {0} names is empty; `apply-cookies keygen` makes a secret to put there")]
    Empty(&'static str),
    /// The file cannot be read.
    #[error("cannot read the file that {variable} names: {error}")]
    File {
        /// The variable for the path of the file.
        variable: &'static str,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The file is something else.
    #[error(
        "the file that {0} names is longer than 65536 bytes: it holds no secrets; `apply-cookies keygen` makes one"
    )]
    FileTooLong(&'static str),
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
    #[error("{0} is not UTF-8 text; `apply-cookies keygen` makes a secret that is")]
    NotText(&'static str),
    /// A previous secret is the current one too, or is there twice.
    #[error("{0} repeats a secret: the current one, or one of its own; remove it there")]
    Repeated(&'static str),
    /// The secret can be guessed.
    #[error(transparent)]
    Weak(#[from] WeakSecret),
    /// One of several secrets is refused.
    #[error("{variable}, {} {}: {}", place_in(variable), reason.entry, reason.reason)]
    WeakList {
        /// The variable to change.
        variable: &'static str,
        /// Which, and why.
        reason: SecretListError,
    },
    /// A secret from the environment or a file is refused.
    #[error("{variable}: {reason}")]
    WeakVariable {
        /// The variable to change.
        variable: &'static str,
        /// Why.
        reason: WeakSecret,
    },
}

crate::debug_as_text!(SecretError);
