//! What a given server can promise, and what it lacks.

use std::collections::BTreeSet;

use redis::{ErrorKind, RedisError, ServerErrorKind, cmd};

use super::error::trouble;
use super::info::Info;
use super::keys::Keys;
use super::link::{Connection, subscribe};
use super::script::listed;
use super::server::VERSION;
use super::settings::{Place, Settings};
use crate::clock::Clock;
use crate::remote::finding::{Findings, Subject, Weight};
use crate::remote::trouble::Trouble;

/// A connection, and what was found on it so far.
struct Look<'a> {
    settings: &'a Settings,
    keys: Keys,
    connection: Connection,
    findings: Findings,
}

pub(super) async fn check(settings: &Settings, clock: &Clock) -> Result<Findings, Trouble> {
    let is_cluster = matches!(settings.place, Place::Cluster(_));
    let mut look = Look {
        settings,
        keys: Keys::new(&settings.prefix, is_cluster),
        connection: Connection::open(settings).await?,
        findings: Findings::default(),
    };
    if !settings.tls && !settings.place.is_local() {
        look.findings.add(
            Weight::Warning,
            Subject::Connection,
            "the connection to another machine is plain text, password included: use rediss://",
        );
    }
    // Its answer is the answer to the password too.
    if let Err(error) = look.connection.query(&cmd("PING")).await
        && !is_forbidden(&error)
    {
        return Err(trouble(&error));
    }
    let takes_claims = look.servers().await?;
    if takes_claims {
        look.rights().await;
        look.memory(clock).await?;
    }
    look.clocks(clock).await?;
    if !look.findings.has_unfit() {
        look.findings.add(
            Weight::Promise,
            Subject::Durability,
            "a token is released to one alone, whatever happens to its data: a restart, failover, eviction or emptied server is noticed, and refuses the tokens under way and those of the next five seconds",
        );
    }
    Ok(look.findings)
}

impl Look<'_> {
    /// Facts of each server that the URL names; whether claims can be asked.
    async fn servers(&mut self) -> Result<bool, Trouble> {
        let mut has_primary = matches!(self.settings.place, Place::Cluster(_));
        for mut server in Connection::each(self.settings).await? {
            match server.text(&cmd("INFO")).await {
                Ok(text) => {
                    let info = Info(text);
                    info.findings(self.settings, &mut self.findings);
                    has_primary |= info.is_primary();
                }
                Err(error) if is_forbidden(&error) => {
                    has_primary = true;
                    self.findings.add(
                        Weight::Unfit,
                        Subject::Rights,
                        "its user lacks the right +info, without which no loss of data would be noticed; as INFO is in @dangerous, name it",
                    );
                }
                Err(error) => return Err(trouble(&error)),
            }
        }
        Ok(has_primary)
    }

    /// Tries each command that the store uses, on a key of its own.
    async fn rights(&mut self) {
        let key = self.keys.named(0, "check");
        let on_key = |name: &str, arguments: &[&str]| {
            let mut command = cmd(name);
            command.arg(&key).arg(arguments);
            command
        };
        let other = |name: &str, arguments: &[&str]| {
            let mut command = cmd(name);
            command.arg(arguments);
            command
        };
        let script = |name: &str, script: &str| {
            let mut command = cmd(name);
            command.arg(script).arg(1).arg(&key);
            command
        };
        let channel = self.keys.channel().to_owned();
        let probes = [
            ("eval", script("EVAL", "return 1")),
            ("evalsha", script("EVALSHA", &"0".repeat(40))),
            ("hset", on_key("HSET", &["", ""])),
            ("hget", on_key("HGET", &[""])),
            ("hmget", on_key("HMGET", &[""])),
            ("hexists", on_key("HEXISTS", &[""])),
            ("hkeys", on_key("HKEYS", &[])),
            ("hscan", on_key("HSCAN", &["0"])),
            ("hlen", on_key("HLEN", &[])),
            ("hdel", on_key("HDEL", &[""])),
            ("unlink", on_key("UNLINK", &[])),
            ("time", other("TIME", &[])),
            ("wait", other("WAIT", &["0", "1"])),
            ("ping", other("PING", &[])),
            // Listeners read nothing in it.
            ("publish", other("PUBLISH", &[&channel, ""])),
        ];
        let mut missing = BTreeSet::new();
        for (name, command) in probes {
            if let Err(error) = self.connection.query(&command).await {
                self.judge(name, &error, &mut missing);
            }
        }
        // A channel that is not allowed was named with PUBLISH.
        if let Err(Trouble::Refused(why)) = subscribe(self.settings, &channel).await
            && !why.to_string().contains("channel")
        {
            missing.insert("+subscribe".to_owned());
        }
        if !missing.is_empty() {
            let list: Vec<String> = missing.into_iter().collect();
            let words = format_args!(
                "its user lacks these rights: {}; all that it needs are in docs/replay-stores.md",
                list.join(" ")
            );
            self.findings.add(Weight::Unfit, Subject::Rights, words);
        }
    }

    fn judge(&mut self, name: &str, error: &RedisError, missing: &mut BTreeSet<String>) {
        if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) {
            return;
        }
        if is_forbidden(error) {
            let words = error.to_string();
            let prefix = &self.settings.prefix;
            missing.insert(if words.contains("channel") {
                format!("&{{{prefix}*")
            } else if words.contains("keys") {
                format!("~{{{prefix}*")
            } else {
                format!("+{name}")
            });
            return;
        }
        let (subject, words) = match trouble(error) {
            Trouble::Full => (
                Subject::Room,
                "it is full, and refuses every claim: give it more memory".to_owned(),
            ),
            _ if error.code() == Some("NOREPLICAS") => (
                Subject::Replicas,
                "min-replicas-to-write is set and too few replicas are connected: every claim is answered 503".to_owned(),
            ),
            // The server's state, whatever is asked.
            Trouble::Busy(why) => (Subject::Connection, why.to_string()),
            other => (Subject::Connection, format!("{name}: {}", other.why())),
        };
        self.findings.add(Weight::Unfit, subject, words);
    }

    /// The layout of the data, and how much there is.
    async fn memory(&mut self, clock: &Clock) -> Result<(), Trouble> {
        let (mut horizon, mut claims, mut barriers) = (None, 0, 0);
        for partition in 0..self.keys.partitions() {
            let mut head = cmd("HMGET");
            head.arg(self.keys.head(partition)).arg("v").arg("h");
            let (version, since): (Option<String>, Option<u64>) =
                match self.connection.query(&head).await {
                    Err(error) if is_forbidden(&error) => return Ok(()), // it was said
                    Err(error) => return Err(trouble(&error)),
                    Ok(value) => redis::from_redis_value(value).map_err(Trouble::lost)?,
                };
            if let Some(other) = version.filter(|version| version != VERSION) {
                let words = format_args!(
                    "its data have the layout {other:?}, and this program knows {VERSION:?}: give this program another prefix, or use the version that wrote them"
                );
                self.findings.add(Weight::Unfit, Subject::Layout, words);
                return Ok(());
            }
            horizon = horizon.max(since);
            let Ok(listed) = listed(&mut self.connection, &self.keys, partition).await else {
                return Ok(());
            };
            for name in listed {
                let mut length = cmd("HLEN");
                length.arg(self.keys.named(partition, &name));
                let Ok(length) = self.connection.read::<u64>(&length).await else {
                    return Ok(());
                };
                // All but the entry ''.
                let entries = length.saturating_sub(1);
                if name.starts_with('g') {
                    claims += entries;
                } else {
                    barriers += entries;
                }
            }
        }
        self.findings
            .memory(horizon, clock.now(), claims, barriers, VERSION);
        Ok(())
    }

    async fn clocks(&mut self, clock: &Clock) -> Result<(), Trouble> {
        let before = clock.now().get();
        let Ok(answer) = self.connection.query(&cmd("TIME")).await else {
            return Ok(()); // it was said
        };
        let after = clock.now().get();
        let (seconds, micros): (u64, u64) =
            redis::from_redis_value(answer).map_err(Trouble::lost)?;
        let theirs = seconds * 1000 + micros / 1000;
        self.findings
            .clocks(theirs, before + after.saturating_sub(before) / 2);
        Ok(())
    }
}

fn is_forbidden(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm)
}
