//! Whether an answer will do: where SPEC leaves it open, several will.

use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::answer::Codec;

/// Whether `answer` is the expected one, or another that SPEC allows.
pub(super) fn is_right(
    codec: &mut Codec,
    question: &Value,
    expected: &Value,
    answer: &Value,
) -> bool {
    if answer == expected {
        return true;
    }
    match question["do"].as_str() {
        Some("set-cookie") => {
            is_unprintable(expected, answer) || names_a_field(question, answer, "operation")
        }
        Some("batch") => {
            is_unprintable(expected, answer) || names_a_field(question, answer, "batch")
        }
        Some("read-value") => {
            // The value as it is, whatever step 8 says of it. If it is not UTF-8, it is not JSON.
            let mut as_text = question.clone();
            as_text["json"] = json!(false);
            let read = codec.answer(&as_text);
            is_any_of_json(expected, read["value"].as_str(), answer)
        }
        Some("write-value") => is_any_of_json(expected, question["value"].as_str(), answer),
        Some("secret") => is_some_refusal(expected, answer),
        _ => false,
    }
}

/// SPEC §7: this codec gives such a name as `field`.
fn is_unprintable(expected: &Value, answer: &Value) -> bool {
    let name = answer["field"].as_str().unwrap_or("field");
    expected["field"] == "field"
        && is_only(answer, "field")
        && (name.is_empty() || name.len() > 40 || !name.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// SPEC §7: a reader that goes through the text once may name a wrong field in front of what is not
/// JSON.
fn names_a_field(question: &Value, answer: &Value, whole: &str) -> bool {
    let text = question["text"].as_str().unwrap_or_default();
    let field = answer["field"].as_str().unwrap_or_default();
    !is_json(text)
        && is_only(answer, "field")
        && (field == whole || text.contains(&format!("\"{field}\"")))
}

const OF_JSON: [&str; 3] = ["not-json", "too-deep", "duplicate-key"];

/// SPEC §12.4: what is not JSON may be refused for any of these.
fn is_any_of_json(expected: &Value, value: Option<&str>, answer: &Value) -> bool {
    let is_one = |answer: &Value| {
        let reason = answer["reason"].as_str().unwrap_or_default();
        is_only(answer, "reason") && OF_JSON.contains(&reason)
    };
    is_one(expected) && is_one(answer) && !value.is_some_and(is_json)
}

fn is_only(answer: &Value, field: &str) -> bool {
    answer
        .as_object()
        .is_some_and(|fields| fields.len() == 1 && fields.contains_key(field))
}

/// Whether it is JSON, however deep.
fn is_json(text: &str) -> bool {
    // The first skips what it does not keep, and is less strict there; the second has a limit.
    serde_json::from_str::<IgnoredAny>(text).is_ok()
        && !serde_json::from_str::<Value>(text)
            .is_err_and(|error| !error.to_string().starts_with("recursion limit"))
}

/// SPEC §2.1: which name a text gets that only SHOULD be refused is left open, and of those that must
/// be the first five keep theirs.
fn is_some_refusal(expected: &Value, answer: &Value) -> bool {
    const SHOULD: [&str; 4] = ["template", "reference", "placeholder", "guessable"];
    const MUST: [&str; 3] = ["too-long", "too-short", "published"];
    let expected = expected["refused"].as_str().unwrap_or_default();
    let refused = answer["refused"].as_str();
    let is_loose = |name: &str| SHOULD.contains(&name) || MUST.contains(&name);
    if SHOULD.contains(&expected) {
        refused.map_or_else(|| answer["secrets"].is_array(), is_loose)
    } else {
        MUST.contains(&expected) && refused.is_some_and(is_loose)
    }
}
