//! Whose bytes a cookie or a token is written in.

/// Whose bytes a cookie or a token is written in. One profile belongs to one cookie, never to a
/// value: a reader knows which it expects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// This protocol's own (SPEC.md). The default.
    #[default]
    Native,
    /// Those of Mesop 1.3, and so of Python's itsdangerous, Werkzeug and Fernet (MESOP.md): for
    /// what is shared with a Mesop app.
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
