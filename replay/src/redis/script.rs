//! The scripts: how they are asked, and forgetting.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies_protocol::UnixMillis;
use apply_cookies_protocol::limits::SKEW_MS;
use futures_util::future::join;
use redis::{Cmd, ErrorKind, Script, ServerErrorKind, Value};

use super::error::trouble;
use super::keys::Keys;
use super::link::Connection;
use super::settings::Settings;
use crate::claim::MARGIN_MS;
use crate::remote::question::Memory;
use crate::remote::server::Forgotten;
use crate::remote::trouble::Trouble;

const FORGET_SOURCE: &str = include_str!("forget.lua");
static FORGET: LazyLock<Script> = LazyLock::new(|| Script::new(FORGET_SOURCE));

/// A script, and what writes its keys and arguments behind it. The server knows a script by its digest,
/// or is told it.
pub(super) struct Call<'a> {
    pub(super) script: &'a Script,
    pub(super) source: &'static str,
    pub(super) fill: &'a dyn Fn(&mut Cmd),
}

impl Call<'_> {
    fn command(&self, by_digest: bool) -> Cmd {
        let mut command = if by_digest {
            let mut command = redis::cmd("EVALSHA");
            command.arg(self.script.get_hash());
            command
        } else {
            let mut command = redis::cmd("EVAL");
            command.arg(self.source);
            command
        };
        (self.fill)(&mut command);
        command
    }

    /// Runs the script, and `behind` after it on the same connection.
    pub(super) async fn run(
        &self,
        connection: &mut Connection,
        behind: Option<&Cmd>,
    ) -> Result<(Value, Option<Value>), Trouble> {
        for by_digest in [true, false] {
            let command = self.command(by_digest);
            let (answer, second) = match behind {
                None => (connection.query(&command).await, Ok(None)),
                Some(behind) => {
                    let mut same = connection.again();
                    let second = async { same.query(behind).await.map(Some) };
                    // The first is polled, and so sent, first.
                    join(connection.query(&command), second).await
                }
            };
            match (answer, second) {
                (Ok(answer), Ok(second)) => return Ok((answer, second)),
                (Err(error), _)
                    if by_digest
                        && error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {}
                (Err(error), _) | (_, Err(error)) => return Err(trouble(&error)),
            }
        }
        Err(Trouble::busy("the server does not keep the script"))
    }
}

/// What every script that decides is asked besides its questions: see `head.lua`.
pub(super) struct Terms<'a> {
    pub(super) keys: &'a Keys,
    incarnation: &'static str,
    /// For each partition the horizon that the server named last.
    horizons: &'a [AtomicU64],
    /// Sent behind the script; its answer must be this number at least.
    wait: Option<(Cmd, u64)>,
}

/// The spans of one partition: their ends in the order and words of the head. A script must be told
/// their keys, so whoever asks has to know them; one who does not is told.
pub(super) type Spans = String;

/// How often spans may have changed while one batch is asked.
const CHANGES_MAX: usize = 8;

impl<'a> Terms<'a> {
    pub(super) fn new(settings: &Settings, keys: &'a Keys, horizons: &'a [AtomicU64]) -> Self {
        let replicas = settings.replicas;
        Self {
            keys,
            incarnation: if settings.no_incarnation { "none" } else { "" },
            horizons,
            wait: (replicas > 0).then(|| (wait(settings), replicas)),
        }
    }

    /// Whether replicas are waited for.
    pub(super) const fn waits(&self) -> bool {
        self.wait.is_some()
    }

    /// Writes the arguments of `head.lua`, behind the keys.
    pub(super) fn write(
        &self,
        command: &mut Cmd,
        spans: &Spans,
        partition: u8,
        field: &str,
        now: UnixMillis,
    ) {
        command
            .arg(self.incarnation)
            .arg(now.get())
            .arg(self.horizon(partition).load(Ordering::Relaxed))
            .arg(spans)
            .arg(field);
    }

    /// Asks a script, which begins with `head.lua`, until it knows the spans. Returns what it answers
    /// behind the head's words.
    pub(super) async fn ask(
        &self,
        connection: &mut Connection,
        (script, source): (&Script, &'static str),
        partition: u8,
        spans: &mut Spans,
        write: impl Fn(&mut Cmd, &Spans),
    ) -> Result<(Memory, Vec<String>), Trouble> {
        for _ in 0..CHANGES_MAX {
            let fill = |command: &mut Cmd| write(command, spans);
            let call = Call {
                script,
                source,
                fill: &fill,
            };
            let behind = self.wait.as_ref().map(|wait| &wait.0);
            let (answer, waited) = call.run(connection, behind).await?;
            let mut texts: Vec<String> = redis::from_redis_value(answer).map_err(|_| strange())?;
            if let [known] = &mut texts[..] {
                *spans = std::mem::take(known);
                continue;
            }
            let number = |place: usize| texts.get(place).and_then(|text| text.parse().ok());
            let (Some(horizon), Some(forgotten_until)) = (number(0), number(1)) else {
                return Err(strange());
            };
            // Not the latest: one that was in the future must not be asked for after a loss.
            self.horizon(partition).store(horizon, Ordering::Relaxed);
            if let Some((_, least)) = self.wait {
                let have = waited.and_then(|waited| redis::from_redis_value::<u64>(waited).ok());
                if have.is_none_or(|have| have < least) {
                    return Err(Trouble::busy(format_args!(
                        "{} of {least} replicas have the data",
                        have.unwrap_or(0)
                    )));
                }
            }
            let memory = Memory {
                horizon: UnixMillis::new(horizon).ok_or_else(strange)?,
                forgotten_until,
            };
            return Ok((memory, texts.split_off(2)));
        }
        Err(Trouble::busy("spans come and go"))
    }

    fn horizon(&self, partition: u8) -> &'a AtomicU64 {
        &self.horizons[usize::from(partition)]
    }
}

/// The keys of spans, in the order of their names.
pub(super) fn keys_of<'k>(
    keys: &'k Keys,
    partition: u8,
    spans: &'k Spans,
) -> impl Iterator<Item = String> + Clone + 'k {
    let ends = spans.split(',').filter(|span| !span.is_empty());
    ends.map(move |ends| keys.span(partition, ends))
}

pub(super) fn strange() -> Trouble {
    Trouble::lost("the script's answer is not one that it gives")
}

/// The most hashes that are forgotten in one step: a script takes some 8,000 values at most.
const HASHES_MAX: usize = 1_000;

/// Forgets, in one partition, what is over by both clocks.
pub(super) async fn forget(
    connection: &mut Connection,
    keys: &Keys,
    partition: u8,
    now: UnixMillis,
) -> Result<Forgotten, Trouble> {
    let head = keys.head(partition);
    let over = |ends: &&str| ends.parse::<u64>().is_ok_and(|ends| ends <= now.get());
    // The key, the field that lists it if it is not that of all spans, and the end.
    let mut hashes = Vec::new();
    for field in listed(connection, keys, partition).await? {
        match field.split_at_checked(1) {
            Some(("g", ends)) if over(&ends) => {
                hashes.push((
                    keys.generation(partition, ends),
                    field.clone(),
                    ends.to_owned(),
                ));
            }
            Some(("b", ends)) if over(&ends) => {
                hashes.push((keys.span(partition, ends), String::new(), ends.to_owned()));
            }
            _ => {}
        }
    }
    if hashes.is_empty() {
        return Ok(Forgotten::Nothing);
    }
    let more = hashes.len() > HASHES_MAX;
    hashes.truncate(HASHES_MAX);
    let fill = |command: &mut Cmd| {
        command.arg(1 + hashes.len()).arg(&head);
        for (key, _, _) in &hashes {
            command.arg(key);
        }
        command.arg(now.get()).arg(SKEW_MS + MARGIN_MS);
        for (_, field, ends) in &hashes {
            command.arg(field).arg(ends);
        }
    };
    let call = Call {
        script: &FORGET,
        source: FORGET_SOURCE,
        fill: &fill,
    };
    let (count, _) = call.run(connection, None).await?;
    Ok(match count {
        Value::Int(0) => Forgotten::Nothing,
        _ if more => Forgotten::Some,
        _ => Forgotten::All,
    })
}

/// The hashes that a partition's head lists: `g` or `b`, and the end.
pub(super) async fn listed(
    connection: &mut Connection,
    keys: &Keys,
    partition: u8,
) -> Result<Vec<String>, Trouble> {
    let head = keys.head(partition);
    let mut fields = redis::cmd("HKEYS");
    let fields: Vec<String> = connection.read(fields.arg(&head)).await?;
    let mut spans = redis::cmd("HGET");
    let spans: Option<String> = connection.read(spans.arg(&head).arg("b")).await?;
    let generations = fields
        .into_iter()
        .filter(|field| field.len() > 1 && field.starts_with('g'));
    let spans = spans.unwrap_or_default();
    let spans = spans.split(',').filter(|span| !span.is_empty());
    Ok(generations
        .chain(spans.map(|span| format!("b{span}")))
        .collect())
}

/// Waits until the replicas have what the connection has seen.
pub(super) fn wait(settings: &Settings) -> Cmd {
    let mut wait = redis::cmd("WAIT");
    let millis = u64::try_from(settings.wait.as_millis()).unwrap_or(1);
    wait.arg(settings.replicas).arg(millis);
    wait
}
