//! A Redis server as the engine asks it about revocations.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies_protocol::UnixMillis;
use redis::{Cmd, Script};

use crate::clock::Clock;
use crate::listeners::{Listeners, RevocationListener};
use crate::redis::keys::Keys;
use crate::redis::receipts;
use crate::redis::script::{self, Terms, keys_of, strange};
use crate::redis::server::Link;
use crate::redis::settings::Settings;
use crate::remote::question::{Group, Memory};
use crate::remote::revoking::{Request, Response, Revoking};
use crate::remote::server::{Forgotten, Limits, Server};
use crate::remote::trouble::Trouble;
use crate::revocation::{Revocation, RevocationDigest, SessionCheck, Standing, Subject};

const SOURCE: &str = concat!(include_str!("../head.lua"), include_str!("revoke.lua"));
static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(SOURCE));

/// The most sessions that are looked up in one call: some thousand digests in up to nine spans keep
/// the server's one thread for a millisecond or two.
const SESSIONS: usize = 250;

/// How often the server may name a later moment than the one by which a span was chosen.
const TRIES: usize = 4;

/// The head's partition: there is one.
const PARTITION: u8 = 0;

/// The groups of questions. Look-ups do not wait for what must be written.
const LOOK_UPS: u8 = 1;

pub(super) struct RevocationServer {
    settings: Settings,
    keys: Keys,
    /// The horizon that the server named last.
    horizon: [AtomicU64; 1],
    /// The latest moment that it named, in the head's form: where it names an earlier one, it has lost
    /// something.
    latest: AtomicU64,
}

/// A call of the script.
enum Act<'a> {
    Look(&'a [&'a SessionCheck]),
    Begin,
    /// Of one length of sessions, added to the span with this end.
    Revoke(&'a [&'a Revocation], u64),
}

/// What the script answers.
struct Answer {
    memory: Memory,
    /// The latest moment.
    moment: UnixMillis,
    rest: Vec<String>,
}

impl RevocationServer {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            keys: Keys::of_revocations(&settings.prefix),
            settings,
            horizon: [AtomicU64::new(0)],
            latest: AtomicU64::new(0),
        }
    }

    async fn ask(
        &self,
        link: &mut Link,
        act: &Act<'_>,
        now: UnixMillis,
    ) -> Result<Answer, Trouble> {
        let Link { connection, spans } = link;
        let spans = &mut spans[usize::from(PARTITION)];
        let terms = Terms::new(&self.settings, &self.keys, &self.horizon);
        let script = (&*SCRIPT, SOURCE);
        let write = |command: &mut Cmd, spans: &String| {
            let (keys, head) = (
                keys_of(&self.keys, PARTITION, spans),
                self.keys.head(PARTITION),
            );
            command.arg(2 + keys.clone().count()).arg(&head);
            match act {
                Act::Revoke(_, ends) => command.arg(self.keys.span(PARTITION, ends)),
                Act::Look(_) | Act::Begin => command.arg(&head),
            };
            for key in keys {
                command.arg(key);
            }
            terms.write(command, spans, PARTITION, "m", now);
            command.arg(self.latest.load(Ordering::Relaxed));
            self.write(command, act);
        };
        let asking = terms.ask(connection, script, PARTITION, spans, write);
        let (memory, mut rest) = asking.await?;
        let latest = rest.first().and_then(|text| text.parse::<u64>().ok());
        let latest = latest.ok_or_else(strange)?;
        self.latest.fetch_max(latest, Ordering::Relaxed);
        Ok(Answer {
            memory,
            moment: UnixMillis::EPOCH.plus(latest / 2),
            rest: rest.split_off(1),
        })
    }

    /// Writes the last arguments of `revoke.lua`.
    fn write(&self, command: &mut Cmd, act: &Act<'_>) {
        let waits = self.settings.replicas > 0;
        match act {
            Act::Begin => drop(command.arg("begin").arg("")),
            Act::Look(sessions) => {
                // With replicas, something is written that they must have.
                let channel = if waits {
                    self.keys.named(PARTITION, "w")
                } else {
                    String::new()
                };
                command.arg("look").arg(channel);
                for session in *sessions {
                    for subject in session.subjects.iter() {
                        command.arg(&subject.digest().to_bytes()[..]);
                    }
                }
            }
            Act::Revoke(revocations, ends) => {
                // With replicas, listeners are told when those have it.
                let channel = if waits { "" } else { self.keys.channel() };
                let longest = revocations.first().map(|one| one.longest.as_millis());
                command
                    .arg("revoke")
                    .arg(channel)
                    .arg(self.settings.revocations)
                    .arg(longest.unwrap_or(0))
                    .arg(*ends);
                for revocation in *revocations {
                    let at = revocation.at.map(|at| at.get().to_string());
                    command.arg(at.unwrap_or_default());
                    command.arg(revocation.subjects.iter().count());
                    for subject in revocation.subjects.iter() {
                        let kind = match subject {
                            Subject::Absolute(_) => b'a',
                            Subject::Timed(_) => b't',
                        };
                        let mut text = vec![kind];
                        text.extend(subject.digest().to_bytes());
                        command.arg(text);
                    }
                }
            }
        }
    }

    async fn look_up(
        &self,
        link: &mut Link,
        sessions: &[&SessionCheck],
        now: UnixMillis,
    ) -> Result<Vec<Standing>, Trouble> {
        let mut standings = Vec::with_capacity(sessions.len());
        for some in sessions.chunks(SESSIONS) {
            let Answer { memory, rest, .. } = self.ask(link, &Act::Look(some), now).await?;
            let over = revoked(&rest)?;
            let mut place = 0;
            standings.extend(some.iter().map(|session| {
                let mut is_over = false;
                for subject in session.subjects.iter() {
                    let at = over.get(&place);
                    is_over |= at.is_some_and(|at| subject.is_over(session.since, *at));
                    place += 1;
                }
                let forgotten = session.since.get() < memory.forgotten_until;
                if forgotten || !session.is_known(None, memory.horizon) {
                    Standing::BeforeHorizon
                } else if is_over {
                    Standing::Revoked
                } else {
                    Standing::Valid
                }
            }));
        }
        Ok(standings)
    }

    /// Revokes, in one step.
    async fn revoke(
        &self,
        link: &mut Link,
        revocations: &[&Revocation],
        now: UnixMillis,
    ) -> Result<Vec<Response>, Trouble> {
        let Some(first) = revocations.first() else {
            return Ok(Vec::new());
        };
        let mut moment = now;
        for _ in 0..TRIES {
            let record = first.records(moment).next().ok_or_else(strange)?;
            let act = Act::Revoke(revocations, record.end_of_generation(first.longest));
            let answer = self.ask(link, &act, now).await?;
            if answer.rest.len() == revocations.len() {
                let responses = answer.rest.iter().map(|text| response(text));
                let responses: Option<Vec<_>> = responses.collect();
                let responses = responses.ok_or_else(strange)?;
                self.tell(link, revocations, &responses).await;
                return Ok(responses);
            }
            moment = answer.moment;
        }
        Err(Trouble::busy("the server's time runs away"))
    }

    /// Tells other processes, where the script did not.
    async fn tell(&self, link: &mut Link, revocations: &[&Revocation], responses: &[Response]) {
        if self.settings.replicas == 0 {
            return;
        }
        let mut message = Vec::new();
        for (revocation, response) in revocations.iter().zip(responses) {
            if let Response::Moment(at) = response {
                for subject in revocation.subjects.iter() {
                    message.extend(format!("{:015}", at.get()).bytes());
                    message.extend(subject.digest().to_bytes());
                }
            }
        }
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(self.keys.channel()).arg(message);
        // Those who miss it ask every few seconds.
        let _ = link.connection.query(&publish).await;
    }
}

/// As of when the digests of these places are revoked.
fn revoked(answers: &[String]) -> Result<HashMap<usize, UnixMillis>, Trouble> {
    let pairs = answers.as_chunks().0.iter().map(|[place, at]| {
        let at = UnixMillis::new(at.parse().ok()?)?;
        Some((place.parse().ok()?, at))
    });
    pairs.collect::<Option<_>>().ok_or_else(strange)
}

/// What came of one revocation.
fn response(text: &str) -> Option<Response> {
    if text.is_empty() {
        return Some(Response::Full);
    }
    Some(Response::Moment(UnixMillis::new(text.parse().ok()?)?))
}

/// Tells of a message: moments of 15 digits, each with a digest.
fn tell(message: &[u8], listeners: &Listeners<dyn RevocationListener>) {
    for record in message.as_chunks::<31>().0 {
        let Some((digits, digest)) = record.split_last_chunk::<16>() else {
            return;
        };
        let at = std::str::from_utf8(digits).ok();
        let at = at.and_then(|digits| UnixMillis::new(digits.parse().ok()?));
        if let Some(at) = at {
            listeners.tell(RevocationDigest::from_bytes(*digest), at);
        }
    }
}

impl Server for RevocationServer {
    type Kind = Revoking;
    type Link = Link;

    const NAME: &'static str = "revoked-redis";

    fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// Of one group are look-ups, beginnings, or revocations where sessions last equally long.
    fn group(&self, request: &Request) -> Group {
        let (partition, generation) = match request {
            Request::Check(_) => (LOOK_UPS, 0),
            Request::Begin => (0, 0),
            Request::Revoke(one) => (0, one.longest.as_millis()),
        };
        Group {
            partition,
            generation,
            bound: false,
        }
    }

    async fn connect(&self) -> Result<Link, Trouble> {
        Link::open(&self.settings, &self.keys).await
    }

    async fn decide(
        &self,
        link: &mut Link,
        _: Group,
        requests: &[Request],
        now: UnixMillis,
    ) -> Result<Vec<Response>, Trouble> {
        let (mut sessions, mut revocations, mut moment) = (Vec::new(), Vec::new(), None);
        for request in requests {
            match request {
                Request::Check(some) => sessions.extend(some),
                Request::Revoke(one) => revocations.push(&**one),
                // None of those who ask together has an answer yet: one moment is right for all.
                Request::Begin if moment.is_none() => {
                    moment = Some(self.ask(link, &Act::Begin, now).await?.moment);
                }
                Request::Begin => {}
            }
        }
        let mut standings = self.look_up(link, &sessions, now).await?.into_iter();
        let mut revoked = self.revoke(link, &revocations, now).await?.into_iter();
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
        Ok(self.ask(link, &Act::Look(&[]), now).await?.memory)
    }

    async fn forget(&self, link: &mut Link, now: UnixMillis) -> Result<Forgotten, Trouble> {
        script::forget(&mut link.connection, &self.keys, PARTITION, now).await
    }

    async fn hear(&self, listeners: &Listeners<dyn RevocationListener>, _: &Clock) -> Trouble {
        // Whoever holds a session open asks for what was told before.
        let caught_up = std::future::ready(Ok(()));
        let tell = |message: &[u8]| tell(message, listeners);
        receipts::listen(&self.settings, self.keys.channel(), caught_up, tell).await
    }
}

/// Where it is, without the password.
impl fmt::Debug for RevocationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { place, prefix, .. } = &self.settings;
        write!(f, "{place} prefix={prefix} revocations")
    }
}
