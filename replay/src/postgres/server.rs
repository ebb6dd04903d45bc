//! A Postgres server as the engine asks it.

use std::fmt;

use apply_cookies_protocol::UnixMillis;
use apply_cookies_protocol::limits::SKEW_MS;
use tokio_postgres::types::Type;

use super::claim::{self, int};
use super::connect::{Turns, connect};
use super::link::{Link, Parameter, read, strange};
use super::receipts::Ear;
use super::settings::{DEFAULT_PORT, Settings};
use crate::claim::MARGIN_MS;
use crate::clock::Clock;
use crate::listeners::Listeners;
use crate::remote::address::Host;
use crate::remote::claims::Claims;
use crate::remote::question::{Decision, Group, Memory, Question};
use crate::remote::server::{Forgotten, Limits, Server};
use crate::remote::trouble::Trouble;

/// The most rows that are removed at a time: some 10 ms.
const ROWS: i32 = 2_000;

pub(super) struct PostgresServer {
    settings: Settings,
    turns: Turns,
    direct_turns: Turns,
}

impl PostgresServer {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            turns: Turns::default(),
            direct_turns: Turns::default(),
        }
    }

    /// Forgets some claims; how many are removed.
    async fn forget_claims(&self, link: &Link, now: UnixMillis) -> Result<i64, Trouble> {
        let schema = &self.settings.schema;
        let parameters: &[Parameter<'_>] = &[
            (&int(now.get()), Type::INT8),
            (&int(SKEW_MS + MARGIN_MS), Type::INT8),
        ];
        link.rows(&schema.forget, parameters).await?;
        link.value(&schema.sweep, &[(&ROWS, Type::INT4)]).await
    }

    /// Forgets some barriers; how many are removed.
    async fn forget_barriers(&self, link: &Link, now: UnixMillis) -> Result<i64, Trouble> {
        let parameters: &[Parameter<'_>] = &[
            (&int(now.get()), Type::INT8),
            (&int(SKEW_MS + MARGIN_MS), Type::INT8),
            (&ROWS, Type::INT4),
        ];
        let statement = &self.settings.schema.sweep_barriers;
        link.value(statement, parameters).await
    }
}

impl Server for PostgresServer {
    type Kind = Claims;
    type Link = Link;

    const NAME: &'static str = "replay-postgres";

    fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    fn group(&self, _: &Question) -> Group {
        Group::default()
    }

    async fn connect(&self) -> Result<Link, Trouble> {
        connect(&self.settings, &self.settings.hosts, &self.turns, None).await
    }

    async fn decide(
        &self,
        link: &mut Link,
        _: Group,
        questions: &[Question],
        now: UnixMillis,
    ) -> Result<Vec<Decision>, Trouble> {
        // A server without room is asked again for what needs none.
        match claim::ask(&self.settings, link, questions, now, false).await {
            Err(Trouble::Full) => claim::ask(&self.settings, link, questions, now, true).await,
            answer => answer,
        }
    }

    async fn memory(&self, link: &mut Link, now: UnixMillis) -> Result<Memory, Trouble> {
        let parameters: &[Parameter<'_>] = &[
            (&int(now.get()), Type::INT8),
            (&self.settings.lossless, Type::BOOL),
        ];
        let rows = link.rows(&self.settings.schema.head, parameters).await?;
        let row = rows.first().ok_or_else(strange)?;
        let number = |column| u64::try_from(read::<i64>(row, column)?).map_err(|_| strange());
        Ok(Memory {
            horizon: UnixMillis::new(number(0)?).ok_or_else(strange)?,
            forgotten_until: number(1)?,
        })
    }

    async fn forget(&self, link: &mut Link, now: UnixMillis) -> Result<Forgotten, Trouble> {
        let claims = self.forget_claims(link, now).await?;
        let barriers = self.forget_barriers(link, now).await?;
        Ok(match claims.max(barriers) {
            0 => Forgotten::Nothing,
            some if some < i64::from(ROWS) => Forgotten::All,
            _ => Forgotten::Some,
        })
    }

    async fn hear(&self, listeners: &Listeners, clock: &Clock) -> Trouble {
        let ear = Ear {
            settings: &self.settings,
            turns: &self.turns,
            direct_turns: &self.direct_turns,
            listeners,
            clock,
        };
        ear.hear().await
    }
}

/// Where it is, without the password.
impl fmt::Debug for PostgresServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { hosts, schema, .. } = &self.settings;
        let hosts = Host::list(hosts, DEFAULT_PORT);
        write!(f, "{hosts} schema={}", schema.name())
    }
}
