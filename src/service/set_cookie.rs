//! `set-cookie`: operations → header text.

use apply_cookies_protocol::parse_operation;
use serde_json::json;

use super::args::SetCookieArgs;
use super::{Refused, lines, mesop};
use crate::Clock;

pub(super) fn run(args: &SetCookieArgs) -> Result<(), Refused> {
    let clock = Clock::system();
    let is_mesop = args.profile.is_mesop();
    let refuse = |error: &str, field: &str| json!({ "error": error, "field": field }).to_string();
    lines::answer_each_text(|_, line| {
        let written = line.map(|line| {
            if is_mesop {
                let now = args.now.unwrap_or_else(|| clock.now());
                mesop::set_cookie(line, now)
            } else {
                parse_operation(line).map(|operation| operation.to_set_cookie())
            }
        });
        match written {
            Ok(Ok(line)) => line,
            Ok(Err(error)) => refuse(error.reason(), error.field()),
            Err(error) => refuse(&error.to_string(), "operation"),
        }
    })
}
