//! Why a secret is refused.

/// A refused secret. The command in each message makes a good one; no message shows the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeakSecret {
    /// Fewer than 32 bytes.
    #[error(
        "the secret has {actual} bytes and needs at least 32; `apply-cookies keygen` makes a good one"
    )]
    TooShort {
        /// Bytes that were given.
        actual: usize,
    },
    /// More than 1024 bytes, from the environment or a file: something else was put there.
    #[error("the secret is longer than 1024 bytes; `apply-cookies keygen` makes a good one")]
    TooLong,
    /// A repetition, a sequence, or too few different bytes.
    #[error("the secret can be guessed; `apply-cookies keygen` makes a good one")]
    Guessable,
    /// Text from an example.
    #[error("the secret looks like a placeholder; `apply-cookies keygen` makes a good one")]
    Placeholder,
    /// A secret that this project's own documentation or tests print.
    #[error(
        "the secret is printed in the documentation of apply-cookies, where anyone can read it; `apply-cookies keygen` makes a good one"
    )]
    Published,
    /// White space beside the secret or inside it, other than one line end at the end.
    #[error(
        "there is white space beside the secret or inside it; take it out, or use what `apply-cookies keygen` prints"
    )]
    WhiteSpace,
    /// A control character, such as NUL.
    #[error(
        "there is a control character in the secret (a file in UTF-16 has many); use what `apply-cookies keygen` prints, in UTF-8"
    )]
    Control,
    /// A character that nobody can see, such as a byte order mark.
    #[error(
        "there is a byte order mark or another invisible character in the secret; take it out, or use what `apply-cookies keygen` prints"
    )]
    Invisible,
    /// A quotation mark at either end.
    #[error(
        "there is a quotation mark around the secret; take it out, or use what `apply-cookies keygen` prints"
    )]
    Quoted,
    /// Several secrets in place of one.
    #[error(
        "there is a list in place of one secret, or a separator inside it; only the list of previous secrets has several, between commas alone, and `apply-cookies keygen` makes one"
    )]
    List,
    /// A template that nothing has filled in.
    #[error(
        "there is a template that nothing has filled in, in place of the secret; `apply-cookies keygen` makes a good one"
    )]
    Template,
    /// A path or the name of a secret that is kept elsewhere.
    #[error(
        "there is a path or another reference in place of the secret; a file belongs into the variable that ends with _FILE, and `apply-cookies keygen` makes a good secret"
    )]
    Reference,
}
