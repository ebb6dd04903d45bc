//! What the page is told of a step of the protocol, in the form of each transport.

use apply_cookies_protocol::UnixMillis;
use serde::Serialize;

use crate::Clock;
use crate::event::Event;
use crate::frame::Frame;
use crate::pending::{Frames, PushError};

/// A step that the server has seen, and when.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Step {
    /// Tells it from a frame on the same socket.
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "step")]
    name: &'static str,
    /// Milliseconds since 1970.
    at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Step {
    fn new(name: &'static str, at: UnixMillis) -> Self {
        Self {
            kind: "step",
            name,
            at: at.get(),
            reason: None,
        }
    }

    /// The handler is at work, its headers have left.
    pub(super) fn started(clock: &Clock) -> Self {
        Self::new("started", clock.now())
    }

    /// The stream has nothing more to say.
    pub(super) fn done(clock: &Clock) -> Self {
        Self::new("done", clock.now())
    }

    /// Waits in the queue, or why it does not.
    pub(super) fn pushed(pushed: Result<(), PushError>, clock: &Clock) -> Self {
        match pushed {
            Ok(()) => Self::new("queued", clock.now()),
            Err(error) => Self {
                reason: Some(error.to_string()),
                ..Self::new("refused", clock.now())
            },
        }
    }

    /// A token was made of what waited.
    pub(super) fn minted(clock: &Clock) -> Self {
        Self::new("minted", clock.now())
    }

    /// A JSON object, as sockets carry it.
    pub(super) fn to_json(&self) -> String {
        // Not reached with an error: there is nothing in it that JSON cannot say.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<Step> for Event {
    fn from(step: Step) -> Self {
        Self::data(step.to_json()).named("step")
    }
}

/// What a push comes to in a stream: its steps, and its token between them.
pub(super) enum Part {
    Step(Step),
    Frame(Frame),
}

impl Part {
    /// An element, for streamed HTML.
    pub(super) fn to_html(&self) -> String {
        match self {
            Self::Frame(frame) => frame.to_html(),
            Self::Step(Step {
                name, at, reason, ..
            }) => {
                // Written by us, never by a visitor, so nothing in it needs escaping.
                let reason = reason.as_deref().unwrap_or_default();
                format!("<li data-step=\"{name}\" data-at=\"{at}\">{name} {reason}</li>\n")
            }
        }
    }
}

impl From<Part> for Event {
    fn from(part: Part) -> Self {
        match part {
            Part::Step(step) => step.into(),
            Part::Frame(frame) => frame.into(),
        }
    }
}

/// Seals what was just pushed, and notes when.
///
/// `pending.sse` and `pending.html` seal and carry by themselves. They do not say when, and the
/// page wants to know.
pub(super) fn seal(
    pushed: Result<(), PushError>,
    frames: &mut Frames,
    clock: &Clock,
) -> impl Iterator<Item = Part> + use<> {
    let pushed = Step::pushed(pushed, clock);
    let frames = frames.take_ready();
    let minted = Step::minted(clock);
    std::iter::once(Part::Step(pushed)).chain(
        frames
            .into_iter()
            .flat_map(move |frame| [Part::Step(minted.clone()), Part::Frame(frame)]),
    )
}
