//! What the page hears about a step of the protocol, in the form of each transport.

use std::fmt::Display;

use apply_cookies::{Clock, Event, Frame, Frames, Receipt, UnixMillis};
use serde::Serialize;

/// A step that the server has seen, and when.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Step {
    /// Distinguishes it from a frame on the same socket.
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

    /// The handler is running, and its headers have left.
    pub(super) fn started(clock: &Clock) -> Self {
        Self::new("started", clock.now())
    }

    /// The stream will send nothing more.
    pub(super) fn done(clock: &Clock) -> Self {
        Self::new("done", clock.now())
    }

    /// The push waits in the queue, or says why it was refused.
    pub(super) fn pushed(pushed: Result<Receipt, impl Display>, clock: &Clock) -> Self {
        match pushed {
            Ok(_) => Self::new("queued", clock.now()),
            Err(error) => Self {
                reason: Some(error.to_string()),
                ..Self::new("refused", clock.now())
            },
        }
    }

    /// A token was made from the waiting operations.
    pub(super) fn minted(clock: &Clock) -> Self {
        Self::new("minted", clock.now())
    }

    /// A JSON object, as sockets carry it.
    pub(super) fn to_json(&self) -> String {
        // Not reached with an error: JSON can express all of it.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<Step> for Event {
    fn from(step: Step) -> Self {
        Self::data(step.to_json()).named("step")
    }
}

/// What a push sends in a stream: its steps, and its token between them.
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
                // This text is ours, never a visitor's, so it needs no escaping.
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

/// Seals what was just pushed, and notes the time.
///
/// `pending.sse` and `pending.html` seal and carry by themselves, but do not report the time, which
/// the page shows.
pub(super) fn seal<E: Display>(
    pushed: Result<Receipt, E>,
    frames: &mut Frames,
    clock: &Clock,
) -> impl Iterator<Item = Part> + use<E> {
    let pushed = Step::pushed(pushed, clock);
    let frames = frames.take_ready();
    let minted = Step::minted(clock);
    std::iter::once(Part::Step(pushed)).chain(
        frames
            .into_iter()
            .flat_map(move |frame| [Part::Step(minted.clone()), Part::Frame(frame)]),
    )
}
