//! The rules that are tested with a short, fixed sequence of claims.

mod again;
mod age;
mod barriers;
mod ids;
mod keeping;
mod listening;
mod raised;
mod single_use;
mod telling;

pub(super) use again::barrier_on_retry;
pub(super) use age::{horizon, scope};
pub(super) use barriers::{
    barrier, barrier_alone, barrier_lasts, longer_lifetimes, no_room_for_barriers,
};
pub(super) use ids::similar_ids;
pub(super) use keeping::{full, reopened, room_again};
pub(super) use listening::listeners;
pub(super) use raised::raised;
pub(super) use single_use::{cancelled, no_id_no_retry, no_trace, one_claimant, remembered, retry};
pub(super) use telling::told_when_certain;
