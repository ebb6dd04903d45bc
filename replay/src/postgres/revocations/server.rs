//! A Postgres server as the engine asks it about revocations.

use std::convert::Infallible;
use std::fmt;

use apply_cookies_protocol::UnixMillis;
use apply_cookies_protocol::limits::SKEW_MS;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;
use tokio_postgres::types::Type;

use crate::claim::MARGIN_MS;
use crate::clock::Clock;
use crate::listeners::{Listeners, RevocationListener};
use crate::postgres::claim::{Uuid, int};
use crate::postgres::connect::{Turns, connect};
use crate::postgres::link::{Link, Parameter, read, strange};
use crate::postgres::settings::{DEFAULT_PORT, Listen, Settings};
use crate::remote::address::Host;
use crate::remote::question::{Group, Memory};
use crate::remote::revoking::{Request, Response, Revoking};
use crate::remote::server::{Forgotten, Limits, Server};
use crate::remote::trouble::Trouble;
use crate::revocation::{Revocation, RevocationDigest, SessionCheck, Standing, Subject};

/// The most rows that are removed at a time: some 10 ms.
const ROWS: i32 = 2_000;

/// The most sessions that are looked up in one statement.
const SESSIONS: usize = 1_000;

pub(super) struct RevocationServer {
    settings: Settings,
    turns: Turns,
    direct_turns: Turns,
}

impl RevocationServer {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            turns: Turns::default(),
            direct_turns: Turns::default(),
        }
    }

    async fn begin(&self, link: &Link) -> Result<UnixMillis, Trouble> {
        moment(link.value(&self.settings.schema.begin, &[]).await?)
    }

    /// Revokes, in one transaction.
    async fn revoke(
        &self,
        link: &Link,
        revocations: &[&Revocation],
        now: UnixMillis,
    ) -> Result<Vec<Response>, Trouble> {
        if revocations.is_empty() {
            return Ok(Vec::new());
        }
        let mut columns = Columns::default();
        for (owner, revocation) in (1..).zip(revocations) {
            for subject in revocation.subjects.iter() {
                columns.add(owner, subject);
            }
        }
        let given = revocations.iter().map(|one| one.at.map(|at| int(at.get())));
        let longest = revocations.iter().map(|one| int(one.longest.as_millis()));
        let (given, longest): (Vec<_>, Vec<_>) = (given.collect(), longest.collect());
        let schema = &self.settings.schema;
        let answers: Vec<Option<i64>> = link
            .value(
                &schema.revoke,
                &[
                    (&int(now.get()), Type::INT8),
                    (&self.settings.lossless, Type::BOOL),
                    (&int(self.settings.revocations), Type::INT8),
                    (&schema.revoked(), Type::TEXT),
                    (&given, Type::INT8_ARRAY),
                    (&longest, Type::INT8_ARRAY),
                    (&columns.digests, Type::UUID_ARRAY),
                    (&columns.are_absolute, Type::BOOL_ARRAY),
                    (&columns.owners, Type::INT4_ARRAY),
                ],
            )
            .await?;
        let response = |answer: Option<i64>| {
            answer.map_or(Ok(Response::Full), |at| moment(at).map(Response::Moment))
        };
        answers.into_iter().map(response).collect()
    }

    /// Looks up sessions, some at a time.
    async fn check(
        &self,
        link: &Link,
        sessions: &[&SessionCheck],
        now: UnixMillis,
    ) -> Result<Vec<Standing>, Trouble> {
        let mut standings = Vec::with_capacity(sessions.len());
        for some in sessions.chunks(SESSIONS) {
            let mut columns = Columns::default();
            for (owner, session) in (0..).zip(some) {
                for subject in session.subjects.iter() {
                    columns.add(owner, subject);
                    columns.since.push(int(session.since.get()));
                }
            }
            let rows = link
                .rows(
                    &self.settings.schema.check,
                    &[
                        (&int(now.get()), Type::INT8),
                        (&self.settings.lossless, Type::BOOL),
                        (&int(SKEW_MS), Type::INT8),
                        (&columns.digests, Type::UUID_ARRAY),
                        (&columns.are_absolute, Type::BOOL_ARRAY),
                        (&columns.since, Type::INT8_ARRAY),
                        (&columns.owners, Type::INT4_ARRAY),
                    ],
                )
                .await?;
            let row = rows.first().ok_or_else(strange)?;
            let over = read::<Option<Vec<i32>>>(row, 0)?.unwrap_or_default();
            let known_from = read::<i64>(row, 1)?;
            standings.extend((0..).zip(some).map(|(owner, session)| {
                if int(session.since.get()) < known_from {
                    Standing::BeforeHorizon
                } else if over.contains(&owner) {
                    Standing::Revoked
                } else {
                    Standing::Valid
                }
            }));
        }
        Ok(standings)
    }

    async fn listen(
        &self,
        listeners: &Listeners<dyn RevocationListener>,
    ) -> Result<Infallible, Trouble> {
        let settings = &self.settings;
        let (hosts, turns) = match &settings.listen {
            Listen::Same => (&settings.hosts, &self.turns),
            Listen::At(hosts) => (hosts, &self.direct_turns),
            // Whoever holds sessions open asks for them anyway.
            Listen::Poll => return std::future::pending().await,
        };
        let late = || Trouble::lost("the server does not answer");
        let (sender, mut heard) = unbounded_channel();
        let connecting = connect(settings, hosts, turns, Some(&sender));
        let connecting = timeout(settings.limits.connect, connecting).await;
        let link = connecting.unwrap_or_else(|_| Err(late()))?;
        drop(sender); // The connection has the other: when it ends, there is none.
        let listening = link.run(&settings.schema.listen_revoked);
        let listening = timeout(settings.limits.patience(), listening).await;
        listening.unwrap_or_else(|_| Err(late()))?;
        while let Some(message) = heard.recv().await {
            tell(&message, listeners);
        }
        Err(Trouble::lost("the connection that listens ended"))
    }
}

/// Subjects of several sessions, or revocations.
#[derive(Default)]
struct Columns {
    digests: Vec<Uuid>,
    are_absolute: Vec<bool>,
    since: Vec<i64>,
    owners: Vec<i32>,
}

impl Columns {
    fn add(&mut self, owner: i32, subject: Subject) {
        self.digests.push(Uuid(subject.digest().to_bytes()));
        self.are_absolute
            .push(matches!(subject, Subject::Absolute(_)));
        self.owners.push(owner);
    }
}

fn moment(millis: i64) -> Result<UnixMillis, Trouble> {
    let millis = u64::try_from(millis).ok().and_then(UnixMillis::new);
    millis.ok_or_else(strange)
}

/// Tells of a message: a moment, and digests in hexadecimal digits.
fn tell(message: &str, listeners: &Listeners<dyn RevocationListener>) {
    let mut words = message.split(' ');
    let at = words.next().and_then(|word| word.parse().ok());
    let Some(at) = at.and_then(UnixMillis::new) else {
        return;
    };
    for digest in words.filter_map(|word| u128::from_str_radix(word, 16).ok()) {
        listeners.tell(RevocationDigest::from_bytes(digest.to_be_bytes()), at);
    }
}

impl Server for RevocationServer {
    type Kind = Revoking;
    type Link = Link;

    const NAME: &'static str = "revoked-pg";

    fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// Look-ups do not wait for what must be written.
    fn group(&self, request: &Request) -> Group {
        Group {
            partition: u8::from(matches!(request, Request::Check(_))),
            ..Group::default()
        }
    }

    async fn connect(&self) -> Result<Link, Trouble> {
        connect(&self.settings, &self.settings.hosts, &self.turns, None).await
    }

    async fn decide(
        &self,
        link: &mut Link,
        _: Group,
        requests: &[Request],
        now: UnixMillis,
    ) -> Result<Vec<Response>, Trouble> {
        let mut sessions = Vec::new();
        let mut revocations = Vec::new();
        let mut moment = None;
        for request in requests {
            match request {
                Request::Check(some) => sessions.extend(some),
                Request::Revoke(one) => revocations.push(&**one),
                // None of those who ask together has an answer yet: one moment is right for all.
                Request::Begin if moment.is_none() => moment = Some(self.begin(link).await?),
                Request::Begin => {}
            }
        }
        let mut standings = self.check(link, &sessions, now).await?.into_iter();
        let mut revoked = match self.revoke(link, &revocations, now).await {
            Err(Trouble::Full) => vec![Response::Full; revocations.len()],
            answers => answers?,
        }
        .into_iter();
        let response = |request: &Request| match request {
            Request::Check(some) => Some(Response::Standings(
                standings.by_ref().take(some.len()).collect(),
            )),
            Request::Revoke(_) => revoked.next(),
            Request::Begin => moment.map(Response::Moment),
        };
        let responses: Option<Vec<_>> = requests.iter().map(response).collect();
        responses.ok_or_else(strange)
    }

    async fn memory(&self, link: &mut Link, now: UnixMillis) -> Result<Memory, Trouble> {
        let parameters: &[Parameter<'_>] = &[
            (&int(now.get()), Type::INT8),
            (&self.settings.lossless, Type::BOOL),
        ];
        let rows = link.rows(&self.settings.schema.known, parameters).await?;
        let row = rows.first().ok_or_else(strange)?;
        Ok(Memory {
            horizon: moment(read(row, 0)?)?,
            forgotten_until: moment(read(row, 1)?)?.get(),
        })
    }

    async fn forget(&self, link: &mut Link, now: UnixMillis) -> Result<Forgotten, Trouble> {
        let parameters: &[Parameter<'_>] = &[
            (&int(now.get()), Type::INT8),
            (&int(SKEW_MS + MARGIN_MS), Type::INT8),
            (&ROWS, Type::INT4),
        ];
        let statement = &self.settings.schema.sweep_revocations;
        Ok(match link.value::<i64>(statement, parameters).await? {
            0 => Forgotten::Nothing,
            some if some < i64::from(ROWS) => Forgotten::All,
            _ => Forgotten::Some,
        })
    }

    async fn hear(&self, listeners: &Listeners<dyn RevocationListener>, _: &Clock) -> Trouble {
        match self.listen(listeners).await {
            Ok(never) => match never {},
            Err(trouble) => trouble,
        }
    }
}

/// Where it is, without the password.
impl fmt::Debug for RevocationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { hosts, schema, .. } = &self.settings;
        let hosts = Host::list(hosts, DEFAULT_PORT);
        write!(f, "{hosts} schema={} revocations", schema.name())
    }
}
