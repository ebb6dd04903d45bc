//! `keys` and `secret`, and the rings of every other question.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use apply_cookies::protocol::{KeyRing, Secret, SecretList, WeakSecret, vectors};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::question::{Answer, Question, Unanswerable, wrong};

/// Rings that were asked for: to derive one takes longer than most answers.
#[derive(Default)]
pub(super) struct Rings(HashMap<Vec<String>, KeyRing>);

/// More are forgotten, all at once.
const MOST: usize = 256;

impl Rings {
    /// The ring of a question's secrets.
    pub(super) fn of(&mut self, asked: Question<'_>) -> Result<&KeyRing, Unanswerable> {
        let previous = asked.texts("previous_secrets")?;
        self.ring(asked.text("secret")?, &previous)
    }

    /// The ring of a question that has no previous secrets.
    pub(super) fn of_one(&mut self, asked: Question<'_>) -> Result<&KeyRing, Unanswerable> {
        self.ring(asked.text("secret")?, &[])
    }

    pub(super) fn ring(
        &mut self,
        current: &str,
        previous: &[&str],
    ) -> Result<&KeyRing, Unanswerable> {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let secrets = std::iter::once(&current).chain(previous);
        match self
            .0
            .entry(secrets.map(|text| (*text).to_owned()).collect())
        {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => match make(current, previous)? {
                Ok(ring) => Ok(new.insert(ring)),
                Err(refused) => Err(wrong("secret", &format!("usable: {refused}"))),
            },
        }
    }
}

/// The ring, or the word for why there is none.
fn make(current: &str, previous: &[&str]) -> Result<Result<KeyRing, &'static str>, Unanswerable> {
    let mut secrets = Vec::new();
    for text in std::iter::once(&current).chain(previous) {
        match Secret::new(text) {
            Ok(secret) => secrets.push(secret),
            Err(WeakSecret::TooShort { .. }) => return Ok(Err("too-short")),
            Err(_) => return Err(wrong("secret", "one that cannot be guessed")),
        }
    }
    let [current, previous @ ..] = &*secrets else {
        return Ok(Err("too-short"));
    };
    Ok(KeyRing::new(current, previous).map_err(|_| "same-key-id"))
}

pub(super) fn keys(asked: Question<'_>) -> Answer {
    let made = make(asked.text("secret")?, &asked.texts("previous_secrets")?)?;
    let name = asked.text("name")?;
    Ok(match made {
        Ok(ring) => {
            let keys = vectors::keys(&ring, name).into_iter();
            let keys: Map<String, Value> = keys
                .map(|(info, key)| (info, json!(URL_SAFE_NO_PAD.encode(key))))
                .collect();
            json!({ "keys": keys })
        }
        Err(refused) => json!({ "refused": refused }),
    })
}

pub(super) fn secret(asked: Question<'_>) -> Answer {
    let text = asked.text("text")?;
    let judged = |text: &str| {
        let without_line_end = text
            .strip_suffix('\n')
            .map_or(text, |rest| rest.strip_suffix('\r').unwrap_or(rest));
        Secret::from_configuration(text).map(|_| without_line_end.to_owned())
    };
    let read = match asked.text("form")? {
        "one" => judged(text)
            .map(|secret| vec![secret])
            .map_err(|reason| (reason, None)),
        "commas" => list(SecretList::Commas, text, judged),
        "lines" => list(SecretList::Lines, text, judged),
        _ => return Err(wrong("form", "one, commas or lines")),
    };
    Ok(match read {
        Ok(secrets) => json!({ "secrets": secrets }),
        Err((reason, entry)) => json!({ "refused": rule(reason), "entry": entry }),
    })
}

type Refusal = (WeakSecret, Option<usize>);

fn list(
    list: SecretList,
    text: &str,
    judged: impl Fn(&str) -> Result<String, WeakSecret>,
) -> Result<Vec<String>, Refusal> {
    list.read(text, judged)
        .map_err(|error| (error.reason, Some(error.entry)))
}

/// The rule's name in SPEC §2.1.
fn rule(reason: WeakSecret) -> &'static str {
    match reason {
        WeakSecret::TooShort { .. } => "too-short",
        WeakSecret::TooLong => "too-long",
        WeakSecret::Placeholder => "placeholder",
        WeakSecret::Published => "published",
        WeakSecret::WhiteSpace => "white-space",
        WeakSecret::Control => "control",
        WeakSecret::Invisible => "invisible",
        WeakSecret::Quoted => "quoted",
        WeakSecret::List => "list",
        WeakSecret::Template => "template",
        WeakSecret::Reference => "reference",
        _ => "guessable",
    }
}
