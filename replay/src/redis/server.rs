//! A Redis server as the engine asks it.

use std::fmt;
use std::sync::atomic::AtomicU64;

use apply_cookies_protocol::UnixMillis;

use super::claim;
use super::keys::Keys;
use super::link::Connection;
use super::receipts;
use super::script::{self, Spans, Terms};
use super::settings::Settings;
use crate::clock::Clock;
use crate::listeners::Listeners;
use crate::remote::claims::Claims;
use crate::remote::question::{Decision, Group, Memory, Question};
use crate::remote::server::{Forgotten, Limits, Server};
use crate::remote::trouble::Trouble;

/// The layout of the data, as the head names it.
pub(super) const VERSION: &str = "1";

pub(super) struct RedisServer {
    settings: Settings,
    keys: Keys,
    /// For each partition the horizon that the server named last.
    horizons: Vec<AtomicU64>,
}

/// A connection, and what it knows of the data.
pub(super) struct Link {
    pub(super) connection: Connection,
    /// For each partition.
    pub(super) spans: Vec<Spans>,
}

impl Link {
    pub(super) async fn open(settings: &Settings, keys: &Keys) -> Result<Self, Trouble> {
        let mut connection = Connection::open(settings).await?;
        let mut version = redis::cmd("HGET");
        version.arg(keys.head(0)).arg("v");
        let version: Option<String> = connection.read(&version).await?;
        if version.as_deref().is_some_and(|version| version != VERSION) {
            return Err(Trouble::refused(
                "the server's data have another layout; give this version another prefix",
            ));
        }
        Ok(Self {
            connection,
            spans: vec![Spans::new(); usize::from(keys.partitions())],
        })
    }
}

impl RedisServer {
    pub(super) fn new(settings: Settings) -> Self {
        let cluster = matches!(settings.place, super::settings::Place::Cluster(_));
        let keys = Keys::new(&settings.prefix, cluster);
        let horizons = (0..keys.partitions()).map(|_| AtomicU64::new(0));
        Self {
            horizons: horizons.collect(),
            settings,
            keys,
        }
    }

    fn terms(&self) -> Terms<'_> {
        Terms::new(&self.settings, &self.keys, &self.horizons)
    }

    /// Asks a partition what it remembers, and nothing else.
    async fn memory_of(
        &self,
        link: &mut Link,
        partition: u8,
        now: UnixMillis,
    ) -> Result<Memory, Trouble> {
        let group = Group {
            partition,
            ..Group::default()
        };
        let (_, memory) = self.ask(link, group, &[], now).await?;
        Ok(memory)
    }

    async fn ask(
        &self,
        link: &mut Link,
        group: Group,
        questions: &[Question],
        now: UnixMillis,
    ) -> Result<(Vec<Decision>, Memory), Trouble> {
        let Link { connection, spans } = link;
        let spans = &mut spans[usize::from(group.partition)];
        let (terms, room) = (self.terms(), self.limits().barriers);
        claim::decide(connection, &terms, room, spans, group, questions, now).await
    }

    /// Tells other processes, where the script did not.
    async fn tell(&self, link: &mut Link, questions: &[Question], decisions: &[Decision]) {
        if self.settings.replicas == 0 {
            return;
        }
        let message = claim::message(questions, decisions);
        if message.is_empty() {
            return;
        }
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(self.keys.channel()).arg(message);
        // Those who miss it read the claims when they subscribe again.
        let _ = link.connection.query(&publish).await;
    }
}

impl Server for RedisServer {
    type Kind = Claims;
    type Link = Link;

    const NAME: &'static str = "replay-redis";

    fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    fn group(&self, question: &Question) -> Group {
        let partition = self.keys.partition(question);
        match question {
            Question::Claim(asked) => Group {
                partition,
                generation: asked.claim.end_of_generation(),
                bound: asked.claim.binding.is_some(),
            },
            Question::Barrier(_) => Group {
                partition,
                ..Group::default()
            },
        }
    }

    async fn connect(&self) -> Result<Link, Trouble> {
        Link::open(&self.settings, &self.keys).await
    }

    async fn decide(
        &self,
        link: &mut Link,
        group: Group,
        questions: &[Question],
        now: UnixMillis,
    ) -> Result<Vec<Decision>, Trouble> {
        let (decisions, _) = self.ask(link, group, questions, now).await?;
        self.tell(link, questions, &decisions).await;
        Ok(decisions)
    }

    async fn memory(&self, link: &mut Link, now: UnixMillis) -> Result<Memory, Trouble> {
        let mut memory = self.memory_of(link, 0, now).await?;
        for partition in 1..self.keys.partitions() {
            let other = self.memory_of(link, partition, now).await?;
            memory.horizon = memory.horizon.max(other.horizon);
            memory.forgotten_until = memory.forgotten_until.max(other.forgotten_until);
        }
        Ok(memory)
    }

    async fn forget(&self, link: &mut Link, now: UnixMillis) -> Result<Forgotten, Trouble> {
        let mut forgotten = Forgotten::Nothing;
        for partition in 0..self.keys.partitions() {
            let some = script::forget(&mut link.connection, &self.keys, partition, now).await?;
            forgotten = match (forgotten, some) {
                (Forgotten::Some, _) | (_, Forgotten::Some) => Forgotten::Some,
                (Forgotten::All, _) | (_, Forgotten::All) => Forgotten::All,
                _ => Forgotten::Nothing,
            };
        }
        Ok(forgotten)
    }

    async fn hear(&self, listeners: &Listeners, _: &Clock) -> Trouble {
        receipts::hear(&self.settings, &self.keys, listeners).await
    }
}

/// Where it is, without the password.
impl fmt::Debug for RedisServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { place, prefix, .. } = &self.settings;
        write!(f, "{place} prefix={prefix}")
    }
}
