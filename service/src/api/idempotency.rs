//! Answers that are given again to whoever repeats a request under the same key.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::web::Bytes;
use apply_cookies::UnixMillis;

use super::keys::sha256;
use super::problem::{Kind, Problem};

/// The most keys at a time.
pub(super) const KEYS_MAX: usize = 10_000;

/// The most bytes of all answers.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// The longest key, in bytes.
const KEY_MAX: usize = 64;

/// How often ended answers are looked for, in milliseconds.
const FORGET_EVERY_MS: u64 = 1_000;

const FIELD: HeaderName = HeaderName::from_static("idempotency-key");

/// The answers that may be asked for again.
#[derive(Default)]
pub(super) struct Answers(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    by_key: HashMap<Box<[u8]>, Kept>,
    bytes: usize,
    next_forget: u64,
}

struct Kept {
    request: [u8; 32],
    answer: Bytes,
    until: UnixMillis,
}

/// The key of a request, if it has one.
pub(super) fn key(fields: &HeaderMap) -> Result<Option<&[u8]>, Problem> {
    let mut all = fields.get_all(&FIELD);
    let Some(key) = all.next() else {
        return Ok(None);
    };
    let fits =
        (1..=KEY_MAX).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic);
    if !fits || all.next().is_some() {
        let refused = Problem::invalid(format!(
            "must be there once, with 1 to {KEY_MAX} visible ASCII characters"
        ));
        return Err(refused.field(FIELD.as_str()));
    }
    Ok(Some(key.as_bytes()))
}

impl Answers {
    /// The answer to this request: the one that was given under its key, or the one that `make` makes,
    /// which is kept until its time.
    pub(super) fn answer(
        &self,
        key: &[u8],
        request: &[u8],
        now: UnixMillis,
        make: impl FnOnce() -> Result<(Bytes, UnixMillis), Problem>,
    ) -> Result<Bytes, Problem> {
        let request = sha256(request);
        // Held while tokens are made, so that two requests of one key cannot both make some.
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.forget(now);
        if let Some(kept) = inner.by_key.get(key).filter(|kept| now < kept.until) {
            return if kept.request == request {
                Ok(kept.answer.clone())
            } else {
                Err(Kind::CONFLICT.into())
            };
        }
        if inner.by_key.len() >= KEYS_MAX || inner.bytes >= BYTES_MAX {
            let detail = "too many requests with an Idempotency-Key are remembered";
            return Err(Problem::from(Kind::UNAVAILABLE).detail(detail));
        }
        let (answer, until) = make()?;
        inner.bytes += answer.len();
        let kept = Kept {
            request,
            answer: answer.clone(),
            until,
        };
        if let Some(ended) = inner.by_key.insert(key.into(), kept) {
            inner.bytes -= ended.answer.len();
        }
        Ok(answer)
    }
}

impl Inner {
    fn forget(&mut self, now: UnixMillis) {
        let next = now.get() + FORGET_EVERY_MS;
        // One that is due later than the next was put off by a clock that was ahead.
        if now.get() < self.next_forget && self.next_forget <= next {
            return;
        }
        self.next_forget = next;
        let bytes = &mut self.bytes;
        self.by_key.retain(|_, kept| {
            let stays = now < kept.until;
            if !stays {
                *bytes -= kept.answer.len();
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> UnixMillis {
        UnixMillis::EPOCH.plus(1_795_000_000_000 + millis)
    }

    fn made(answer: &'static str) -> impl FnOnce() -> Result<(Bytes, UnixMillis), Problem> {
        move || Ok((answer.into(), at(60_000)))
    }

    #[test]
    fn a_key_has_one_answer_until_its_tokens_have_expired() {
        let answers = Answers::default();
        let ask = |body: &str, now, answer| {
            let given = answers.answer(b"key", body.as_bytes(), at(now), made(answer));
            given.map_err(|problem| problem.to_string())
        };
        assert_eq!(ask("body", 0, "first").unwrap(), "first");
        assert_eq!(ask("body", 59_999, "second").unwrap(), "first");
        assert!(
            ask("other", 59_999, "third")
                .unwrap_err()
                .contains("belongs")
        );
        assert_eq!(ask("other", 60_000, "fourth").unwrap(), "fourth");
    }

    #[test]
    fn what_is_refused_is_not_remembered() {
        let answers = Answers::default();
        let refused = answers.answer(b"key", b"a", at(0), || Err(Kind::INVALID.into()));
        assert!(refused.is_err());
        assert_eq!(answers.answer(b"key", b"b", at(0), made("b")).unwrap(), "b");
    }

    #[test]
    fn ten_thousand_keys_fit_and_make_room_when_their_time_is_over() {
        let answers = Answers::default();
        let ask = |key: usize, now| {
            answers.answer(&key.to_be_bytes(), b"body", at(now), || {
                Ok(("answer".into(), at(now + 60_000)))
            })
        };
        for key in 0..KEYS_MAX {
            ask(key, 0).unwrap();
        }
        assert!(ask(KEYS_MAX, 1).is_err());
        assert!(ask(7, 1).is_ok(), "a known key still has its answer");
        assert!(ask(KEYS_MAX, 60_000).is_ok());
        assert_eq!(answers.0.lock().unwrap().bytes, "answer".len());
    }

    #[test]
    fn answers_are_bounded_in_bytes_too() {
        let answers = Answers::default();
        let large = Bytes::from(vec![0; BYTES_MAX / 2]);
        for key in [b"a", b"b"] {
            let kept = answers.answer(key, b"", at(0), || Ok((large.clone(), at(60_000))));
            assert!(kept.is_ok());
        }
        assert!(answers.answer(b"c", b"", at(0), made("c")).is_err());
    }
}
