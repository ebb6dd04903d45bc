//! `Max-Age` as in Python: JSON's numbers and booleans, and the date that goes with them.

use serde_json::{Number, Value};

use super::http_date::http_date;
use super::python_json::float;
use crate::time::UnixMillis;

/// A cookie's age. A float is written as such, which browsers ignore: they use `Expires`. The same
/// goes for booleans, which count as 1 and 0 and are written as a bare name or not at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum MaxAge {
    Seconds(i64),
    Fraction(f64),
    Flag(bool),
}

impl MaxAge {
    /// `None` for anything that Python cannot add to a date.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(Self::Flag(*flag)),
            Value::Number(number) => Self::from_number(number),
            _ => None,
        }
    }

    fn from_number(number: &Number) -> Option<Self> {
        if number.is_f64() {
            return number.as_f64().map(Self::Fraction);
        }
        number.as_i64().map(Self::Seconds)
    }

    /// The value of `Expires`, counted from now; `None` outside the years 1 to 9999, where Python
    /// fails.
    pub(super) fn expires(self, now: UnixMillis) -> Option<String> {
        let now = i64::try_from(now.get()).ok()?;
        let seconds = match self {
            Self::Seconds(age) => now.div_euclid(1000).checked_add(age)?,
            Self::Flag(flag) => now.div_euclid(1000) + i64::from(flag),
            Self::Fraction(age) => whole_seconds(now, age)?,
        };
        http_date(seconds)
    }

    /// Appends the attribute.
    pub(super) fn push(self, out: &mut String) {
        match self {
            Self::Seconds(age) => {
                out.push_str("; Max-Age=");
                out.push_str(&age.to_string());
            }
            Self::Fraction(age) => {
                out.push_str("; Max-Age=");
                out.push_str(&float(age));
            }
            Self::Flag(true) => out.push_str("; Max-Age"),
            Self::Flag(false) => {}
        }
    }
}

/// The second at or before `now` milliseconds plus `age` seconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "times up to the year 9999 are exact in a double, and the range is checked first"
)]
fn whole_seconds(now: i64, age: f64) -> Option<i64> {
    let seconds = (now as f64 / 1000.0 + age).floor();
    (seconds.abs() < 1e15).then_some(seconds as i64)
}
