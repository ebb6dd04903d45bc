//! Hearing of what other processes did.

use std::convert::Infallible;
use std::time::Duration;

use apply_cookies_protocol::Nonce;
use futures_util::StreamExt;
use redis::Value;
use tokio::time::timeout;

use super::error::trouble;
use super::keys::Keys;
use super::link::{Connection, subscribe};
use super::script;
use super::settings::Settings;
use crate::answer::BarrierAnswer;
use crate::listeners::Listeners;
use crate::remote::trouble::Trouble;

/// After a silence of this length, whether the connection still lives is looked at.
const SILENCE: Duration = Duration::from_secs(10);

/// Tells listeners of claims until the connection breaks.
pub(super) async fn hear(settings: &Settings, keys: &Keys, listeners: &Listeners) -> Trouble {
    let caught_up = Box::pin(catch_up(settings, keys, listeners));
    let tell = |message: &[u8]| tell(message, listeners);
    listen(settings, keys.channel(), caught_up, tell).await
}

/// Reads what was told before, and tells of each message until the connection breaks.
pub(super) async fn listen(
    settings: &Settings,
    channel: &str,
    caught_up: impl Future<Output = Result<(), Trouble>>,
    tell: impl Fn(&[u8]),
) -> Trouble {
    match messages(settings, channel, caught_up, tell).await {
        Ok(never) => match never {},
        Err(trouble) => trouble,
    }
}

async fn messages(
    settings: &Settings,
    channel: &str,
    caught_up: impl Future<Output = Result<(), Trouble>>,
    tell: impl Fn(&[u8]),
) -> Result<Infallible, Trouble> {
    let pubsub = timeout(settings.limits.connect, subscribe(settings, channel));
    let pubsub = pubsub.await.unwrap_or_else(|_| Err(silent()))?;
    let (mut sink, mut messages) = pubsub.split();
    // What was told before is in the data. What is told meanwhile waits in the connection.
    caught_up.await?;
    loop {
        match timeout(SILENCE, messages.next()).await {
            Ok(Some(message)) => tell(message.get_payload_bytes()),
            Ok(None) => return Err(Trouble::lost("the subscription ended")),
            Err(_) => {
                let pong = timeout(settings.limits.patience(), sink.ping::<Value>()).await;
                pong.map_err(|_| silent())?
                    .map_err(|error| trouble(&error))?;
            }
        }
    }
}

fn silent() -> Trouble {
    Trouble::lost("the server does not answer")
}

/// Tells of a message: nonces, each with what became of its barrier.
fn tell(message: &[u8], listeners: &Listeners) {
    for record in message.as_chunks::<17>().0 {
        if let Some((nonce, mark)) = record.split_first_chunk::<16>() {
            listeners.tell(Nonce::from_random(*nonce), barrier(mark));
        }
    }
}

/// What became of a claim's barrier, as `claim.lua` writes it.
fn barrier(mark: &[u8]) -> BarrierAnswer {
    match mark {
        b"1" => BarrierAnswer::Raised,
        b"2" => BarrierAnswer::NoRoom,
        _ => BarrierAnswer::NotAsked,
    }
}

/// Tells of every claim that is still remembered.
async fn catch_up(settings: &Settings, keys: &Keys, listeners: &Listeners) -> Result<(), Trouble> {
    let connection = timeout(settings.limits.connect, Connection::open(settings));
    let mut connection = connection.await.unwrap_or_else(|_| Err(silent()))?;
    for partition in 0..keys.partitions() {
        for listed in script::listed(&mut connection, keys, partition).await? {
            if let Some(ends) = listed.strip_prefix('g') {
                let hash = keys.generation(partition, ends);
                read_all(&mut connection, &hash, listeners, settings).await?;
            }
        }
    }
    Ok(())
}

async fn read_all(
    connection: &mut Connection,
    hash: &str,
    listeners: &Listeners,
    settings: &Settings,
) -> Result<(), Trouble> {
    let mut cursor = 0_u64;
    loop {
        let mut scan = redis::cmd("HSCAN");
        scan.arg(hash).arg(cursor).arg("COUNT").arg(1000);
        let page = timeout(settings.limits.patience(), connection.read(&scan));
        let (next, entries): (u64, Vec<Vec<u8>>) = page.await.unwrap_or_else(|_| Err(silent()))?;
        if settings.replicas > 0 {
            let wait = script::wait(settings);
            let have = timeout(settings.limits.patience(), connection.read(&wait));
            let have: u64 = have.await.unwrap_or_else(|_| Err(silent()))?;
            if have < settings.replicas {
                return Err(Trouble::busy("not all replicas have the claims"));
            }
        }
        for [nonce, value] in entries.as_chunks().0 {
            if let (Ok(nonce), Some(mark)) = (<[u8; 16]>::try_from(&nonce[..]), value.get(16..)) {
                listeners.tell(Nonce::from_random(nonce), barrier(mark));
            }
        }
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}
