//! The scripts: how they are asked, and what they answer.

use std::fmt::Write;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies_protocol::limits::SKEW_MS;
use apply_cookies_protocol::{Grant, UnixMillis};
use futures_util::future::join;
use redis::{Cmd, ErrorKind, Script, ServerErrorKind, Value};

use super::error::trouble;
use super::keys::Keys;
use super::link::Connection;
use super::settings::Settings;
use crate::answer::{BarrierAnswer, ClaimAnswer};
use crate::barrier::Raising;
use crate::claim::MARGIN_MS;
use crate::remote::question::{Asked, Decision, Group, Memory, Question};
use crate::remote::server::Forgotten;
use crate::remote::trouble::Trouble;

const CLAIM_SOURCE: &str = include_str!("claim.lua");
const FORGET_SOURCE: &str = include_str!("forget.lua");
static CLAIM: LazyLock<Script> = LazyLock::new(|| Script::new(CLAIM_SOURCE));
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

/// What the script of a claim is asked besides the questions.
pub(super) struct Terms<'a> {
    pub(super) keys: &'a Keys,
    pub(super) incarnation: &'a str,
    pub(super) barriers: u64,
    /// Whether to tell listeners from within the script.
    pub(super) tell: bool,
    /// For each partition the horizon that the server named last.
    pub(super) horizons: &'a [AtomicU64],
    /// Sent behind the script; its answer must be this number at least.
    pub(super) wait: Option<(Cmd, u64)>,
}

/// The spans of barriers of one partition: their ends in the order and words of the head. A claim
/// must name their keys, so whoever asks has to know them; one who does not is told.
pub(super) type Spans = String;

/// How often spans may have changed while one batch is asked.
const CHANGES_MAX: usize = 8;

/// Decides questions of a group.
pub(super) async fn decide(
    connection: &mut Connection,
    terms: &Terms<'_>,
    spans: &mut Spans,
    group: Group,
    questions: &[Question],
    now: UnixMillis,
) -> Result<(Vec<Decision>, Memory), Trouble> {
    for _ in 0..CHANGES_MAX {
        let fill = |command: &mut Cmd| write_claims(command, terms, spans, group, questions, now);
        let call = Call {
            script: &CLAIM,
            source: CLAIM_SOURCE,
            fill: &fill,
        };
        let (answer, waited) = call
            .run(connection, terms.wait.as_ref().map(|wait| &wait.0))
            .await?;
        match read(answer, questions)? {
            Answer::Spans(known) => *spans = known,
            Answer::Decided(decisions, memory) => {
                // Not the latest: one that was in the future must not be asked for after a loss.
                horizon(terms, group).store(memory.horizon.get(), Ordering::Relaxed);
                if let Some((_, least)) = terms.wait {
                    let have =
                        waited.and_then(|waited| redis::from_redis_value::<u64>(waited).ok());
                    if have.is_none_or(|have| have < least) {
                        return Err(Trouble::busy(format_args!(
                            "{} of {least} replicas have the claims",
                            have.unwrap_or(0)
                        )));
                    }
                }
                return Ok((decisions, memory));
            }
        }
    }
    Err(Trouble::busy("spans of barriers come and go"))
}

fn horizon<'a>(terms: &Terms<'a>, group: Group) -> &'a AtomicU64 {
    &terms.horizons[usize::from(group.partition)]
}

/// Writes the keys and arguments of `claim.lua`.
fn write_claims(
    command: &mut Cmd,
    terms: &Terms<'_>,
    spans: &Spans,
    group: Group,
    questions: &[Question],
    now: UnixMillis,
) {
    let (keys, part) = (terms.keys, group.partition);
    let claims = || {
        questions.iter().filter_map(|question| match question {
            Question::Claim(asked) => Some(asked),
            Question::Barrier(_) => None,
        })
    };
    let raisings: Vec<(usize, Raising)> = raisings(questions).collect();
    let count = claims().count();
    let (head, ends) = (keys.head(part), group.generation);

    let known = spans.split(',').filter(|span| !span.is_empty());
    command.arg(2 + known.clone().count() + raisings.len());
    command.arg(&head);
    if count > 0 {
        command.arg(keys.generation(part, ends));
    } else {
        command.arg(&head);
    }
    for span in known {
        command.arg(keys.span(part, span));
    }
    let span_of = |raising: &Raising| raising.end_of_generation(0);
    for (_, raising) in &raisings {
        command.arg(keys.span(part, span_of(raising)));
    }

    let first = claims().map(|asked| asked.claim.issued_at.get()).min();
    command
        .arg(terms.incarnation)
        .arg(now.get())
        .arg(if terms.tell { keys.channel() } else { "" })
        .arg(SKEW_MS)
        .arg(terms.barriers)
        .arg(ends)
        .arg(spans)
        .arg(u8::from(group.bound))
        .arg(count)
        .arg(first.unwrap_or(0))
        .arg(issues(claims()))
        .arg(horizon(terms, group).load(Ordering::Relaxed));
    for asked in claims() {
        command.arg(&asked.claim.nonce.to_bytes()[..]);
    }
    for asked in claims() {
        command.arg(&asked.digest[..]);
    }
    if group.bound && !spans.is_empty() {
        for binding in claims().filter_map(|asked| asked.claim.binding) {
            command.arg(&binding.to_bytes()[..]);
        }
    }
    for (place, raising) in &raisings {
        let mut standing = raising.standing.nonce.to_bytes().to_vec();
        standing.extend(raising.standing.issued_at.get().to_string().bytes());
        command
            .arg(*place)
            .arg(&raising.binding.to_bytes()[..])
            .arg(standing)
            .arg(span_of(raising));
    }
}

/// The barriers of a batch, each with the place of its claim among the claims, or 0.
fn raisings(questions: &[Question]) -> impl Iterator<Item = (usize, Raising)> + '_ {
    let mut place = 0;
    questions.iter().filter_map(move |question| match question {
        Question::Claim(asked) => {
            place += 1;
            Some((place, Raising::of_claim(&asked.claim)?))
        }
        Question::Barrier(raising) => Some((0, *raising)),
    })
}

/// Times of issue, with commas between.
fn issues<'a>(claims: impl Iterator<Item = &'a Asked>) -> String {
    let mut text = String::new();
    for asked in claims {
        let _ = write!(text, "{},", asked.claim.issued_at.get());
    }
    text
}

enum Answer {
    /// The spans that the caller did not know.
    Spans(Spans),
    Decided(Vec<Decision>, Memory),
}

fn read(answer: Value, questions: &[Question]) -> Result<Answer, Trouble> {
    let strange = || Trouble::lost("the script's answer is not one that it gives");
    let texts: Vec<String> = redis::from_redis_value(answer).map_err(|_| strange())?;
    let (claims, barriers, numbers) = match &texts[..] {
        [spans] => return Ok(Answer::Spans(spans.clone())),
        [claims, barriers, numbers @ ..] => (claims, barriers, numbers),
        [] => return Err(strange()),
    };
    let numbers: Vec<u64> = numbers.iter().map_while(|text| text.parse().ok()).collect();
    let [horizon, claims_forgotten, barriers_forgotten] = numbers[..] else {
        return Err(strange());
    };
    let memory = Memory {
        horizon: UnixMillis::new(horizon).ok_or_else(strange)?,
        forgotten_until: claims_forgotten.max(barriers_forgotten),
    };
    let (mut claims, mut barriers) = (claims.bytes(), barriers.bytes());
    let decisions = questions.iter().map(|question| {
        let barrier = match question {
            Question::Claim(asked) if Raising::of_claim(&asked.claim).is_none() => {
                BarrierAnswer::NotAsked
            }
            _ => match barriers.next()? {
                b'0' => BarrierAnswer::NotAsked,
                b'1' => BarrierAnswer::Raised,
                b'2' => BarrierAnswer::NoRoom,
                _ => return None,
            },
        };
        if matches!(question, Question::Barrier(_)) {
            return Some(Decision::Barrier(barrier));
        }
        let granted = |grant| Decision::Claim(ClaimAnswer::Granted { grant, barrier });
        Some(match claims.next()? {
            b'0' => granted(Grant::First),
            b'1' => granted(Grant::Retry),
            b'2' => Decision::Claim(ClaimAnswer::AlreadyUsed),
            b'3' => Decision::Claim(ClaimAnswer::BeforeHorizon),
            b'4' => Decision::Claim(ClaimAnswer::BehindBarrier),
            b'5' => Decision::Full,
            _ => return None,
        })
    });
    let decisions: Option<Vec<Decision>> = decisions.collect();
    Ok(Answer::Decided(decisions.ok_or_else(strange)?, memory))
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

/// The message that tells of what was granted: nonces, each with what became of its barrier.
pub(super) fn message(questions: &[Question], decisions: &[Decision]) -> Vec<u8> {
    let mut message = Vec::new();
    for pair in questions.iter().zip(decisions) {
        if let (Question::Claim(asked), Decision::Claim(ClaimAnswer::Granted { barrier, .. })) =
            pair
        {
            message.extend(asked.claim.nonce.to_bytes());
            message.push(match barrier {
                BarrierAnswer::NotAsked => b'0',
                BarrierAnswer::Raised => b'1',
                BarrierAnswer::NoRoom => b'2',
            });
        }
    }
    message
}
