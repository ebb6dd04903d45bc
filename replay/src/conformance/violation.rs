//! A broken rule, and how rules are tested.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::maker::{Outcome, Verdict};

/// A rule that a store breaks.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the rule `{rule}` is broken: {what}")]
pub struct Violation<R> {
    rule: R,
    what: String,
}

impl<R: Copy> Violation<R> {
    /// The rule.
    #[must_use]
    pub const fn rule(&self) -> R {
        self.rule
    }
}

/// Every rule that a store breaks, one a line. `Debug` prints the same, so that `unwrap` shows it.
#[derive(Clone)]
pub struct Violations<R>(Vec<Violation<R>>);

impl<R> Violations<R> {
    /// The violations, in the order in which the rules are tested; at least one.
    #[must_use]
    pub fn as_slice(&self) -> &[Violation<R>] {
        &self.0
    }
}

impl<R: fmt::Display> fmt::Display for Violations<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl<R: fmt::Display> fmt::Debug for Violations<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl<R: fmt::Display> std::error::Error for Violations<R> {}

/// Tests a rule. A store that panics breaks it.
pub(super) fn test<R>(rule: R, run: impl FnOnce() -> Outcome) -> Result<Verdict, Violation<R>> {
    let held = catch_unwind(AssertUnwindSafe(run));
    held.unwrap_or_else(|panic| Err(message(&*panic)))
        .map_err(|what| Violation { rule, what })
}

/// Tests all rules. Returns those that do not apply.
pub(super) fn check<R: Copy>(
    rules: &[R],
    test: impl Fn(R) -> Result<Verdict, Violation<R>>,
) -> Result<Vec<R>, Violations<R>> {
    let (mut not_applicable, mut broken) = (Vec::new(), Vec::new());
    for rule in rules {
        match test(*rule) {
            Ok(Verdict::Held) => {}
            Ok(Verdict::NotApplicable) => not_applicable.push(*rule),
            Err(violation) => broken.push(violation),
        }
    }
    if broken.is_empty() {
        Ok(not_applicable)
    } else {
        Err(Violations(broken))
    }
}

/// The words of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("a panic: {}", words.unwrap_or("without words"))
}
