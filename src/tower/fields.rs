//! The header map of http 1 as [`Fields`](crate::web::Fields).

use http::header::{HeaderMap, HeaderName, HeaderValue};

crate::web::header_map! { HeaderMap, HeaderName, HeaderValue,
    fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> + Clone {
        // The map's own iterator cannot be cloned. The fields that matter occur once.
        (0..).map_while(move |n| self.get_all(name).iter().nth(n).map(HeaderValue::as_bytes))
    }
}
