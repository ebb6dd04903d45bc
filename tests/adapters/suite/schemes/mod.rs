//! One code for https and plain http: cookies are Secure, and their names have prefixes, exactly
//! where a configured origin is https.

mod binding;
mod logged;
mod reading;
mod refused;
mod writing;

use apply_cookies::{ApplyCookies, Builder, CookieClass, Secrets};
use serde::{Deserialize, Serialize};

use super::Server;
use crate::support::SECRET;

const HTTPS: &str = "https://app.example";
const LOCAL: &str = "http://localhost:8080";

/// A deployment with these origins.
fn deployment(origins: &'static [&'static str]) -> impl FnOnce(Builder) -> Builder {
    |_| {
        let builder = ApplyCookies::builder(Secrets::new(SECRET).unwrap()).allow_insecure_http();
        origins.iter().fold(builder, Builder::origin)
    }
}

/// A class with one of the two prefixes that only a name can give.
#[derive(CookieClass, Serialize, Deserialize, Debug, PartialEq)]
#[cookie(encrypted, name = "__Host-Http-visit", max_age = "1h")]
struct Visit {
    page: u8,
}

#[derive(CookieClass, Serialize, Deserialize)]
#[cookie(prefix = "secure", domain = "app.example", path = "/shop")]
struct Shop {
    open: bool,
}
