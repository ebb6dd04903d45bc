//! The store that `serve` was told of → one that is open.

use std::sync::Arc;

use super::Refused;
use super::args::ReplayArg;
use crate::Clock;
use crate::replay::{FileReplayStore, MemoryReplayStore, ReplayStore};

pub(super) fn open(replay: &ReplayArg, clock: &Clock) -> Result<Arc<dyn ReplayStore>, Refused> {
    Ok(match replay {
        ReplayArg::Memory => Arc::new(MemoryReplayStore::new(clock.clone())),
        ReplayArg::File(path) => Arc::new(FileReplayStore::open(path, clock.clone())?),
    })
}
