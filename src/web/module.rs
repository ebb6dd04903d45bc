//! Modules for browsers, served.

use super::answer::{Answer, Rest};
use super::caching::members;
use super::fields::Fields;
use crate::browser::Module;

impl Module {
    /// The answer to a `GET` with these header fields: without the text if the browser has it already
    /// (RFC 9110 §13.1.2).
    #[must_use]
    pub fn answer(&self, fields: &impl Fields) -> Answer {
        // As a service worker it would be the first to see every request under the prefix.
        if fields.all("service-worker").next().is_some() {
            return Answer::uncached(403, Rest::Unasked);
        }
        let unchanged = members(fields, "if-none-match")
            .map(|tag| tag.trim_start_matches("W/"))
            .any(|tag| tag == self.etag || tag == "*");
        let status = if unchanged { 304 } else { 200 };
        let answer = Answer::new(status, Rest::Unasked)
            .with("cache-control", &b"no-cache"[..])
            .with("etag", self.etag.clone())
            .with("x-content-type-options", &b"nosniff"[..]);
        if unchanged {
            return answer;
        }
        answer.with_body("text/javascript; charset=utf-8", self.text.clone())
    }
}
