//! Batches as JSON (SPEC §7) in the profile `mesop`: the same fields, plus what Mesop allows. A
//! value may be any text, an age may be negative, several operations may be on one cookie, and
//! `SameSite` is read case-insensitively.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::cookie::{MesopCookie, same_site};
use super::max_age::MaxAge;
use super::token;
use crate::cookie::{Field, OperationError, Rule, SameSite, Scheme};
use crate::json::{
    BatchError, MESOP_AGE, Object, Op, OperationJson, read_batch, read_operation, word,
};
use crate::time::UnixMillis;

/// Reads the cookies of a batch for pages on https, which together make up a token that is issued
/// now.
///
/// # Errors
///
/// Names the operation and the field, never a value.
pub fn parse_batch(json: &str, now: UnixMillis) -> Result<Vec<MesopCookie>, BatchError> {
    parse_batch_over(json, Scheme::Https, now)
}

/// The same for pages of this scheme, which decides what an operation leaves open.
///
/// # Errors
///
/// Names the operation and the field, never a value.
pub fn parse_batch_over(
    json: &str,
    scheme: Scheme,
    now: UnixMillis,
) -> Result<Vec<MesopCookie>, BatchError> {
    let operations = read_batch::<MaxAge, AnyCase>(json)?.into_iter().enumerate();
    let cookies = operations
        .map(|(index, Object(operation))| cookie(operation, scheme, Some(index), now))
        .collect::<Result<Vec<_>, _>>()?;
    token::check(&cookies, now).map_err(|error| BatchError::from_operation(None, error))?;
    Ok(cookies)
}

/// Reads one operation for pages on https, which is carried out now.
///
/// ```
/// use apply_cookies_protocol::UnixMillis;
/// use apply_cookies_protocol::mesop::parse_operation;
///
/// let now = UnixMillis::from_secs(1_760_000_000).unwrap();
/// let cookie = parse_operation(r#"{"op":"set","name":"theme","value":"a, b"}"#, now)?;
/// assert_eq!(
///     cookie.to_set_cookie(now)?,
///     r#"theme="a\054 b"; Secure; HttpOnly; Path=/; SameSite=Lax"#,
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Names the field, never a value.
pub fn parse_operation(json: &str, now: UnixMillis) -> Result<MesopCookie, BatchError> {
    parse_operation_over(json, Scheme::Https, now)
}

/// The same for pages of this scheme, which decides what the operation leaves open.
///
/// # Errors
///
/// Names the field, never a value.
pub fn parse_operation_over(
    json: &str,
    scheme: Scheme,
    now: UnixMillis,
) -> Result<MesopCookie, BatchError> {
    cookie(read_operation(json)?, scheme, None, now)
}

fn cookie(
    mut json: OperationJson<MaxAge, AnyCase>,
    scheme: Scheme,
    index: Option<usize>,
    now: UnixMillis,
) -> Result<MesopCookie, BatchError> {
    let refuse = |error| BatchError::from_operation(index, error);
    if std::mem::take(&mut json.partitioned).flag(false) {
        return Err(refuse(OperationError::new(
            Field::Partitioned,
            Rule::NotInMesop,
        )));
    }
    let said = std::mem::take(&mut json.secure).said();
    let cookie = match json.op {
        Op::Set => {
            let value = json.take_value(index)?;
            MesopCookie {
                max_age: json.max_age.or(None),
                http_only: json.http_only.flag(true),
                same_site: json
                    .same_site
                    .or(Some(AnyCase(SameSite::Lax)))
                    .map(|AnyCase(same_site)| same_site),
                ..MesopCookie::new(json.name, value)
            }
        }
        Op::Delete => {
            json.check_delete(index)?;
            MesopCookie::deletion(json.name)
        }
    };
    let mut cookie = MesopCookie {
        path: json.path.or(Some("/".to_owned())),
        domain: json.domain.or(None),
        secure: Scheme::Https.secure(said),
        ..cookie
    };
    cookie.to_set_cookie(now).map_err(refuse)?;
    // As in SPEC §4.1.
    scheme.check(cookie.same_site, false).map_err(refuse)?;
    cookie.secure = scheme.secure(said);
    let mut name = Cow::Owned(cookie.name);
    scheme.rename(&mut name).map_err(refuse)?;
    cookie.name = name.into_owned();
    Ok(cookie)
}

impl<'de> Deserialize<'de> for MaxAge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let age = Value::deserialize(deserializer)?;
        Self::from_json(&age).ok_or_else(|| D::Error::custom(MESOP_AGE))
    }
}

/// `SameSite` as Werkzeug reads it.
struct AnyCase(SameSite);

impl<'de> Deserialize<'de> for AnyCase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer, same_site).map(Self)
    }
}
