//! The format of a cookie or a token: this protocol's or Mesop's.

/// The format of a cookie or a token. A profile belongs to a cookie, never to a value: a reader
/// knows which one it expects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// This protocol's own (SPEC.md). The default.
    #[default]
    Native,
    /// That of Mesop 1.3, and so of Python's itsdangerous, Werkzeug and Fernet (MESOP.md): for
    /// cookies shared with a Mesop app.
    #[cfg(feature = "mesop")]
    Mesop,
}

impl Profile {
    /// The name used on the command line and in classes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            #[cfg(feature = "mesop")]
            Self::Mesop => "mesop",
        }
    }
}
