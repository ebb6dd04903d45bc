//! This codec's answers to the questions of protocol/conformance/README.md.

mod question;

mod browser;
mod keys;
mod operations;
mod tokens;
mod values;

use serde_json::{Value, json};

use self::browser::Deployments;
use self::keys::Rings;
use self::question::{Question, Unanswerable};

/// What can be asked, in the order of the page.
pub(super) const CAN: [&str; 11] = [
    "seal",
    "open",
    "write-value",
    "read-value",
    "cookie",
    "set-cookie",
    "batch",
    "keys",
    "frame",
    "binding",
    "secret",
];

/// This codec. It keeps what takes long to derive.
#[derive(Default)]
pub(super) struct Codec {
    rings: Rings,
    deployments: Deployments,
}

impl Codec {
    /// The answer, with the question's `id`.
    pub(super) fn answer_line(&mut self, line: &str) -> Value {
        let Ok(asked) = serde_json::from_str::<Value>(line) else {
            return json!({ "id": null, "error": "not a JSON object" });
        };
        let mut answer = self.answer(&asked);
        answer["id"] = asked.get("id").cloned().unwrap_or_default();
        answer
    }

    /// The answer: an object.
    pub(super) fn answer(&mut self, asked: &Value) -> Value {
        let asked = Question(asked);
        let answer = asked.text("do").and_then(|what| match what {
            "hello" => Ok(json!({
                "name": "rust",
                "version": env!("CARGO_PKG_VERSION"),
                "can": CAN,
            })),
            "seal" => tokens::seal(&mut self.rings, asked),
            "open" => tokens::open(&mut self.rings, asked),
            "frame" => tokens::frame(asked),
            "write-value" => values::write(&mut self.rings, asked),
            "read-value" => values::read(&mut self.rings, asked),
            "cookie" => browser::cookie(asked),
            "binding" => self.deployments.binding(asked),
            "set-cookie" => operations::set_cookie(asked),
            "batch" => operations::batch(&mut self.rings, asked),
            "keys" => keys::keys(asked),
            "secret" => keys::secret(asked),
            _ => Err(Unanswerable("do is unknown".to_owned())),
        });
        answer.unwrap_or_else(|Unanswerable(why)| json!({ "error": why }))
    }
}
