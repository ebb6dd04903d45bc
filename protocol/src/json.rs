//! Batches as JSON, as tools and other languages write them (SPEC §7).

mod error;

pub use error::BatchError;
#[cfg(feature = "mesop")]
pub(crate) use error::MESOP_AGE;
pub use error::printable;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::batch::Batch;
use crate::cookie::{DeleteCookie, Draft, Field, Operation, SameSite, Scheme, SetCookie};

/// Reads a batch for pages on https: `{"operations":[{"op":"set","name":"session","value":"…"}, …]}`.
///
/// Fields that are left out have the safe defaults of [`SetCookie`] and [`DeleteCookie`]; `null`
/// leaves the attribute itself out. Unknown and repeated fields are refused.
///
/// ```
/// use apply_cookies_protocol::parse_batch;
///
/// let batch = parse_batch(r#"{"operations":[{"op":"delete","name":"old"}]}"#)?;
/// assert_eq!(batch.operations()[0].name(), "old");
///
/// let error = parse_batch(r#"{"operations":[{"op":"set","name":"a b","value":""}]}"#).unwrap_err();
/// assert_eq!(error.field(), "name");
/// # Ok::<(), apply_cookies_protocol::BatchError>(())
/// ```
///
/// # Errors
///
/// Names the operation and the field, never a value.
pub fn parse_batch(json: &str) -> Result<Batch<'static>, BatchError> {
    parse_batch_over(json, Scheme::Https)
}

/// Reads a batch for pages of this [scheme](Scheme), which decides what an operation leaves open.
///
/// # Errors
///
/// Names the operation and the field, never a value.
pub fn parse_batch_over(json: &str, scheme: Scheme) -> Result<Batch<'static>, BatchError> {
    let mut operations = read_batch::<u64, SameSiteJson>(json)?
        .into_iter()
        .enumerate();
    let (_, Object(first)) = operations
        .next()
        .ok_or_else(|| BatchError::whole("must contain at least one operation"))?;
    let mut batch = Batch::new(first.into_operation(scheme, Some(0))?);
    for (index, Object(operation)) in operations {
        batch
            .push(operation.into_operation(scheme, Some(index))?)
            .map_err(|error| BatchError::from_operation(Some(index), error))?;
    }
    Ok(batch)
}

/// Reads one operation for pages on https, as in a batch: `{"op":"set","name":"session","value":"…"}`.
///
/// ```
/// use apply_cookies_protocol::parse_operation;
///
/// let operation = parse_operation(r#"{"op":"set","name":"theme","value":"dark"}"#)?;
/// assert_eq!(operation.to_set_cookie(), "theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax");
/// # Ok::<(), apply_cookies_protocol::BatchError>(())
/// ```
///
/// # Errors
///
/// Names the field, never a value.
pub fn parse_operation(json: &str) -> Result<Operation<'static>, BatchError> {
    parse_operation_over(json, Scheme::Https)
}

/// Reads one operation for pages of this [scheme](Scheme), which decides what it leaves open.
///
/// # Errors
///
/// Names the field, never a value.
pub fn parse_operation_over(json: &str, scheme: Scheme) -> Result<Operation<'static>, BatchError> {
    read_operation::<u64, SameSiteJson>(json)?.into_operation(scheme, None)
}

/// Reads a batch of either profile; `A` is the type of an age, `S` that of `SameSite`.
pub(crate) fn read_batch<A: DeserializeOwned, S: DeserializeOwned>(
    json: &str,
) -> Result<Vec<Object<OperationJson<A, S>>>, BatchError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let Object(batch) =
        serde_path_to_error::deserialize::<_, Object<BatchJson<A, S>>>(&mut deserializer)
            .map_err(|error| BatchError::from_json(&error, "batch", Field::Operations.as_str()))?;
    deserializer
        .end()
        .map_err(|_| BatchError::whole("text follows after the batch"))?;
    Ok(batch.operations)
}

/// Reads one operation of either profile.
pub(crate) fn read_operation<A: DeserializeOwned, S: DeserializeOwned>(
    json: &str,
) -> Result<OperationJson<A, S>, BatchError> {
    const WHOLE: &str = "operation";
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let Object(operation) =
        serde_path_to_error::deserialize::<_, Object<OperationJson<A, S>>>(&mut deserializer)
            .map_err(|error| BatchError::from_json(&error, WHOLE, WHOLE))?;
    deserializer
        .end()
        .map_err(|_| BatchError::at(None, WHOLE, "text follows after the operation"))?;
    Ok(operation)
}

#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    bound(deserialize = "A: Deserialize<'de>, S: Deserialize<'de>")
)]
struct BatchJson<A, S> {
    operations: Vec<Object<OperationJson<A, S>>>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Op {
    Set,
    Delete,
}

/// Every field of either kind.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    bound(deserialize = "A: Deserialize<'de>, S: Deserialize<'de>")
)]
pub(crate) struct OperationJson<A, S> {
    pub(crate) op: Op,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) value: Given<String>,
    #[serde(default)]
    pub(crate) max_age: Given<A>,
    #[serde(default)]
    pub(crate) path: Given<String>,
    #[serde(default)]
    pub(crate) domain: Given<String>,
    #[serde(default)]
    pub(crate) secure: Given<bool>,
    #[serde(default)]
    pub(crate) http_only: Given<bool>,
    #[serde(default)]
    pub(crate) same_site: Given<S>,
    #[serde(default)]
    pub(crate) partitioned: Given<bool>,
}

/// A word from a list. serde's own enums would also accept an object with one member.
///
/// # Errors
///
/// If it is no text, or `read` does not know it.
pub fn word<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    read(&text).ok_or_else(|| de::Error::unknown_variant("", &[]))
}

impl<'de> Deserialize<'de> for Op {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer, |text| match text {
            "set" => Some(Self::Set),
            "delete" => Some(Self::Delete),
            _ => None,
        })
    }
}

pub(crate) struct SameSiteJson(pub(crate) SameSite);

impl<'de> Deserialize<'de> for SameSiteJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer, SameSite::parse).map(Self)
    }
}

/// A JSON object. serde's own structs would also accept an array of the fields' values.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// An attribute in JSON: absent, `null`, or a value.
#[derive(Default)]
pub(crate) enum Given<T> {
    #[default]
    Absent,
    Null,
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

impl<T> Given<T> {
    /// The value; `default` if absent, `None` for `null`.
    pub(crate) fn or(self, default: Option<T>) -> Option<T> {
        match self {
            Self::Absent => default,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    pub(crate) fn is_given(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

impl Given<bool> {
    pub(crate) fn flag(self, default: bool) -> bool {
        self.said().unwrap_or(default)
    }

    /// The flag, if anything is said about it: `null` leaves the attribute out.
    pub(crate) fn said(self) -> Option<bool> {
        match self {
            Self::Absent => None,
            Self::Null => Some(false),
            Self::Value(flag) => Some(flag),
        }
    }
}

impl Given<String> {
    fn or_text(self, default: Option<&'static str>) -> Option<Cow<'static, str>> {
        self.or(default.map(str::to_owned)).map(Cow::Owned)
    }
}

impl<A, S> OperationJson<A, S> {
    /// The value of a set.
    pub(crate) fn take_value(&mut self, index: Option<usize>) -> Result<String, BatchError> {
        std::mem::take(&mut self.value)
            .or(None)
            .ok_or_else(|| BatchError::at(index, "value", "is missing"))
    }

    /// Refuses fields that only a set has.
    pub(crate) fn check_delete(&self, index: Option<usize>) -> Result<(), BatchError> {
        let foreign = [
            ("value", self.value.is_given()),
            ("max_age", self.max_age.is_given()),
            ("http_only", self.http_only.is_given()),
            ("same_site", self.same_site.is_given()),
        ];
        match foreign.into_iter().find(|(_, given)| *given) {
            Some((field, _)) => Err(BatchError::at(index, field, "is not a field of a delete")),
            None => Ok(()),
        }
    }
}

impl OperationJson<u64, SameSiteJson> {
    fn into_operation(
        self,
        scheme: Scheme,
        index: Option<usize>,
    ) -> Result<Operation<'static>, BatchError> {
        let draft = match self.op {
            Op::Set => Draft::Set(self.into_set(index)?),
            Op::Delete => Draft::Delete(self.into_delete(index)?),
        };
        Operation::over(draft, scheme).map_err(|error| BatchError::from_operation(index, error))
    }

    fn into_set(mut self, index: Option<usize>) -> Result<SetCookie<'static>, BatchError> {
        let value = self.take_value(index)?;
        Ok(SetCookie {
            max_age: self.max_age.or(None),
            path: self.path.or_text(Some("/")),
            domain: self.domain.or_text(None),
            secure: self.secure.said(),
            http_only: self.http_only.flag(true),
            same_site: self
                .same_site
                .or(Some(SameSiteJson(SameSite::Lax)))
                .map(|SameSiteJson(same_site)| same_site),
            partitioned: self.partitioned.flag(false),
            ..SetCookie::new(self.name, value)
        })
    }

    fn into_delete(self, index: Option<usize>) -> Result<DeleteCookie<'static>, BatchError> {
        self.check_delete(index)?;
        Ok(DeleteCookie {
            path: self.path.or_text(Some("/")),
            domain: self.domain.or_text(None),
            secure: self.secure.said(),
            partitioned: self.partitioned.flag(false),
            ..DeleteCookie::new(self.name)
        })
    }
}

/// Writes the operation with every field of its kind, so that reading it back gives the same.
impl Serialize for Operation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.draft() {
            Draft::Set(set) => {
                map.serialize_entry("op", "set")?;
                map.serialize_entry("name", &set.name)?;
                map.serialize_entry("value", &set.value)?;
                map.serialize_entry("max_age", &set.max_age)?;
                map.serialize_entry("path", &set.path)?;
                map.serialize_entry("domain", &set.domain)?;
                map.serialize_entry("secure", &self.is_secure())?;
                map.serialize_entry("http_only", &set.http_only)?;
                map.serialize_entry("same_site", &set.same_site.map(SameSite::as_str))?;
                map.serialize_entry("partitioned", &set.partitioned)?;
            }
            Draft::Delete(delete) => {
                map.serialize_entry("op", "delete")?;
                map.serialize_entry("name", &delete.name)?;
                map.serialize_entry("path", &delete.path)?;
                map.serialize_entry("domain", &delete.domain)?;
                map.serialize_entry("secure", &self.is_secure())?;
                map.serialize_entry("partitioned", &delete.partitioned)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
