//! `--replay` → an open store.

use std::path::Path;
use std::sync::Arc;

use apply_cookies::Clock;
use apply_cookies::replay::{
    DEFAULT_CAPACITY, FileReplayStore, MemoryReplayStore, PostgresReplayStore, RedisReplayStore,
    ReplayStore,
};

use crate::cli::args::store::StoreArg;
use crate::refused::Refused;

/// What is wrong with the place of a store, as far as shows without opening it.
pub(crate) fn check(place: &StoreArg, clock: &Clock) -> Result<(), Refused> {
    match place.0.strip_prefix("file:").map(Path::new) {
        Some(path) if !path.as_os_str().is_empty() => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            if folder.is_none_or(Path::is_dir) {
                return Ok(());
            }
            let why = "the folder of its file does not exist";
            Err(Refused::Because(format!("--replay {}: {why}", place.0)))
        }
        _ => open(place, clock).map(drop),
    }
}

/// An open store.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn ReplayStore>,
    /// For the log.
    pub(crate) shown: String,
    /// Of a store in this process.
    pub(crate) room: Option<Room>,
}

/// How full a store is.
#[derive(Clone)]
pub(crate) struct Room {
    entries: Arc<dyn Fn() -> usize + Send + Sync>,
    pub(crate) capacity: usize,
}

impl Room {
    fn of<S: Send + Sync + 'static>(
        store: &Arc<S>,
        entries: fn(&S) -> usize,
        capacity: usize,
    ) -> Self {
        let store = store.clone();
        Self {
            entries: Arc::new(move || entries(&store)),
            capacity,
        }
    }

    pub(crate) fn entries(&self) -> usize {
        (self.entries)()
    }
}

/// Opens the store, and describes it for the log. A server need not be there yet.
pub(crate) fn open(StoreArg(place): &StoreArg, clock: &Clock) -> Result<Opened, Refused> {
    let clock = clock.clone();
    let usage = |error| Refused::usage(format_args!("--replay: {error}"));
    // A URL may have a password in it; what a store shows of itself has none.
    let mut room = None;
    let (store, shown): (Arc<dyn ReplayStore>, _) = match place.split_once(':') {
        None if place == "memory" => {
            let store = Arc::new(MemoryReplayStore::new(clock));
            room = Some(Room::of(&store, MemoryReplayStore::len, DEFAULT_CAPACITY));
            (store, place.clone())
        }
        Some(("file", path)) if !path.is_empty() => {
            let store = Arc::new(FileReplayStore::open(path, clock)?);
            room = Some(Room::of(&store, FileReplayStore::len, DEFAULT_CAPACITY));
            (store, place.clone())
        }
        Some((scheme, _)) if scheme.starts_with("postgres") => {
            let store = PostgresReplayStore::new(place, clock).map_err(usage)?;
            let shown = format!("{store:?}");
            (Arc::new(store), shown)
        }
        Some((scheme, _)) if scheme.starts_with("redis") || scheme.starts_with("valkey") => {
            let store = RedisReplayStore::new(place, clock).map_err(usage)?;
            let shown = format!("{store:?}");
            (Arc::new(store), shown)
        }
        _ => {
            return Err(Refused::usage(
                "--replay must be `memory`, `file:PATH`, or a URL such as redis://127.0.0.1 or postgres://127.0.0.1/app",
            ));
        }
    };
    Ok(Opened { store, shown, room })
}
