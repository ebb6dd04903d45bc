//! Claims and barriers: how they are asked, and the answers.

use std::fmt::Write;
use std::sync::LazyLock;

use apply_cookies_protocol::limits::SKEW_MS;
use apply_cookies_protocol::{Grant, UnixMillis};
use redis::{Cmd, Script};

use super::link::Connection;
use super::script::{Spans, Terms, keys_of, strange};
use crate::answer::{BarrierAnswer, ClaimAnswer};
use crate::barrier::Raising;
use crate::remote::question::{Asked, Decision, Group, Memory, Question};
use crate::remote::trouble::Trouble;

const SOURCE: &str = concat!(include_str!("head.lua"), include_str!("claim.lua"));
static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(SOURCE));

/// Decides questions of a group, with room for so many barriers.
pub(super) async fn decide(
    connection: &mut Connection,
    terms: &Terms<'_>,
    room: u64,
    spans: &mut Spans,
    group: Group,
    questions: &[Question],
    now: UnixMillis,
) -> Result<(Vec<Decision>, Memory), Trouble> {
    let script = (&*SCRIPT, SOURCE);
    let asking = terms.ask(
        connection,
        script,
        group.partition,
        spans,
        |command, spans| {
            write(command, terms, room, spans, group, questions, now);
        },
    );
    let (memory, answers) = asking.await?;
    let decisions = match &answers[..] {
        [claims, barriers] => read(claims, barriers, questions),
        _ => None,
    };
    Ok((decisions.ok_or_else(strange)?, memory))
}

/// Writes the keys and arguments of `claim.lua`.
fn write(
    command: &mut Cmd,
    terms: &Terms<'_>,
    room: u64,
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

    let known = keys_of(keys, part, spans);
    command.arg(2 + known.clone().count() + raisings.len());
    command.arg(&head);
    if count > 0 {
        command.arg(keys.generation(part, ends));
    } else {
        command.arg(&head);
    }
    for span in known {
        command.arg(span);
    }
    let span_of = |raising: &Raising| raising.end_of_generation(0);
    for (_, raising) in &raisings {
        command.arg(keys.span(part, span_of(raising)));
    }

    let first = claims().map(|asked| asked.claim.issued_at.get()).min();
    terms.write(command, spans, part, &format!("g{ends}"), now);
    // With replicas, listeners are told when those have the claims.
    let channel = if terms.waits() { "" } else { keys.channel() };
    command
        .arg(channel)
        .arg(SKEW_MS)
        .arg(room)
        .arg(u8::from(group.bound))
        .arg(count)
        .arg(first.unwrap_or(0))
        .arg(issues(claims()));
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

/// Reads what the script says of the claims, and of the barriers.
fn read(claims: &str, barriers: &str, questions: &[Question]) -> Option<Vec<Decision>> {
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
    decisions.collect()
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
