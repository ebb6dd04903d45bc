//! `--replay` → an open store.

use std::sync::Arc;

use apply_cookies::Clock;
use apply_cookies::replay::{
    FileReplayStore, MemoryReplayStore, PostgresReplayStore, RedisReplayStore, ReplayStore,
};

use crate::cli::args::store::StoreArg;
use crate::refused::Refused;

/// Opens the store. A server need not be there yet.
pub(crate) fn open(
    StoreArg(place): &StoreArg,
    clock: &Clock,
) -> Result<Arc<dyn ReplayStore>, Refused> {
    let clock = clock.clone();
    let usage = |error| Refused::usage(format_args!("--replay: {error}"));
    Ok(match place.split_once(':') {
        None if place == "memory" => Arc::new(MemoryReplayStore::new(clock)),
        Some(("file", path)) if !path.is_empty() => Arc::new(FileReplayStore::open(path, clock)?),
        Some((scheme, _)) if scheme.starts_with("postgres") => {
            Arc::new(PostgresReplayStore::new(place, clock).map_err(usage)?)
        }
        Some((scheme, _)) if scheme.starts_with("redis") || scheme.starts_with("valkey") => {
            Arc::new(RedisReplayStore::new(place, clock).map_err(usage)?)
        }
        _ => {
            return Err(Refused::usage(
                "--replay must be memory; file: and a path, as in file:/var/lib/app/replay; or the URL of a server, as in redis://127.0.0.1 or postgres://127.0.0.1/app",
            ));
        }
    })
}
