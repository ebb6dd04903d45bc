//! Operations as JSON: right ones at every edge, and wrong ones.

use serde_json::{Value, json};

use super::attributes::{self, Members};
use super::draw::{Draw, OCTETS, ODD, TCHARS};
use super::text::string;

/// Whether an operation may break rules of SPEC §4, or more.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Faults {
    None,
    OfRules,
    /// Of types and fields too.
    OfForm,
}

/// An operation on a cookie that no other number has.
pub(super) fn operation(draw: &mut Draw, number: usize, faults: Faults) -> Members {
    let odd = |draw: &mut Draw| faults != Faults::None && draw.once_in(5);
    let mut name = match draw.below(8) {
        0 => format!("__Host-{number}"),
        1 => format!(
            "{}{number}",
            draw.pick(&["__Secure-", "__Http-", "__hOsT-hTtP-", "__secure-"])
        ),
        2 => format!("{}-{number}", draw.text(3, TCHARS)),
        3 => format!("{}{number}", "n".repeat(draw.pick(&[126, 127, 128]))),
        _ => format!("n{number}"),
    };
    if odd(draw) {
        name = attributes::name(draw, number);
    }
    let lower = name.to_ascii_lowercase();
    let is_host = lower.starts_with("__host-");
    let is_http = lower.starts_with("__http-") || lower.starts_with("__host-http-");
    let needs_secure = is_host || is_http || lower.starts_with("__secure-");
    let is_delete = draw.once_in(4);
    let mut members: Members = vec![
        (
            "op".to_owned(),
            string(draw, if is_delete { "delete" } else { "set" }),
        ),
        ("name".to_owned(), string(draw, &name)),
    ];
    let add =
        |members: &mut Members, field: &str, value: String| members.push((field.to_owned(), value));
    if !is_delete {
        let length = draw.length(300);
        let mut value = draw.text(length, OCTETS);
        if odd(draw) {
            let length = draw.pick(&[1, 3, 4090, 4095, 4096]);
            value = draw.text(length, if length < 5 { ODD } else { OCTETS });
        }
        let value = string(draw, &value);
        add(&mut members, "value", value);
        if draw.once_in(3) {
            let most = draw.between(0, 34_560_000);
            let age = draw.pick(&[
                0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 34_560_000, most,
            ]);
            add(&mut members, "max_age", age.to_string());
        } else if odd(draw) {
            let age = draw.pick(&["34560001", "null", "4294967296", "9007199254740991"]);
            add(&mut members, "max_age", age.to_owned());
        }
        if draw.once_in(4) && !is_http || odd(draw) {
            let flag = draw.pick(&["true", "false", "null"]);
            add(&mut members, "http_only", flag.to_owned());
        }
    }
    if draw.once_in(3) && !is_host || odd(draw) {
        let path = attributes::path(draw, faults != Faults::None);
        add(&mut members, "path", path);
    }
    if draw.once_in(4) && !is_host || odd(draw) {
        let domain = attributes::domain(draw, faults != Faults::None);
        add(&mut members, "domain", domain);
    }
    let mut needs = needs_secure;
    if !is_delete && draw.once_in(3) {
        let same_site = draw.pick(&["\"Strict\"", "\"Lax\"", "\"None\"", "null"]);
        needs |= same_site == "\"None\"";
        add(&mut members, "same_site", same_site.to_owned());
    }
    if draw.once_in(5) {
        let flag = draw.pick(&["true", "false", "null"]);
        needs |= flag == "true";
        add(&mut members, "partitioned", flag.to_owned());
    }
    if draw.once_in(3) && !needs || odd(draw) {
        let flag = draw.pick(&["true", "false", "null"]);
        add(&mut members, "secure", flag.to_owned());
    }
    if faults == Faults::OfForm {
        attributes::spoil(draw, &mut members);
    }
    draw.shuffle(&mut members);
    members
}

/// An operation's JSON, with white space between its parts.
pub(super) fn object(draw: &mut Draw, members: &Members) -> String {
    let space = if draw.once_in(6) {
        draw.pick(&[" ", "\n", "\t", "\r\n"])
    } else {
        ""
    };
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| {
            let name = string(draw, name);
            format!("{space}{name}{space}:{space}{value}{space}")
        })
        .collect();
    format!("{{{}}}", members.join(","))
}

/// `set-cookie`.
pub(super) fn set_cookie(draw: &mut Draw) -> Value {
    let faults = draw.pick(&[Faults::None, Faults::OfRules, Faults::OfForm]);
    let members = operation(draw, 1, faults);
    let mut text = object(draw, &members);
    if draw.once_in(12) {
        text = draw.change(&text, "{}[]:,\"\\ n0e");
    }
    json!({ "do": "set-cookie", "text": text, "plain_http": draw.once_in(3) })
}
