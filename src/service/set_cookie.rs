//! `set-cookie`: operations → header text.

use apply_cookies_protocol::parse_operation;
use serde_json::json;

use super::{Refused, lines};

pub(super) fn run() -> Result<(), Refused> {
    lines::answer_each_text(|_, line| match parse_operation(line) {
        Ok(operation) => operation.to_set_cookie(),
        Err(error) => json!({ "error": error.reason(), "field": error.field() }).to_string(),
    })
}
