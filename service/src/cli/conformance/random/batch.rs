//! Batches as JSON, with one fault at most.

use serde_json::{Value, json};

use super::attributes::Members;
use super::draw::Draw;
use super::operation::{Faults, object, operation};
use super::time::time;

/// The operations of a batch, with one fault at most: which of several is named is left open.
pub(super) fn operations(draw: &mut Draw, faults: Faults) -> Vec<Members> {
    if faults != Faults::None && draw.once_in(6) {
        // Too many, or none: deletes are short.
        let count = draw.pick(&[0, 21, 22, 300]);
        let delete = |n| {
            vec![
                ("op".to_owned(), "\"delete\"".to_owned()),
                ("name".to_owned(), format!("\"c{n}\"")),
            ]
        };
        return (0..count).map(delete).collect();
    }
    let count = draw.pick(&[1, 1, 1, 2, 3, 7, 20]);
    let mut all: Vec<Members> = (0..count)
        .map(|n| operation(draw, n, Faults::None))
        .collect();
    if faults == Faults::None {
        return all;
    }
    // Beside a fault the others are few and short, or the lines could be too long as well.
    all.truncate(3);
    all.retain(|one| one.iter().map(|(_, value)| value.len()).sum::<usize>() < 700);
    if all.len() > 1 && draw.once_in(3) {
        let again = all[0].clone();
        all.push(again);
    } else {
        let at = draw.below(all.len() + 1);
        let wrong = operation(draw, 99, faults);
        all.insert(at, wrong);
    }
    all
}

/// The operations of a question whose fields are JSON themselves.
pub(super) fn as_values(draw: &mut Draw, operations: &[Members]) -> Value {
    let objects: Vec<String> = operations.iter().map(|one| object(draw, one)).collect();
    serde_json::from_str(&format!("[{}]", objects.join(","))).unwrap_or_else(|_| json!([]))
}

/// `batch`.
pub(super) fn batch(draw: &mut Draw) -> Value {
    let faults = draw.pick(&[Faults::None, Faults::None, Faults::OfRules, Faults::OfForm]);
    let plain_http = draw.once_in(3);
    let form = draw.below(30);
    let mut operations = operations(draw, faults);
    if plain_http && (operations.len() > 1 || form < 6) {
        // What is right on https may not be there (SPEC §4.1): a fault beside another.
        let is_left = |field: &str| !matches!(field, "same_site" | "partitioned");
        for one in &mut operations {
            one.retain(|(name, _)| is_left(name));
        }
    }
    let list: Vec<String> = operations.iter().map(|one| object(draw, one)).collect();
    let list = list.join(",");
    let text = match form {
        0 => draw
            .pick(&[
                "[]",
                "null",
                "{}",
                "1",
                "\"\"",
                "{\"operations\":null}",
                "{\"operations\":{}}",
                "",
            ])
            .to_owned(),
        1 if faults == Faults::None => format!("{{\"operations\":[{list}],\"x\":1}}"),
        2 if faults == Faults::None => format!("{{\"x\":1,\"operations\":[{list}]}}"),
        3 if faults == Faults::None => format!("{{\"operations\":[{list}],\"operations\":[]}}"),
        4 if faults == Faults::None => format!(
            "{{\"operations\":[{list},{}]}}",
            draw.pick(&["null", "[]", "1", "\"a\""])
        ),
        5 if faults == Faults::None => format!("{{\"operations\":[{list}]"),
        _ => format!("{{\"operations\":[{list}]}}"),
    };
    let lifetime = draw.between(1, 86_400_000);
    json!({
        "do": "batch",
        "text": text,
        "plain_http": plain_http,
        "now": time(draw),
        "ttl_ms": draw.pick(&[1, 60_000, 86_400_000, lifetime]),
        "nonce": draw.base64::<16>(),
    })
}
