//! Whether an object in JSON has a key twice, however its keys are written. Slower than the hashes of
//! a `Structure`, and exact.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::limits::VALUE_DEPTH_MAX;

/// Whether it has, as far as it is nested no deeper than [`VALUE_DEPTH_MAX`].
///
/// # Errors
///
/// If it is not JSON, or nested deeper before a key is seen twice. That it is not JSON is for this to
/// say: whoever reads the text into a type skips what the type does not know, and there is less
/// strict.
pub(super) fn has_duplicate_key(json: &[u8]) -> serde_json::Result<bool> {
    let mut found = false;
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    match Search::new(&mut found).deserialize(&mut deserializer) {
        Err(error) if !found => Err(error),
        _ => Ok(found),
    }
}

struct Search<'f> {
    found: &'f mut bool,
    /// How many more levels there may be.
    levels: usize,
}

impl<'f> Search<'f> {
    fn new(found: &'f mut bool) -> Self {
        Self {
            found,
            levels: VALUE_DEPTH_MAX,
        }
    }

    /// The levels below one that opens here.
    fn below<E: Error>(&self) -> Result<usize, E> {
        let below = self.levels.checked_sub(1);
        below.ok_or_else(|| E::custom("too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let levels = self.below()?;
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if !keys.insert(key) {
                *self.found = true;
                return Err(A::Error::custom("found"));
            }
            let found = &mut *self.found;
            map.next_value_seed(Search { found, levels })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let levels = self.below()?;
        loop {
            let found = &mut *self.found;
            if list.next_element_seed(Search { found, levels })?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
