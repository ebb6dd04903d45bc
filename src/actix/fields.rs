//! actix's header map as [`Fields`](crate::web::Fields).

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

crate::web::header_map! { HeaderMap, HeaderName, HeaderValue,
    #[inline]
    fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> + Clone {
        self.get_all(field_name(name))
            .map(HeaderValue::as_bytes)
    }
}
