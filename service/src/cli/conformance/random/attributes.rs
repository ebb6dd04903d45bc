//! The fields of an operation: at their edges, and wrong.

use super::draw::{Draw, OCTETS, ODD};
use super::text::string;

/// A field's name and its JSON, as they are written.
pub(super) type Members = Vec<(String, String)>;

pub(super) fn name(draw: &mut Draw, number: usize) -> String {
    let plain = draw.pick(&[
        "",
        "apply-cookies",
        "Apply-Cookies-x",
        "__Host-apply-cookies",
        "__secure-APPLY-cookies-1",
        "apply-cookiesx",
        "apply%2Dcookies",
        "__Host-__Host-a",
        "__Host-",
        "__Http-",
        "%5F%5FHost-a",
        "__Host%2Da",
        "__%48ost-a",
        "a%20b",
        "a%zz",
        "a%",
        "%255F",
        "__Host-Http-%41",
        "__Host-%48ttp-a",
        "a b",
        "a=b",
        "a;b",
        "a\"",
        "é",
        "(a)",
        "a\u{0}",
        "__Host-apply-cookies%2D",
        "__Http-apply-cookies-",
    ]);
    match draw.below(4) {
        0 => {
            let length = draw.below(4) + 1;
            draw.text(length, ODD)
        }
        1 => format!(
            "{number}{}",
            "n".repeat(draw.pick(&[4090, 4094, 4095, 4096]))
        ),
        _ => plain.to_owned(),
    }
}

pub(super) fn path(draw: &mut Draw, faults: bool) -> String {
    let good = draw
        .pick(&["/", "/app", "/a%20b", "/a,b\"\\~", "/!", "//"])
        .to_owned();
    let length = draw.length(140);
    let path = match draw.below(6) {
        0 => return "null".to_owned(),
        1 => format!("/{}", draw.text(length, OCTETS)),
        2 if faults => draw
            .pick(&["", "app", "/a b", "/a;b", "/é", "/\u{7f}", "/\u{0}", " /"])
            .to_owned(),
        3 if faults => format!("/{}", "p".repeat(draw.pick(&[1022, 1023, 1024]))),
        _ => good,
    };
    string(draw, &path)
}

pub(super) fn domain(draw: &mut Draw, faults: bool) -> String {
    let long = "d".repeat(63);
    let domain = match draw.below(5) {
        0 => return "null".to_owned(),
        1 => format!("{long}.example"),
        2 if faults => draw
            .pick(&[
                "",
                "example",
                "App.example",
                ".app.example",
                "app.example.",
                "a..b",
                "-a.example",
                "a-.example",
                "127.0.0.1",
                "a.1",
                "a.1b",
                "a_b.example",
                "é.example",
                "a b.c",
                "[::1]",
                "a.example:80",
                "1.a",
                "a.-",
            ])
            .to_owned(),
        3 if faults => {
            let last = "d".repeat(draw.pick(&[60, 61, 62]));
            draw.pick(
                &[
                    format!("{long}.{long}.{long}.{last}"),
                    format!("{long}d.example"),
                ]
                .each_ref(),
            )
            .clone()
        }
        _ => draw
            .pick(&["app.example", "a.b", "1.2a", "a--b.c-d.example", "x1.y2.z3"])
            .to_owned(),
    };
    string(draw, &domain)
}

/// A fault that types alone show, or a field too many or too few.
pub(super) fn spoil(draw: &mut Draw, members: &mut Members) {
    let field = draw.pick(&[
        "op",
        "name",
        "value",
        "max_age",
        "path",
        "domain",
        "secure",
        "http_only",
        "same_site",
        "partitioned",
    ]);
    let value = draw.pick(&[
        "null",
        "true",
        "0",
        "-1",
        "-0",
        "1.0",
        "1e3",
        "1E400",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
        "\"\"",
        "\"lax\"",
        "\"Strict\"",
        "\"delete\"",
        "\"Set\"",
        "[]",
        "{}",
        "[1,{\"a\":null}]",
    ]);
    match draw.below(5) {
        0 => members.retain(|(name, _)| name != field),
        1 => members.push((field.to_owned(), value.to_owned())),
        2 => {
            let unknown = draw.pick(&[
                "expires",
                "Name",
                "max-age",
                "samesite",
                "",
                "httponly",
                "0",
                "__proto__",
                "constructor",
            ]);
            let unknown = if unknown.is_empty() { "x" } else { unknown };
            members.push((unknown.to_owned(), value.to_owned()));
        }
        3 => {
            if let Some((_, json)) = members.iter_mut().find(|(name, _)| name == field) {
                value.clone_into(json);
            }
        }
        _ => {
            let again = members[draw.below(members.len())].clone();
            members.push(again);
        }
    }
}
