//! Forgetting everything, on an operator's word.

use std::sync::LazyLock;

use apply_cookies_protocol::UnixMillis;
use redis::{Cmd, Script};

use super::keys::Keys;
use super::link::Connection;
use super::script::{Call, listed};
use super::settings::{Place, Settings};
use crate::remote::forgot::Forgot;
use crate::remote::trouble::Trouble;

const SOURCE: &str = include_str!("forget_all.lua");
static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(SOURCE));

/// Moves the horizon to now, and removes what is older. Each partition in one step, because a claim
/// that comes meanwhile must not be removed.
pub(super) async fn forget_all(settings: &Settings, now: UnixMillis) -> Result<Forgot, Trouble> {
    let is_cluster = matches!(settings.place, Place::Cluster(_));
    let keys = Keys::new(&settings.prefix, is_cluster);
    let mut connection = Connection::open(settings).await?;
    let mut forgot = Forgot::default();
    for partition in 0..keys.partitions() {
        let names = listed(&mut connection, &keys, partition).await?;
        let fill = |command: &mut Cmd| {
            command.arg(1 + names.len()).arg(keys.head(partition));
            for name in &names {
                command.arg(keys.named(partition, name));
            }
            command.arg(now.get()).arg(&names);
        };
        let call = Call {
            script: &SCRIPT,
            source: SOURCE,
            fill: &fill,
        };
        let (answer, _) = call.run(&mut connection, None).await?;
        let (claims, barriers, horizon) = redis::from_redis_value(answer).map_err(Trouble::lost)?;
        forgot.add(claims, barriers, horizon);
    }
    Ok(forgot)
}
