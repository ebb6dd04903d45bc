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

/// Moves the horizons of claims and of revocations to now, and removes what is older. Each partition in
/// one step, because a claim that comes meanwhile must not be removed.
pub(super) async fn forget_all(settings: &Settings, now: UnixMillis) -> Result<Forgot, Trouble> {
    let is_cluster = matches!(settings.place, Place::Cluster(_));
    let keys = Keys::new(&settings.prefix, is_cluster);
    let mut connection = Connection::open(settings).await?;
    let mut forgot = Forgot::default();
    for partition in 0..keys.partitions() {
        let (claims, barriers, horizon) =
            forget_part(&mut connection, &keys, partition, now).await?;
        forgot.add(claims, barriers, horizon);
    }
    let keys = Keys::of_revocations(&settings.prefix);
    let (_, revocations, horizon) = forget_part(&mut connection, &keys, 0, now).await?;
    forgot.add(0, 0, horizon);
    forgot.revocations = revocations;
    Ok(forgot)
}

/// How many claims and how many entries of spans are removed, and the horizon.
async fn forget_part(
    connection: &mut Connection,
    keys: &Keys,
    partition: u8,
    now: UnixMillis,
) -> Result<(u64, u64, u64), Trouble> {
    let names = listed(connection, keys, partition).await?;
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
    let (answer, _) = call.run(connection, None).await?;
    redis::from_redis_value(answer).map_err(Trouble::lost)
}
