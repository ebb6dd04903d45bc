//! `set-cookie`: operations → header text.

use apply_cookies::Clock;
use apply_cookies::protocol::parse_operation_over;
use serde_json::json;

use super::args::tools::SetCookieArgs;
use super::{lines, mesop};
use crate::refused::Refused;

pub(super) fn run(args: &SetCookieArgs) -> Result<(), Refused> {
    let clock = Clock::system();
    let scheme = args.pages.scheme();
    let is_mesop = args.profile.is_mesop();
    let refuse = |error: &str, field: &str| json!({ "error": error, "field": field }).to_string();
    lines::answer_each_text(|number, line| {
        let written = line.map(|line| {
            if is_mesop {
                let now = args.now.unwrap_or_else(|| clock.now());
                mesop::set_cookie(line, scheme, now)
            } else {
                parse_operation_over(line, scheme).map(|operation| operation.to_set_cookie())
            }
        });
        match written {
            Ok(Ok(line)) => line,
            Ok(Err(error)) => refuse(error.reason(), error.field()),
            Err(error) => {
                lines::tell(number, &error);
                refuse(&error.to_string(), "operation")
            }
        }
    })
}
