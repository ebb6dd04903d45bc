//! `set-cookie`: operations → header text.

use apply_cookies_protocol::parse_operation;
use serde_json::json;

use super::{Refused, lines};

pub(super) fn run() -> Result<(), Refused> {
    let refuse = |error: &str, field: &str| json!({ "error": error, "field": field }).to_string();
    lines::answer_each_text(|_, line| match line.map(parse_operation) {
        Ok(Ok(operation)) => operation.to_set_cookie(),
        Ok(Err(error)) => refuse(error.reason(), error.field()),
        Err(error) => refuse(&error.to_string(), "operation"),
    })
}
