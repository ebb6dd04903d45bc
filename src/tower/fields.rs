//! The header map of http 1 as [`Fields`].

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::web::Fields;

impl Fields for HeaderMap {
    fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> + Clone {
        // The map's own iterator cannot be cloned. Fields that matter are there once.
        (0..).map_while(move |n| self.get_all(name).iter().nth(n).map(HeaderValue::as_bytes))
    }

    fn set(&mut self, name: &'static str, value: Bytes) {
        if let Some(value) = field_value(name, value) {
            self.insert(HeaderName::from_static(name), value);
        }
    }

    fn append(&mut self, name: &'static str, value: Bytes) {
        if let Some(value) = field_value(name, value) {
            Self::append(self, HeaderName::from_static(name), value);
        }
    }

    fn remove(&mut self, name: &'static str) {
        Self::remove(self, name);
    }
}

fn field_value(name: &'static str, value: Bytes) -> Option<HeaderValue> {
    let value = HeaderValue::from_maybe_shared(value);
    if value.is_err() {
        // Not reached: operations are visible ASCII by construction.
        tracing::error!(name, "not a field value; the field is lost");
    }
    value.ok()
}
