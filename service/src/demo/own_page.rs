//! Which pages may open the demo's streams: its own.
//!
//! The endpoint looks after itself. Streams are the app's, and a GET that signs in or out must
//! not be open to every page that the browser visits.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::error::ErrorForbidden;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, ORIGIN};
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpRequest};

use super::state::Demo;

/// Taken by a handler, it lets only requests of the demo's own pages in.
pub(super) struct OwnPage;

impl FromRequest for OwnPage {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let own = request
            .app_data::<Data<Demo>>()
            .is_some_and(|demo| is_own(request.headers(), &demo.origins));
        ready(if own {
            Ok(Self)
        } else {
            Err(ErrorForbidden("only the demo's own page may open this"))
        })
    }
}

/// An `EventSource` sends no `Origin` and a `WebSocket` no `Sec-Fetch-Site`, so each counts where
/// it is present. A client that sends neither is no browser, and has nobody's cookies.
fn is_own(headers: &HeaderMap, origins: &[String]) -> bool {
    let site = headers
        .get_all(HeaderName::from_static("sec-fetch-site"))
        .all(|site| site == HeaderValue::from_static("same-origin"));
    let origin = headers
        .get_all(ORIGIN)
        .all(|origin| origins.iter().any(|own| origin == own));
    site && origin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_pages_are_kept_out() {
        let origins = ["http://127.0.0.1:1".to_owned()];
        let asks = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
            is_own(&headers, &origins)
        };
        assert!(asks("sec-fetch-site", "same-origin"));
        assert!(asks("origin", "http://127.0.0.1:1"));
        assert!(is_own(&HeaderMap::new(), &origins));
        for site in ["same-site", "cross-site", "none"] {
            assert!(!asks("sec-fetch-site", site));
        }
        for origin in ["http://127.0.0.1:2", "null", "http://127.0.0.1:1.example"] {
            assert!(!asks("origin", origin));
        }
    }
}
