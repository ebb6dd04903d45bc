//! Connecting: to a server that takes writes, keeps what it commits, and has the schema.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;
use tokio_postgres::types::Type;

use super::link::{Link, read, strange};
use super::schema::VERSION;
use super::settings::Settings;
use crate::remote::address::Host;
use crate::remote::trouble::Trouble;

/// The oldest server, as `server_version_num`. Before it a server that was just promoted could name
/// the WAL file of its old timeline.
pub(super) const OLDEST: i32 = 140_000;

/// The hosts of one address, in turns.
#[derive(Debug, Default)]
pub(super) struct Turns(AtomicUsize);

/// Connects to the first host that will do, beginning with the one that did last.
pub(super) async fn connect(
    settings: &Settings,
    hosts: &[Host],
    turns: &Turns,
    heard: Option<&UnboundedSender<String>>,
) -> Result<Link, Trouble> {
    let begin = turns.0.load(Ordering::Relaxed);
    // One that does not answer must not take the time of the others.
    let count = u32::try_from(hosts.len()).unwrap_or(u32::MAX);
    let patience = settings.limits.connect / count;
    let mut worst = None;
    for turn in begin..begin + hosts.len() {
        let host = &hosts[turn % hosts.len()];
        let connecting = async {
            let link = Link::open(settings, host, heard.cloned()).await?;
            check(settings, &link).await?;
            Ok(link)
        };
        let connected = if count == 1 {
            connecting.await // in the engine's time
        } else {
            let late = |_| Err(Trouble::lost("no connection within the time for one"));
            timeout(patience, connecting).await.unwrap_or_else(late)
        };
        match connected {
            Ok(link) => {
                turns.0.store(turn % hosts.len(), Ordering::Relaxed);
                return Ok(link);
            }
            // Worth more than that another host is down, or a standby.
            Err(trouble) if !matches!(worst, Some(Trouble::Refused(_) | Trouble::Here(_))) => {
                worst = Some(trouble);
            }
            Err(_) => {}
        }
    }
    Err(worst.unwrap_or_else(|| Trouble::lost("no host")))
}

pub(super) const READ_ONLY: &str = "its transactions are read-only by default, so every claim is answered 503: set default_transaction_read_only to off for the role";

const FACTS: &str = "SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4, \
    pg_catalog.pg_is_in_recovery(), \
    pg_catalog.current_setting('fsync'), pg_catalog.current_setting('full_page_writes'), \
    pg_catalog.current_setting('synchronous_standby_names'), \
    pg_catalog.current_setting('transaction_read_only'), \
    EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
        WHERE n.nspname = $1 AND p.proname = 'claim_v1')";

/// Refuses a server that cannot keep the contract, and makes the schema if it is missing.
async fn check(settings: &Settings, link: &Link) -> Result<(), Trouble> {
    let name = settings.schema.name();
    let facts = link.rows(FACTS, &[(&name, Type::TEXT)]).await?;
    let facts = facts.first().ok_or_else(strange)?;
    if read::<i32>(facts, 0)? < OLDEST {
        return Err(Trouble::refused("the server must be Postgres 14 or later"));
    }
    if read::<bool>(facts, 1)? {
        return Err(Trouble::elsewhere(
            "the server is a standby, which takes no claims",
        ));
    }
    for (column, setting) in [(2, "fsync"), (3, "full_page_writes")] {
        if read::<String>(facts, column)? == "off" {
            return Err(Trouble::refused(format_args!(
                "the server has {setting} = off, and a crash may lose what it answered; set it to on"
            )));
        }
    }
    if settings.lossless && read::<String>(facts, 4)?.is_empty() {
        return Err(Trouble::refused(
            "failover=lossless needs a synchronous standby, and synchronous_standby_names is empty",
        ));
    }
    if read::<String>(facts, 5)? == "on" {
        return Err(Trouble::refused(READ_ONLY));
    }
    if !read::<bool>(facts, 6)? {
        migrate(settings, link).await?;
    }
    let versions = link.rows(&settings.schema.version, &[]).await?;
    // Without a head there is nothing to know yet: the first claim writes one.
    for row in &versions {
        let version = read::<i32>(row, 0)?;
        if version > VERSION {
            return Err(Trouble::refused(format_args!(
                "the schema {name} has version {version}, and this program knows {VERSION}: it is older than another that uses the store"
            )));
        }
    }
    Ok(())
}

async fn migrate(settings: &Settings, link: &Link) -> Result<(), Trouble> {
    let name = settings.schema.name();
    let made = link.run(&settings.schema.sql()).await;
    made.map_err(|trouble| match trouble {
        Trouble::Refused(why) => Trouble::refused(format_args!(
            "the schema {name} is missing and cannot be made: {why}; let its owner run what that prints"
        )),
        other => other,
    })?;
    tracing::info!(schema = name, "made the schema of the replay store");
    Ok(())
}
