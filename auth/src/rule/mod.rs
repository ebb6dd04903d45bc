//! Which paths need what.
//!
//! An address means something only in normal form. One that the app behind could read in another way
//! than the rules is refused for everybody, because nobody can say which rule is meant.

mod address;

use address::{Pattern, folded, normal};

use crate::identity::Identity;
use crate::refusal::{Refusal, RefusalCode};

/// What it takes to reach the paths that a pattern matches.
///
/// A pattern is a path; or one that ends in `/*`, and then matches what is below it as well.
/// `/admin` is `/admin` and `/admin/`, `/admin/*` is also `/admin/users/1`, and `/*` is everything.
#[derive(Clone, Debug)]
pub struct Rule {
    pattern: Pattern,
    roles: Vec<String>,
    methods: Vec<String>,
    anyone: bool,
    bearer: bool,
    preflight: bool,
}

impl Rule {
    /// A rule that asks for a sign-in and nothing else.
    ///
    /// # Errors
    ///
    /// If the pattern is not a path in normal form: such a rule would never match.
    pub fn new(pattern: &str) -> Result<Self, RuleError> {
        Ok(Self {
            pattern: Pattern::read(pattern)
                .ok_or_else(|| RuleError::Pattern(pattern.to_owned()))?,
            roles: Vec::new(),
            methods: Vec::new(),
            anyone: false,
            bearer: false,
            preflight: false,
        })
    }

    /// Asks for one of these roles.
    #[must_use]
    pub fn roles(mut self, roles: impl IntoIterator<Item: Into<String>>) -> Self {
        self.roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// Refuses every other method, for everybody. `GET` allows `HEAD`.
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item: Into<String>>) -> Self {
        let upper = |method: String| method.to_ascii_uppercase();
        self.methods
            .extend(methods.into_iter().map(Into::into).map(upper));
        self
    }

    /// Asks for nothing: the path is public.
    #[must_use]
    pub const fn anyone(mut self) -> Self {
        self.anyone = true;
        self
    }

    /// The path is for programs, which bring their sign-in in `Authorization` and cannot use a page.
    #[must_use]
    pub const fn bearer(mut self) -> Self {
        self.bearer = true;
        self
    }

    /// Lets through the question that a browser asks before a cross-origin request (CORS), which never
    /// carries a sign-in. The request itself is judged when it comes.
    #[must_use]
    pub const fn preflight(mut self) -> Self {
        self.preflight = true;
        self
    }

    fn demand(&self, method: &str, preflight: bool) -> Result<Demand<'_>, Refusal> {
        let method = if method == "HEAD" { "GET" } else { method };
        let preflight = self.preflight && preflight && method == "OPTIONS";
        let allowed = self.methods.is_empty() || self.methods.iter().any(|one| one == method);
        if !preflight && !allowed {
            return Err(RefusalCode::Method.into());
        }
        Ok(Demand {
            anyone: self.anyone || preflight,
            bearer: self.bearer,
            roles: [&self.roles, &[]],
        })
    }
}

/// Rules in their order: the first whose path matches decides. Where none does, people must be signed
/// in.
///
/// ```
/// use apply_cookies_auth::{Rule, Rules};
///
/// let rules = Rules::new([
///     Rule::new("/public/*")?.anyone(),
///     Rule::new("/admin/*")?.roles(["admin"]),
/// ])?;
/// // This one would never be reached:
/// assert!(Rules::new([Rule::new("/*")?, Rule::new("/admin")?]).is_err());
/// # Ok::<_, apply_cookies_auth::RuleError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// These rules.
    ///
    /// # Errors
    ///
    /// If one of them can never decide, or contradicts itself.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Result<Self, RuleError> {
        let rules = Vec::from_iter(rules);
        for (at, rule) in rules.iter().enumerate() {
            let text = rule.pattern.to_string();
            if rule.anyone && (rule.bearer || !rule.roles.is_empty()) {
                return Err(RuleError::Contradiction(text));
            }
            let covering = rules[..at]
                .iter()
                .find(|one| one.pattern.covers(&rule.pattern));
            if let Some(one) = covering {
                return Err(RuleError::Unreachable(text, one.pattern.to_string()));
            }
        }
        Ok(Self(rules))
    }

    /// What a request needs, by its address as the client wrote it. `preflight`: it has `Origin` and
    /// `Access-Control-Request-Method`.
    ///
    /// # Errors
    ///
    /// If nobody may make it: its address is not in normal form, or its method is not allowed there.
    pub fn demand<'r>(
        &'r self,
        address: &str,
        method: &str,
        preflight: bool,
    ) -> Result<Demand<'r>, Refusal> {
        let refused = |why| Refusal::new(RefusalCode::Address).because(why);
        let path = normal(address).map_err(refused)?;
        // `/Admin` is `/admin` to an app that ignores case, and to another it is not. Whoever asks
        // must satisfy the rules in both readings.
        let demand = |path: &str, is_folded| {
            let mut rules = self.0.iter();
            let rule = rules.find(|rule| rule.pattern.matches(path, is_folded));
            rule.map_or(Ok(Demand::SIGNED_IN), |rule| rule.demand(method, preflight))
        };
        Ok(demand(&path, false)?.and(demand(&folded(&path), true)?))
    }
}

/// What a request needs.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'r> {
    /// Nothing.
    pub(crate) anyone: bool,
    /// What `Authorization` proves; nobody is sent to a page.
    pub(crate) bearer: bool,
    /// Of each that is not empty, one role.
    roles: [&'r [String]; 2],
}

impl Demand<'_> {
    pub(crate) const SIGNED_IN: Self = Self {
        anyone: false,
        bearer: false,
        roles: [&[], &[]],
    };

    pub(crate) const NOTHING: Self = Self {
        anyone: true,
        ..Self::SIGNED_IN
    };

    const fn and(self, other: Self) -> Self {
        Self {
            anyone: self.anyone && other.anyone,
            bearer: self.bearer && other.bearer,
            roles: [self.roles[0], other.roles[0]],
        }
    }

    /// Whether this person, or nobody, may make the request.
    ///
    /// # Errors
    ///
    /// If somebody must be signed in, or lacks the role.
    pub fn check(&self, who: Option<&Identity>) -> Result<(), Refusal> {
        if self.anyone {
            return Ok(());
        }
        let who = who.ok_or(RefusalCode::SignedOut)?;
        let has = |roles: &[String]| roles.is_empty() || who.has_one_of(roles);
        if self.roles.into_iter().all(has) {
            Ok(())
        } else {
            Err(RefusalCode::RoleMissing.into())
        }
    }
}

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

#[cfg(test)]
mod tests;
