//! The header map of http 1 as [`Fields`](crate::web::Fields).

use http::header::{HeaderMap, HeaderName, HeaderValue};

crate::web::header_map! { HeaderMap, HeaderName, HeaderValue,
    fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> + Clone {
        // The map's own iterator cannot be cloned. Most fields are there once, and then nothing is
        // allocated; over HTTP/2 browsers send each cookie in a field of its own.
        let mut values = self.get_all(name).iter().map(HeaderValue::as_bytes);
        let first = values.next();
        let rest: Vec<&[u8]> = values.collect();
        first.into_iter().chain(rest)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::web::Fields;

    #[test]
    fn fields_that_are_there_often_are_read_in_order_and_in_time() {
        let mut map = HeaderMap::new();
        for n in 0..20_000 {
            map.append("cookie", HeaderValue::from(n));
        }
        let began = Instant::now();
        let last = map.all("cookie").clone().last();
        assert_eq!(last, Some(&b"19999"[..]));
        assert_eq!(map.all("cookie").count(), 20_000);
        let took = began.elapsed();
        assert!(took < Duration::from_millis(500), "{took:?}");
        assert_eq!(map.all("origin").count(), 0);
    }
}
