//! The endpoint's promises.

mod bodies;
mod redeeming;
mod refusals;
mod serving;
mod stores;

use super::{R, Server};
use crate::support::http::Response;

const OTHER_R: &str = "BBBBBBBBBBBBBBBBBBBBBA";

fn assert_bare(response: &Response) {
    assert_eq!(
        response.header("cache-control"),
        Some("no-store"),
        "{response:?}"
    );
    for (name, _) in &response.headers {
        assert!(!name.starts_with("access-control-"), "{response:?}");
    }
}

fn assert_refused(response: &Response, status: u16, kind: &str) {
    assert_eq!(
        (response.status, response.problem().as_str()),
        (status, kind)
    );
    assert_bare(response);
    assert!(response.all("set-cookie").is_empty());
}
