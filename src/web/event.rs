//! Server-sent events (WHATWG HTML §9.2).

use std::fmt::{self, Write};

use crate::mint::Frame;

/// One server-sent event of the app's own stream.
///
/// ```
/// use apply_cookies::Event;
///
/// let event = Event::data("one\ntwo").named("news");
/// assert_eq!(event.as_str(), "event: news\ndata: one\ndata: two\n\n");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct Event(String);

impl Event {
    /// An event of type `message` with this text, of one or more lines.
    pub fn data(text: impl AsRef<str>) -> Self {
        let mut event = String::new();
        for line in lines(text.as_ref()) {
            writeln!(event, "data: {line}").expect("a String takes everything");
        }
        event.push('\n');
        Self(event)
    }

    /// A comment, which pages do not see. It keeps proxies from closing a quiet stream.
    pub fn comment(text: impl AsRef<str>) -> Self {
        let mut event = String::new();
        for line in lines(text.as_ref()) {
            writeln!(event, ": {line}").expect("a String takes everything");
        }
        event.push('\n');
        Self(event)
    }

    /// Gives the event a type, which pages listen for by name.
    pub fn named(self, name: impl AsRef<str>) -> Self {
        self.field("event", name.as_ref())
    }

    /// Gives the event an id, which the browser sends as `Last-Event-ID` when it reconnects.
    pub fn id(self, id: impl AsRef<str>) -> Self {
        self.field("id", id.as_ref())
    }

    /// The event's text in the stream.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn field(mut self, field: &str, value: &str) -> Self {
        // One line: characters that could end it are dropped. NUL makes browsers ignore an id.
        let value: String = value
            .chars()
            .filter(|c| !matches!(c, '\n' | '\r' | '\0'))
            .collect();
        self.0.insert_str(0, &format!("{field}: {value}\n"));
        self
    }
}

/// Splits where a reader of the stream sees a line end: CRLF, LF, or CR alone.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .flat_map(|line| line.split('\r'))
}

/// [`Event::data`].
impl From<&str> for Event {
    fn from(text: &str) -> Self {
        Self::data(text)
    }
}

/// [`Event::data`].
impl From<String> for Event {
    fn from(text: String) -> Self {
        Self::data(text)
    }
}

impl From<Frame> for Event {
    fn from(frame: Frame) -> Self {
        Self(frame.to_sse())
    }
}

// It may be a frame, and hold a token.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_line_end_ends_one_line() {
        assert_eq!(
            Event::data("a\r\nb\rc\nd").as_str(),
            "data: a\ndata: b\ndata: c\ndata: d\n\n"
        );
        assert_eq!(Event::data("").as_str(), "data: \n\n");
    }

    #[test]
    fn debug_shows_no_token() {
        let text = format!("{:?}", Event::data("e1.8f14e45f"));
        assert_eq!(text, "Event(19 bytes)");
    }

    #[test]
    fn a_text_is_an_event_with_it_as_data() {
        assert_eq!(Event::from("a\nb"), Event::data("a\nb"));
        assert_eq!(Event::from(String::from("a")), Event::data("a"));
    }

    #[test]
    fn no_text_can_start_another_field() {
        let event = Event::data("a\r\nevent: apply-cookies\rdata: x").named("n\nevent: m");
        let fields: Vec<&str> = event.as_str().trim_end().split('\n').collect();
        assert_eq!(fields[0], "event: nevent: m");
        assert!(fields[1..].iter().all(|line| line.starts_with("data: ")));
        assert!(!event.as_str().contains('\r'));
    }
}
