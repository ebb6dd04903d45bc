//! A cookie as Mesop's tokens carry it, and the `Set-Cookie` text that Werkzeug makes from it.
//!
//! The fields are Mesop's. Their rules are Werkzeug's where it has any, and ours where it would let
//! a name or a domain add attributes, or would write something that a browser drops: such a token
//! is refused before its nonce is claimed.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::domain::domain;
use super::max_age::MaxAge;
use super::werkzeug::{path, quote};
use crate::cookie::{
    Characters, Draft, Field, Operation, OperationError, Parts, Rule, SameSite, check_name,
};
use crate::limits::{ATTRIBUTE_MAX, NAME_VALUE_MAX};
use crate::time::UnixMillis;

/// One cookie of a token of the profile `mesop`. Its value may be any text.
///
/// A cookie with an empty value and a `Max-Age` of 0 deletes. `Debug` does not show the value.
#[derive(Clone, PartialEq)]
pub struct MesopCookie {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) max_age: Option<MaxAge>,
    pub(super) path: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: Option<SameSite>,
}

impl MesopCookie {
    /// A cookie with Mesop's defaults, which are ours too.
    pub(super) fn new(name: String, value: String) -> Self {
        Self {
            name,
            value,
            max_age: None,
            path: Some("/".to_owned()),
            domain: None,
            secure: true,
            http_only: true,
            same_site: Some(SameSite::Lax),
        }
    }

    /// The cookie that Mesop makes for a deletion.
    pub(super) fn deletion(name: String) -> Self {
        Self {
            max_age: Some(MaxAge::Seconds(0)),
            ..Self::new(name, String::new())
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, which is often a secret.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether Mesop wrote it to delete the cookie.
    #[must_use]
    pub fn is_deletion(&self) -> bool {
        let deletion = Self::deletion(String::new());
        self.value.is_empty()
            && self.max_age == deletion.max_age
            && self.http_only == deletion.http_only
            && self.same_site == deletion.same_site
    }

    /// The value of the `Set-Cookie` field. `Expires` counts from `now`: the moment of redemption,
    /// as in Mesop.
    ///
    /// # Errors
    ///
    /// Names the field that a browser would not accept, or on which Python fails.
    pub fn to_set_cookie(&self, now: UnixMillis) -> Result<String, OperationError> {
        let mut out = String::with_capacity(128);
        self.write_set_cookie(now, &mut out)?;
        Ok(out)
    }

    pub(super) fn write_set_cookie(
        &self,
        now: UnixMillis,
        out: &mut String,
    ) -> Result<(), OperationError> {
        let refuse = |field, rule| Err(OperationError::new(field, rule));
        let prefix = check_name(&self.name)?;
        let start = out.len();
        out.push_str(&self.name);
        out.push('=');
        if quote::push(&self.value, out).is_err() {
            return refuse(
                Field::Value,
                Rule::Characters {
                    allowed: Characters::Quotable,
                },
            );
        }
        let size = out.len() - start - 1;
        if size > NAME_VALUE_MAX {
            return refuse(
                Field::Value,
                Rule::TooLong {
                    actual: size,
                    max: NAME_VALUE_MAX,
                },
            );
        }
        let domain = self.domain.as_deref().map(domain).transpose()?;
        if let Some(domain) = &domain {
            out.push_str("; Domain=");
            out.push_str(domain);
        }
        if let Some(age) = self.max_age {
            let Some(expires) = age.expires(now) else {
                return refuse(Field::MaxAge, Rule::OutOfYears);
            };
            out.push_str("; Expires=");
            out.push_str(&expires);
            age.push(out);
        }
        if self.secure {
            out.push_str("; Secure");
        }
        if self.http_only {
            out.push_str("; HttpOnly");
        }
        if let Some(text) = &self.path {
            out.push_str("; Path=");
            let start = out.len();
            path::push(text, out);
            // Browsers ignore a longer attribute.
            if out.len() - start > ATTRIBUTE_MAX {
                return refuse(
                    Field::Path,
                    Rule::TooLong {
                        actual: out.len() - start,
                        max: ATTRIBUTE_MAX,
                    },
                );
            }
        }
        if let Some(same_site) = self.same_site {
            out.push_str("; SameSite=");
            out.push_str(same_site.as_str());
        }
        self.parts(domain.as_deref()).check_agreement(prefix)
    }

    /// The fields that rules relate to each other.
    fn parts<'p>(&'p self, domain: Option<&'p str>) -> Parts<'p> {
        Parts {
            delete: false,
            name: &self.name,
            value: "",
            path: self.path.as_deref(),
            domain,
            max_age: None,
            secure: self.secure,
            http_only: self.http_only,
            same_site: self.same_site,
            partitioned: false,
        }
    }

    /// Reads one element of a token's list. `None` where Mesop refuses or Python crashes: an
    /// unknown field, a missing name, a value of another type.
    pub(super) fn from_json(fields: Map<String, Value>) -> Option<Self> {
        let mut cookie = Self::new(String::new(), String::new());
        let mut named = false;
        for (field, value) in fields {
            match (field.as_str(), value) {
                ("name", Value::String(name)) => {
                    cookie.name = name;
                    named = true;
                }
                ("value", Value::String(value)) => cookie.value = value,
                ("max_age", Value::Null) => cookie.max_age = None,
                ("max_age", age) => cookie.max_age = Some(MaxAge::from_json(&age)?),
                ("path", value) => cookie.path = text_or_null(value).ok()?,
                ("domain", value) => cookie.domain = text_or_null(value).ok()?,
                ("secure", value) => cookie.secure = flag(&value)?,
                ("httponly", value) => cookie.http_only = flag(&value)?,
                ("samesite", value) => {
                    cookie.same_site = match text_or_null(value).ok()? {
                        None => None,
                        Some(text) => Some(same_site(&text)?),
                    };
                }
                _ => return None,
            }
        }
        named.then_some(cookie)
    }
}

fn text_or_null(value: Value) -> Result<Option<String>, OtherType> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(OtherType),
    }
}

/// Neither text nor `null`.
struct OtherType;

/// Werkzeug writes any other value after the attribute's name, whatever it is.
fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Null => Some(false),
        Value::Bool(flag) => Some(*flag),
        _ => None,
    }
}

/// Werkzeug compares case-insensitively.
pub(super) fn same_site(text: &str) -> Option<SameSite> {
    [SameSite::Strict, SameSite::Lax, SameSite::None]
        .into_iter()
        .find(|same_site| text.eq_ignore_ascii_case(same_site.as_str()))
}

impl TryFrom<&Operation<'_>> for MesopCookie {
    type Error = OperationError;

    /// # Errors
    ///
    /// For a partitioned cookie: Mesop's tokens cannot express that.
    fn try_from(operation: &Operation<'_>) -> Result<Self, OperationError> {
        if operation.is_partitioned() {
            return Err(OperationError::new(Field::Partitioned, Rule::NotInMesop));
        }
        let common = |cookie: Self| Self {
            path: operation.path().map(str::to_owned),
            domain: operation.domain().map(str::to_owned),
            secure: operation.is_secure(),
            ..cookie
        };
        Ok(match operation.draft() {
            Draft::Delete(delete) => common(Self::deletion(delete.name().to_owned())),
            Draft::Set(set) => Self {
                max_age: set
                    .max_age
                    .map(|age| MaxAge::Seconds(i64::try_from(age).unwrap_or(i64::MAX))),
                http_only: set.http_only,
                same_site: set.same_site,
                ..common(Self::new(set.name().to_owned(), set.value().to_owned()))
            },
        })
    }
}

/// Writes the cookie with the fields of a JSON batch (SPEC §7), as the tools print it.
impl Serialize for MesopCookie {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let deletion = self.is_deletion();
        map.serialize_entry("op", if deletion { "delete" } else { "set" })?;
        map.serialize_entry("name", &self.name)?;
        if !deletion {
            map.serialize_entry("value", &self.value)?;
            match self.max_age {
                None => map.serialize_entry("max_age", &())?,
                Some(MaxAge::Seconds(age)) => map.serialize_entry("max_age", &age)?,
                Some(MaxAge::Fraction(age)) => map.serialize_entry("max_age", &age)?,
                Some(MaxAge::Flag(flag)) => map.serialize_entry("max_age", &flag)?,
            }
        }
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("domain", &self.domain)?;
        map.serialize_entry("secure", &self.secure)?;
        if !deletion {
            map.serialize_entry("http_only", &self.http_only)?;
            map.serialize_entry("same_site", &self.same_site.map(SameSite::as_str))?;
        }
        map.serialize_entry("partitioned", &false)?;
        map.end()
    }
}

impl fmt::Debug for MesopCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MesopCookie")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
