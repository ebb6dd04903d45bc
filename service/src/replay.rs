//! `--replay` → an open store.

use std::sync::Arc;

use apply_cookies::Clock;
use apply_cookies::replay::{
    FileReplayStore, MemoryReplayStore, PostgresReplayStore, RedisReplayStore, ReplayStore,
};

use crate::cli::args::store::StoreArg;
use crate::refused::Refused;

/// Opens the store, and describes it for the log. A server need not be there yet.
pub(crate) fn open(
    StoreArg(place): &StoreArg,
    clock: &Clock,
) -> Result<(Arc<dyn ReplayStore>, String), Refused> {
    let clock = clock.clone();
    let usage = |error| Refused::usage(format_args!("--replay: {error}"));
    // A URL may have a password in it; what a store shows of itself has none.
    let (store, shown): (Arc<dyn ReplayStore>, _) = match place.split_once(':') {
        None if place == "memory" => (Arc::new(MemoryReplayStore::new(clock)), place.clone()),
        Some(("file", path)) if !path.is_empty() => {
            (Arc::new(FileReplayStore::open(path, clock)?), place.clone())
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
    Ok((store, shown))
}
