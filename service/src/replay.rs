//! `--replay` → an open store.

use std::sync::Arc;

use apply_cookies::Clock;
use apply_cookies::replay::{FileReplayStore, MemoryReplayStore, ReplayStore};

use crate::cli::args::serve::ReplayArg;
use crate::refused::Refused;

pub(crate) fn open(replay: &ReplayArg, clock: &Clock) -> Result<Arc<dyn ReplayStore>, Refused> {
    Ok(match replay {
        ReplayArg::Memory => Arc::new(MemoryReplayStore::new(clock.clone())),
        ReplayArg::File(path) => Arc::new(FileReplayStore::open(path, clock.clone())?),
    })
}
