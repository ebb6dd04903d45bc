//! JSON, right and wrong in one way.

use super::draw::{Draw, ODD};
use super::text::string;

/// A document. Now and then it is too deep, has a key twice, or is no JSON; not two of the last.
pub(super) fn document(draw: &mut Draw) -> String {
    let kind = draw.below(10);
    let depth = if kind == 0 {
        draw.pick(&[8, 9, 10, 40])
    } else {
        draw.below(5)
    };
    let mut json = value(draw, depth, kind == 1 || kind == 0);
    match kind {
        2 => json = draw.change(&json, "{}[]:,\"\\ n0e-.\u{feff}\u{a0}"),
        3 => {
            let bad = draw.pick(&[
                "NaN",
                "Infinity",
                "-Infinity",
                "01",
                "1.",
                ".5",
                "+1",
                "1e",
                "0x1",
                "--1",
                "-",
                "1e400",
                "-1e400",
                "TRUE",
                "nul",
                "'a'",
                r#""\ud800""#,
                r#""\udc00""#,
                r#""\ud800\ud800""#,
                r#""\ud800a""#,
                r#""\x""#,
                r#""\u12""#,
                "\"\n\"",
                "\"\t\"",
                "\"\u{0}\"",
                "[1,]",
                "[,1]",
                "{\"a\":1,}",
                "{\"a\"}",
                "{a:1}",
                "{1:1}",
                "[1 2]",
                "//",
                "1 2",
                "{} {}",
                "",
                "\u{feff}1",
                "1.7976931348623159e308",
            ]);
            json = if draw.once_in(2) {
                bad.to_owned()
            } else {
                format!("[{json},{bad}]")
            };
        }
        4 => json = format!("{}{json}{}", space(draw), space(draw)),
        _ => {}
    }
    json
}

fn space(draw: &mut Draw) -> &'static str {
    draw.pick(&["", " ", "\n", "\t", "\r\n  "])
}

/// A value with `depth` levels at most, and a branch that has them all.
fn value(draw: &mut Draw, depth: usize, twice: bool) -> String {
    if depth == 0 {
        return leaf(draw);
    }
    let others = draw.below(3);
    let mut values: Vec<String> = (0..others)
        .map(|_| {
            let shallow = draw.below(depth.min(3));
            value(draw, shallow, false)
        })
        .collect();
    let at = draw.below(values.len() + 1);
    let deepest = value(draw, depth - 1, twice);
    values.insert(at, deepest);
    if draw.once_in(2) {
        return format!("[{}]", values.join(","));
    }
    let mut keys: Vec<String> = (0..values.len()).map(|n| key(draw, n)).collect();
    if twice && keys.len() > 1 && draw.once_in(2) {
        // With other escapes, perhaps.
        let again = draw.below(keys.len() - 1);
        let key = keys[again].clone();
        keys[again + 1] = key;
    }
    let members: Vec<String> = (keys.iter().zip(values))
        .map(|(key, value)| format!("{}:{}{value}", string(draw, key), space(draw)))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// A key that no other number has: they end with it.
fn key(draw: &mut Draw, number: usize) -> String {
    let length = draw.below(4);
    let start = match draw.below(5) {
        0 => draw.text(length, ODD),
        1 => draw
            .pick(&[
                "é",
                "e\u{301}",
                "😀",
                "__proto__",
                "constructor",
                "{[\"",
                "\\",
            ])
            .to_owned(),
        _ => draw.text(length, "abc"),
    };
    if number == 0 && draw.once_in(8) {
        String::new()
    } else {
        format!("{start}#{number}")
    }
}

fn leaf(draw: &mut Draw) -> String {
    let length = draw.below(12);
    let number = draw.pick(&[
        "0",
        "-0",
        "-0.0",
        "1",
        "-1",
        "1.50",
        "1E+2",
        "1e-400",
        "123456789012345678901234567890",
        "1.7976931348623157e308",
        "9007199254740993",
        "18446744073709551616",
        "5e-324",
        "0.1",
        "-1.5e3",
        "0e400",
    ]);
    match draw.below(8) {
        0 => "null".to_owned(),
        1 => draw.pick(&["true", "false"]).to_owned(),
        2 | 3 => number.to_owned(),
        4 => draw
            .pick(&[
                "{}",
                "[]",
                "\"\"",
                r#""\ud83d\ude00""#,
                r#""\u0000""#,
                r#""\b\f\n\r\t\/\\\"""#,
            ])
            .to_owned(),
        5 => {
            let text = draw.text(length, ODD);
            string(draw, &text)
        }
        6 => {
            let text = draw.text(length, "{}[]:,\\\"a");
            string(draw, &text)
        }
        _ => {
            let text = draw.text(length, "abc é");
            string(draw, &text)
        }
    }
}
