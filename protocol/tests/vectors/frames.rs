//! `frames.json`: tokens in the forms of the streams that carry them (SPEC §8). What writes frames is
//! in the crate `apply-cookies`, whose tests check this file.

use serde_json::{Value, json};

use crate::cases::{base, seal};
use crate::support::SECRET;
use crate::support::raw::RawKeys;

pub(crate) fn table() -> Value {
    let mut encrypted = base();
    encrypted.encrypted = true;
    let keys = RawKeys::of(SECRET);
    // `-` and `_` are in it.
    let longest = format!("s1.{}", "-_".repeat(6142));
    let case = |comment: &str, token: &str| {
        json!({
            "comment": comment,
            "token": token,
            "sse": format!("event: apply-cookies\ndata: {{\"token\":\"{token}\"}}\n\n"),
            "websocket": format!("{{\"type\":\"apply-cookies\",\"token\":\"{token}\"}}"),
            "html": format!("<apply-cookies token=\"{token}\"></apply-cookies>"),
        })
    };
    json!({
        "comment": "a token in each kind of stream (SPEC §8)",
        "cases": [
            case("signed", &seal(&keys, &base())),
            case("encrypted", &seal(&keys, &encrypted)),
            case("of the longest", &longest),
        ],
    })
}
