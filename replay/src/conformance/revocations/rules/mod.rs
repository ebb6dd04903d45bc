//! The rules that are tested with a fixed sequence of questions.

mod age;
mod keeping;
mod seen;
mod times;
mod together;

pub(super) use age::{horizon, scope};
pub(super) use keeping::{full, kept, reopened, room_again};
pub(super) use seen::{listeners, revoked, similar_digests};
pub(super) use times::{absolute, given_moment, moments, timed};
pub(super) use together::{cancelled, many, seen_at_once, together};
