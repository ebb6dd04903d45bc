//! An answer, as an adapter sends it.

use apply_cookies::web::{Answer, Rest};

/// An answer: a page, or a problem document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The header fields.
    pub fields: Vec<(&'static str, String)>,
    /// The body. The framework adds `Content-Length`.
    pub body: String,
}

impl Reply {
    /// No cache keeps it, and no browser takes it for something else.
    pub(crate) fn new(status: u16, media_type: &str, body: String) -> Self {
        let fields = vec![
            ("content-type", media_type.to_owned()),
            ("cache-control", "no-store".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ];
        Self {
            status,
            fields,
            body,
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// The value of a field, by its name in lower case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(one, _)| *one == name)?;
        Some(&field.1)
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        let answer = Self::new(reply.status, Rest::Read);
        let mut answer = reply
            .fields
            .into_iter()
            .fold(answer, |answer, (name, value)| answer.with(name, value));
        answer.body = reply.body.into();
        answer
    }
}
