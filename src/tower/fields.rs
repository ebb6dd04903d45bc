//! The header map of http 1 as [`Fields`](crate::web::Fields).

use http::header::{HeaderMap, HeaderName, HeaderValue};

crate::web::header_map! { HeaderMap, HeaderName, HeaderValue,
    fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> + Clone {
        // The map's own iterator cannot be cloned. Most fields occur once, and then nothing is
        // allocated; over HTTP/2 browsers send each cookie in its own field.
        let mut values = self.get_all(field_name(name)).iter().map(HeaderValue::as_bytes);
        let first = values.next();
        let rest: Vec<&[u8]> = values.collect();
        first.into_iter().chain(rest)
    }
}
