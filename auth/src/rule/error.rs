//! What is wrong with rules.

/// Why rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A pattern that no address matches.
    #[error(
        "the path `{0}` never matches; write segments, and `/*` at the end for everything below: /admin/*"
    )]
    Pattern(String),
    /// `anyone` together with something that not everyone has.
    #[error("the rule for `{0}` is for anyone, and asks for roles or a bearer")]
    Contradiction(String),
    /// An earlier rule always decides.
    #[error(
        "the rule for `{0}` is never reached, because `{1}` stands before it; a method that a rule does not allow is refused, not passed on"
    )]
    Unreachable(String, String),
}
