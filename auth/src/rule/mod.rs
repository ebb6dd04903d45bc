//! Which paths need what.
//!
//! An address means something only in normal form. One that the app behind could read in another way
//! than the rules is refused for everybody, because nobody can say which rule is meant.

mod address;
mod demand;
mod error;
mod pattern;

pub use address::AddressError;
pub use demand::{Asked, Demand, RuleRefusal};
pub use error::RuleError;

use address::Address;
use pattern::{Pattern, folded};

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
            pattern: Pattern::read(pattern)?,
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

    /// Lets the question through that a browser asks before a cross-origin request (CORS), and that
    /// never carries a sign-in. The request itself is judged when it comes.
    #[must_use]
    pub const fn preflight(mut self) -> Self {
        self.preflight = true;
        self
    }

    fn demand(&self, asked: &Asked<'_>) -> Result<Demand<'_>, RuleRefusal> {
        let method = match asked.method {
            "HEAD" => "GET",
            method => method,
        };
        let preflight = self.preflight && asked.preflight && method == "OPTIONS";
        let allowed = self.methods.is_empty() || self.methods.iter().any(|one| one == method);
        if !preflight && !allowed {
            return Err(RuleRefusal::Method);
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
/// use apply_cookies_auth::{Asked, Identity, Rule, RuleRefusal, Rules};
///
/// let rules = Rules::new([
///     Rule::new("/public/*")?.anyone(),
///     Rule::new("/admin/*")?.roles(["admin"]),
/// ])?;
/// let demand = |address| rules.demand(&Asked::new(address, "GET"));
/// let ada = Identity::new("password", "ada").unwrap();
/// assert_eq!(demand("/public/logo.png").unwrap().check(None), Ok(()));
/// assert_eq!(demand("/reports").unwrap().check(Some(&ada)), Ok(()));
/// assert_eq!(demand("/%61dmin").unwrap().check(Some(&ada)), Err(RuleRefusal::RoleMissing));
/// assert!(demand("/public/%2e%2e/admin").is_err());
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

    /// What a request needs.
    ///
    /// # Errors
    ///
    /// If nobody may make it: its address is not in normal form, or its method is not allowed there.
    pub fn demand<'r>(&'r self, asked: &Asked<'_>) -> Result<Demand<'r>, RuleRefusal> {
        let address = Address::read(asked.address).map_err(RuleRefusal::Address)?;
        let path = address.path();
        // `/Admin` is `/admin` to an app that ignores case, and to another it is not. Whoever asks
        // must satisfy the rules in both readings.
        let exact = self.0.iter().find(|rule| rule.pattern.matches(path));
        let path = folded(path);
        let other = self
            .0
            .iter()
            .find(|rule| rule.pattern.matches_folded(&path));
        let demand =
            |rule: Option<&'r Rule>| rule.map_or(Ok(Demand::SIGNED_IN), |rule| rule.demand(asked));
        Ok(demand(exact)?.and(demand(other)?))
    }
}

#[cfg(test)]
mod tests;
