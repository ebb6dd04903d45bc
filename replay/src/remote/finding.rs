//! The facts about a server that its operator should know, in words.

use std::fmt;

use apply_cookies_protocol::UnixMillis;

use super::trouble::Trouble;

/// How much a fact matters. In this order they are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Weight {
    /// The server cannot be used like this.
    Unfit,
    /// It can be used, and something is worse than it could be.
    Warning,
    /// It can be relied on.
    Promise,
    /// Good to know.
    Note,
}

/// The thing that a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// Whether it answers.
    Connection,
    /// What its user may do.
    Rights,
    /// What a loss of its memory or a restart does.
    Durability,
    /// Whether it removes data to make room, or has none.
    Room,
    /// Other servers that have the same data.
    Replicas,
    /// Its clock, compared with this machine's.
    Clock,
    /// How the data are laid out.
    Layout,
    /// A pooler in front of it.
    Pooler,
    /// What it is, and what it holds.
    Server,
}

/// A fact about a server, in words without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    weight: Weight,
    subject: Subject,
    words: String,
}

impl Finding {
    /// How much it matters.
    #[must_use]
    pub const fn weight(&self) -> Weight {
        self.weight
    }

    /// The thing that it is about.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        self.subject
    }
}

/// One line: `unfit: …`, `warning: …`, `promise: …`, `note: …`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Unfit => "unfit",
            Weight::Warning => "warning",
            Weight::Promise => "promise",
            Weight::Note => "note",
        };
        write!(f, "{weight}: {}", self.words)
    }
}

/// Findings while they are collected.
#[derive(Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    pub(crate) fn add(&mut self, weight: Weight, subject: Subject, words: impl fmt::Display) {
        // A server's own words may have several lines.
        let words = words.to_string().replace(['\n', '\r'], " ");
        let finding = Finding {
            weight,
            subject,
            words,
        };
        // Several commands may be refused for one reason.
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    /// Without an answer there is nothing else to find.
    pub(crate) fn only(trouble: &Trouble) -> Self {
        let mut findings = Self::default();
        let prefix = match trouble {
            Trouble::Lost(_) => "it cannot be reached: ",
            Trouble::Here(_) => "cannot connect: ",
            _ => "the server refuses: ",
        };
        let words = format_args!("{prefix}{}", trouble.why());
        findings.add(Weight::Unfit, Subject::Connection, words);
        findings
    }

    /// The difference between the server's clock and ours.
    pub(crate) fn clocks(&mut self, theirs_ms: u64, ours_ms: u64) {
        let apart = theirs_ms.abs_diff(ours_ms);
        if apart > 1_000 {
            let way = if theirs_ms > ours_ms {
                "ahead of"
            } else {
                "behind"
            };
            #[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
            let seconds = apart as f64 / 1000.0;
            let words = format_args!(
                "its clock is {seconds:.1} s {way} this machine's: after each restart or failover tokens are refused for longer, and what is over is kept for longer; synchronize both"
            );
            self.add(Weight::Warning, Subject::Clock, words);
        }
    }

    /// What the data are.
    pub(crate) fn memory(
        &mut self,
        horizon: Option<u64>,
        now: UnixMillis,
        claims: u64,
        barriers: u64,
        version: impl fmt::Display,
    ) {
        let words = match horizon {
            None => "it holds no data of a store yet".to_owned(),
            Some(horizon) => format!(
                "it remembers every claim of the last {} s, and holds {claims} claims and {barriers} barriers now, in the layout {version}",
                now.get().saturating_sub(horizon) / 1000
            ),
        };
        self.add(Weight::Note, Subject::Server, words);
    }

    pub(crate) fn has_unfit(&self) -> bool {
        self.0.iter().any(|finding| finding.weight == Weight::Unfit)
    }

    /// By weight; of one weight, as they were found.
    pub(crate) fn sorted(mut self) -> Vec<Finding> {
        self.0.sort_by_key(Finding::weight);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_lines_in_the_order_of_their_weight() {
        let mut findings = Findings::default();
        findings.add(Weight::Note, Subject::Server, "a");
        findings.add(Weight::Unfit, Subject::Rights, "b\nc");
        findings.add(Weight::Promise, Subject::Durability, "d");
        findings.clocks(1_000, 2_000);
        findings.clocks(2_001, 1_000);
        findings.add(Weight::Unfit, Subject::Layout, "e");
        let lines: Vec<String> = findings.sorted().iter().map(ToString::to_string).collect();
        assert_eq!(lines[..2], ["unfit: b c", "unfit: e"]);
        assert!(lines[2].starts_with("warning: its clock is 1.0 s ahead of"));
        assert_eq!(lines[3..], ["promise: d", "note: a"]);
    }
}
