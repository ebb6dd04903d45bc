//! What differs, as a file of vectors.

use serde_json::{Value, json};

use super::vectors::Case;

/// More are counted, and not shown.
const SHOWN: usize = 100;

#[derive(Default)]
pub(super) struct Differences {
    count: usize,
    shown: Vec<Value>,
}

impl Differences {
    pub(super) fn add(&mut self, case: &Case, answer: &Value) {
        self.count += 1;
        if self.shown.len() < SHOWN {
            let mut shown = case.question.clone();
            shown["comment"] = json!(case.comment);
            shown["expected"] = case.expected.clone();
            shown["answered"] = answer.clone();
            self.shown.push(shown);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Whether so many differ that more would not help.
    pub(super) fn are_plenty(&self) -> bool {
        self.count >= SHOWN
    }

    /// The file: questions as they were asked, and both answers.
    pub(super) fn to_file(&self, comment: &str) -> String {
        let file = json!({ "comment": comment, "cases": self.shown });
        format!("{file:#}")
    }
}
