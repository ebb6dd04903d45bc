//! A slow reader of strict JSON for the oracles: every name once, and not nested deeper than eight.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

#[derive(Clone, Debug)]
pub enum Json {
    Null,
    Flag(bool),
    Whole(u64),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The members of an object, if that is what the bytes are.
    pub fn object(bytes: &[u8]) -> Option<Vec<(String, Self)>> {
        match serde_json::from_slice(bytes).ok()? {
            Self::Object(members) if depth(&members) <= 8 => Some(members),
            _ => None,
        }
    }
}

fn depth(members: &[(String, Json)]) -> usize {
    fn of(json: &Json) -> usize {
        match json {
            Json::List(list) => 1 + list.iter().map(of).max().unwrap_or(0),
            Json::Object(members) => depth(members),
            _ => 0,
        }
    }
    1 + members.iter().map(|(_, json)| of(json)).max().unwrap_or(0)
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
                Ok(Json::Flag(flag))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
                Ok(Json::Whole(number))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
                Ok(Json::Number(number as f64))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
                Ok(Json::Number(number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json::Text(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = list.next_element()? {
                    all.push(one);
                }
                Ok(Json::List(all))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut members: Vec<(String, Json)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Json>()? {
                    if members.iter().any(|(other, _)| *other == name) {
                        return Err(A::Error::custom("twice"));
                    }
                    members.push((name, value));
                }
                Ok(Json::Object(members))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// The value of this name, `null` being none.
pub fn get<'m>(members: &'m [(String, Json)], name: &str) -> Option<&'m Json> {
    let mut found = members.iter().filter(|(other, _)| other == name);
    let value = found.next().map(|(_, value)| value);
    value.filter(|value| !matches!(value, Json::Null))
}
