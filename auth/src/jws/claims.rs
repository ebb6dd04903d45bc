//! The claims of a token that was verified. Each is read as what it must be, or the token is refused: no
//! claim passes because it has another type.

use std::fmt;
use std::time::Duration;

use apply_cookies::UnixMillis;
use serde_json::{Map, Value};

use super::Fault;
use crate::millis::millis;

/// Claims. `null` counts as absent.
#[derive(Clone)]
pub(crate) struct Claims(Map<String, Value>);

/// When a token was issued, and when it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) issued: UnixMillis,
    pub(crate) expires: UnixMillis,
}

/// Why a token is not valid now. The last two have both times in their text: for a token that has just
/// been issued, one of the two clocks is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimeFault {
    /// A time is absent or cannot be read.
    Wrong(Fault),
    /// It has expired.
    Late(Fault),
    /// It is not valid yet.
    Early(Fault),
}

impl Claims {
    pub(crate) const fn new(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// All of them.
    pub(crate) const fn object(&self) -> &Map<String, Value> {
        &self.0
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Fault> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Fault::new(format!("{name} is not a text"))),
        }
    }

    /// A text that must be there, and not be empty.
    pub(crate) fn required_text(&self, name: &str) -> Result<&str, Fault> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| Fault::new(format!("{name} is absent")))
    }

    /// `true` or `false`, and not as a text.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Fault::new(format!("{name} is neither true nor false"))),
        }
    }

    /// A number of seconds since 1970, whole or not (RFC 7519 §2, `NumericDate`).
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<UnixMillis>, Fault> {
        let wrong = || Fault::new(format!("{name} is not a time"));
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let time = match value.as_u64() {
            Some(seconds) => UnixMillis::from_secs(seconds),
            None => value.as_f64().and_then(from_fraction),
        };
        time.map(Some).ok_or_else(wrong)
    }

    /// Whom the token is for: one text or a list of them, which is not empty (RFC 7519 §4.1.3).
    pub(crate) fn audience(&self) -> Result<Vec<&str>, Fault> {
        let wrong = || Fault::new("aud is neither a text nor a list of texts");
        match self.value("aud") {
            None => Err(Fault::new("aud is absent")),
            Some(Value::String(one)) => Ok(vec![one]),
            Some(Value::Array(list)) if !list.is_empty() => {
                let texts = list.iter().map(|one| one.as_str().ok_or_else(wrong));
                texts.collect()
            }
            Some(_) => Err(wrong()),
        }
    }

    /// Checks that the token is valid now, for clocks that differ by this much: `exp` and `iat` are
    /// required, `nbf` counts if it is there.
    pub(crate) fn check_times(&self, now: UnixMillis, skew: Duration) -> Result<Times, TimeFault> {
        let skew = millis(skew);
        let read = |name: &str| self.seconds(name).map_err(TimeFault::Wrong);
        let required = |name: &str| {
            let absent = || TimeFault::Wrong(Fault::new(format!("{name} is absent")));
            read(name)?.ok_or_else(absent)
        };
        let (expires, issued) = (required("exp")?, required("iat")?);
        let says = |name: &str, at: UnixMillis| {
            let (at, now) = (at.get() / 1000, now.get() / 1000);
            Fault::new(format!(
                "{name} is {at}, and the clock of this server says {now}"
            ))
        };
        if expires.plus(skew) <= now {
            return Err(TimeFault::Late(says("exp", expires)));
        }
        for (name, at) in [("iat", Some(issued)), ("nbf", read("nbf")?)] {
            if let Some(at) = at.filter(|at| *at > now.plus(skew)) {
                return Err(TimeFault::Early(says(name, at)));
            }
        }
        Ok(Times { issued, expires })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be neither negative nor too large"
)]
fn from_fraction(seconds: f64) -> Option<UnixMillis> {
    let millis = (seconds * 1000.0).floor();
    (0.0..1e15)
        .contains(&millis)
        .then(|| UnixMillis::new(millis as u64))?
}

/// Shows nothing of them.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims(..)")
    }
}

impl fmt::Display for TimeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Wrong(fault) | Self::Late(fault) | Self::Early(fault)) = self;
        fault.fmt(f)
    }
}
