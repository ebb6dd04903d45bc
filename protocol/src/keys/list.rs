//! The two written forms of a list of secrets.

use super::weak::WeakSecret;

/// How previous secrets are written, one after the other (SPEC §2).
///
/// ```
/// use apply_cookies_protocol::{Secret, SecretList, WeakSecret};
///
/// let file = "# replaced in May\n\n8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA\n";
/// let previous = SecretList::Lines.read(file, Secret::new).unwrap();
/// assert_eq!(previous.len(), 1);
/// // From outside the program, each is judged as one secret is.
/// let error = SecretList::Lines.read(file, Secret::from_configuration).unwrap_err();
/// assert_eq!((error.entry, error.reason), (3, WeakSecret::Published));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretList {
    /// Between commas alone, as in an environment variable.
    Commas,
    /// One a line, as in a file. Blank lines, and lines that start with `#`, are no secrets.
    Lines,
}

impl SecretList {
    /// Reads each secret with `read_one`.
    ///
    /// # Errors
    ///
    /// The first refusal. Nothing at all between two commas is one, as it may have been a secret.
    pub fn read<T>(
        self,
        text: &str,
        read_one: impl Fn(&str) -> Result<T, WeakSecret>,
    ) -> Result<Vec<T>, SecretListError> {
        let is_content = |(_, line): &(usize, &str)| {
            let line = line.trim_matches([' ', '\t']);
            !line.is_empty() && !line.starts_with('#')
        };
        let entries: Vec<(usize, &str)> = match self {
            Self::Commas => match without_line_end(text) {
                "" => Vec::new(),
                text => (1..).zip(text.split(',')).collect(),
            },
            Self::Lines => (1..)
                .zip(text.split_inclusive('\n').map(without_line_end))
                .filter(is_content)
                .collect(),
        };
        let read = |(entry, text): (usize, &str)| {
            // The end of a secret's line is not the secret's: only the list's own was.
            let secret = if without_line_end(text) == text {
                read_one(text)
            } else {
                Err(WeakSecret::WhiteSpace)
            };
            secret.map_err(|reason| SecretListError { entry, reason })
        };
        entries.into_iter().map(read).collect()
    }
}

/// A list with a secret that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("number {entry}: {reason}")]
#[non_exhaustive]
pub struct SecretListError {
    /// Position of the secret in the list, or its line in a file; counted from 1.
    pub entry: usize,
    /// Why.
    pub reason: WeakSecret,
}

/// Without one line end, which files have.
pub(super) fn without_line_end(text: &str) -> &str {
    text.strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(text)
}
