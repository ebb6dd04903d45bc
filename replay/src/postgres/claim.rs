//! The function that decides claims: how it is asked, and what it answers.

use std::error::Error;

use apply_cookies_protocol::limits::SKEW_MS;
use apply_cookies_protocol::{Grant, UnixMillis};
use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::link::{Link, read, strange};
use super::settings::Settings;
use crate::answer::{BarrierAnswer, ClaimAnswer};
use crate::barrier::Raising;
use crate::remote::question::{Decision, Question};
use crate::remote::trouble::Trouble;

/// Sixteen bytes as Postgres keeps them: nonces, digests, bindings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Uuid(pub(super) [u8; 16]);

impl ToSql for Uuid {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::UUID
    }

    to_sql_checked!();
}

impl FromSql<'_> for Uuid {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw.try_into()?))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::UUID
    }
}

/// A number as Postgres keeps it. Times are below 2^48.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Questions in columns.
#[derive(Default)]
struct Columns {
    nonces: Vec<Uuid>,
    /// `None` for a barrier alone.
    redemptions: Vec<Option<Uuid>>,
    bindings: Vec<Option<Uuid>>,
    issues: Vec<i64>,
    generations: Vec<i64>,
    /// `None` for a claim without a barrier.
    barrier_ends: Vec<Option<i64>>,
}

impl Columns {
    fn of(questions: &[Question]) -> Self {
        let mut columns = Self::default();
        for question in questions {
            let raising = match question {
                Question::Claim(asked) => {
                    let claim = &asked.claim;
                    columns.nonces.push(Uuid(claim.nonce.to_bytes()));
                    columns.redemptions.push(Some(Uuid(asked.digest)));
                    let binding = claim.binding.map(|binding| Uuid(binding.to_bytes()));
                    columns.bindings.push(binding);
                    columns.issues.push(int(claim.issued_at.get()));
                    columns.generations.push(int(claim.end_of_generation()));
                    Raising::of_claim(claim)
                }
                Question::Barrier(raising) => {
                    let standing = &raising.standing;
                    columns.nonces.push(Uuid(standing.nonce.to_bytes()));
                    columns.redemptions.push(None);
                    columns
                        .bindings
                        .push(Some(Uuid(raising.binding.to_bytes())));
                    columns.issues.push(int(standing.issued_at.get()));
                    columns.generations.push(0);
                    Some(*raising)
                }
            };
            // Not rounded to a generation: each barrier is a row, which can go when it is over.
            let ends = raising.map(|raising| int(raising.ends_at.get()));
            columns.barrier_ends.push(ends);
        }
        columns
    }

    /// Claims without barriers leave out a column, and so much work.
    fn barrier_ends(&self) -> Option<&Vec<Option<i64>>> {
        let some = self.barrier_ends.iter().any(Option::is_some);
        some.then_some(&self.barrier_ends)
    }
}

/// Asks the function. With `full` it writes nothing, and answers what needs no room.
pub(super) async fn ask(
    settings: &Settings,
    link: &Link,
    questions: &[Question],
    now: UnixMillis,
    full: bool,
) -> Result<Vec<Decision>, Trouble> {
    let columns = Columns::of(questions);
    let rows = link
        .rows(
            &settings.schema.claim,
            &[
                (&int(now.get()), Type::INT8),
                (&int(SKEW_MS), Type::INT8),
                (&int(settings.limits.barriers), Type::INT8),
                (&settings.lossless, Type::BOOL),
                (&full, Type::BOOL),
                (&settings.schema.name(), Type::TEXT),
                (&columns.nonces, Type::UUID_ARRAY),
                (&columns.redemptions, Type::UUID_ARRAY),
                (&columns.bindings, Type::UUID_ARRAY),
                (&columns.issues, Type::INT8_ARRAY),
                (&columns.generations, Type::INT8_ARRAY),
                (&columns.barrier_ends(), Type::INT8_ARRAY),
            ],
        )
        .await?;
    let row = rows.first().ok_or_else(strange)?;
    let (answers, marks) = (read::<String>(row, 0)?, read::<String>(row, 1)?);
    decisions(questions, &answers, &marks).ok_or_else(strange)
}

/// What the function answered, if it is something that it answers.
fn decisions(questions: &[Question], answers: &str, marks: &str) -> Option<Vec<Decision>> {
    if answers.len() != questions.len() {
        return None;
    }
    let mut marks = marks.bytes();
    let decisions = questions
        .iter()
        .zip(answers.bytes())
        .map(|(question, answer)| {
            let barrier = barrier(marks.next().unwrap_or(b'0'))?;
            let granted = |grant| Decision::Claim(ClaimAnswer::Granted { grant, barrier });
            Some(match (question, answer) {
                (Question::Barrier(_), b'b') => Decision::Barrier(barrier),
                (Question::Claim(_), b'0') => granted(Grant::First),
                (Question::Claim(_), b'1') => granted(Grant::Retry),
                (Question::Claim(_), b'2') => Decision::Claim(ClaimAnswer::AlreadyUsed),
                (Question::Claim(_), b'3') => Decision::Claim(ClaimAnswer::BeforeHorizon),
                (Question::Claim(_), b'4') => Decision::Claim(ClaimAnswer::BehindBarrier),
                (Question::Claim(_), b'5') => Decision::Full,
                _ => return None,
            })
        });
    decisions.collect()
}

/// What became of a barrier.
pub(super) fn barrier(mark: u8) -> Option<BarrierAnswer> {
    match mark {
        b'0' => Some(BarrierAnswer::NotAsked),
        b'1' => Some(BarrierAnswer::Raised),
        b'2' => Some(BarrierAnswer::NoRoom),
        _ => None,
    }
}
