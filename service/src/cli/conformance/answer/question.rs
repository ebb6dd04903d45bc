//! A question's fields. A program that asks something else than protocol/conformance/README.md says is
//! told so.

use apply_cookies::UnixMillis;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// A question that cannot be answered, and why. Not a refusal, which is an answer.
#[derive(Debug)]
pub(in super::super) struct Unanswerable(pub(super) String);

pub(super) type Answer = Result<Value, Unanswerable>;

/// One line of a program that asks.
#[derive(Clone, Copy)]
pub(super) struct Question<'q>(pub(super) &'q Value);

impl<'q> Question<'q> {
    fn field(self, name: &str) -> Result<&'q Value, Unanswerable> {
        self.0
            .get(name)
            .ok_or_else(|| Unanswerable(format!("{name} is missing")))
    }

    pub(super) fn text(self, name: &str) -> Result<&'q str, Unanswerable> {
        (self.field(name)?.as_str()).ok_or_else(|| wrong(name, "a text"))
    }

    /// A text, or `None` for `null`.
    pub(super) fn text_or_null(self, name: &str) -> Result<Option<&'q str>, Unanswerable> {
        match self.field(name)? {
            Value::Null => Ok(None),
            _ => self.text(name).map(Some),
        }
    }

    pub(super) fn flag(self, name: &str) -> Result<bool, Unanswerable> {
        (self.field(name)?.as_bool()).ok_or_else(|| wrong(name, "true or false"))
    }

    pub(super) fn number(self, name: &str) -> Result<u64, Unanswerable> {
        (self.field(name)?.as_u64()).ok_or_else(|| wrong(name, "a whole number"))
    }

    pub(super) fn time(self, name: &str) -> Result<UnixMillis, Unanswerable> {
        UnixMillis::new(self.number(name)?).ok_or_else(|| wrong(name, "a time"))
    }

    /// A time, or `None` for `null`.
    pub(super) fn time_or_null(self, name: &str) -> Result<Option<UnixMillis>, Unanswerable> {
        match self.field(name)? {
            Value::Null => Ok(None),
            _ => self.time(name).map(Some),
        }
    }

    pub(super) fn bytes<const N: usize>(self, name: &str) -> Result<[u8; N], Unanswerable> {
        let decoded = URL_SAFE_NO_PAD.decode(self.text(name)?).ok();
        decoded
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| wrong(name, &format!("{N} bytes in base64url")))
    }

    /// Bytes, or `None` for `null`.
    pub(super) fn bytes_or_null<const N: usize>(
        self,
        name: &str,
    ) -> Result<Option<[u8; N]>, Unanswerable> {
        match self.field(name)? {
            Value::Null => Ok(None),
            _ => self.bytes(name).map(Some),
        }
    }

    pub(super) fn list(self, name: &str) -> Result<&'q [Value], Unanswerable> {
        (self.field(name)?.as_array())
            .map(Vec::as_slice)
            .ok_or_else(|| wrong(name, "a list"))
    }

    pub(super) fn texts(self, name: &str) -> Result<Vec<&'q str>, Unanswerable> {
        let texts = self.list(name)?.iter().map(Value::as_str);
        texts
            .collect::<Option<_>>()
            .ok_or_else(|| wrong(name, "a list of texts"))
    }

    pub(super) fn json(self, name: &str) -> Result<&'q Value, Unanswerable> {
        self.field(name)
    }
}

pub(super) fn wrong(name: &str, expected: &str) -> Unanswerable {
    Unanswerable(format!("{name} must be {expected}"))
}

/// The bytes of a text whose characters are bytes.
pub(super) fn latin1(text: &str) -> Result<Vec<u8>, Unanswerable> {
    let bytes = text.chars().map(|one| u8::try_from(one).ok());
    bytes
        .collect::<Option<_>>()
        .ok_or_else(|| Unanswerable("a character is not a byte".to_owned()))
}
