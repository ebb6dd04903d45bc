//! Conditions on an identity: before it becomes a session, and at every request of that session.

mod claim_path;

pub use claim_path::{ClaimPath, WrongClaim};

use crate::identity::Identity;
use crate::refusal::{Refusal, RefusalCode};

/// Google's provider, whose claim `hd` alone shows that a company manages the account.
const GOOGLE: &str = "google";
/// Addresses that belong to the accounts of Google itself.
const GMAIL: &str = "gmail.com";

/// Why an address does not count.
const NO_ADDRESS: &str = "the gate: there is no e-mail address; of a provider ask for one by `scopes`, or with `user_info`";
const NOT_VERIFIED: &str = "the gate: the e-mail address is not verified";

/// What must hold before an identity becomes a session. An empty gate lets everybody in whom a
/// provider knows.
///
/// ```
/// use apply_cookies_auth::{Gate, Identity, RefusalCode};
///
/// let gate = Gate::new().verified_email().domains(["company.com"]).emails(["admin@agency.org"]);
/// let ada = Identity::new("password", "ada")?.with_email("Ada@Company.com", true);
/// assert!(gate.check(&ada).is_ok());
/// let eve = Identity::new("password", "eve")?.with_email("eve@evilcompany.com", true);
/// assert_eq!(gate.check(&eve).unwrap_err().code(), RefusalCode::NotAllowed);
/// # Ok::<_, apply_cookies_auth::IdentityError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gate {
    verified_email: bool,
    invited_by: Vec<ClaimPath>,
    invited_as: Vec<String>,
    domains: Option<Vec<String>>,
    emails: Option<Vec<String>>,
    roles: Option<Vec<String>>,
}

impl Gate {
    /// A gate that is open.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only with an e-mail address that the provider has verified.
    #[must_use]
    pub const fn verified_email(mut self) -> Self {
        self.verified_email = true;
        self
    }

    /// Only people whose claim `app_metadata` has `"invited": true`, as Auth0 keeps it.
    #[must_use]
    pub fn invited(self) -> Self {
        self.invited_by(ClaimPath::new(["app_metadata", "invited"]))
    }

    /// Only people for whom the claim at this path is `true`; of several ways to be invited one is
    /// enough. The claim must be among those that the identity keeps.
    #[must_use]
    pub fn invited_by(mut self, path: ClaimPath) -> Self {
        self.invited_by.push(path);
        self
    }

    /// Only people with this role; of several ways to be invited one is enough.
    #[must_use]
    pub fn invited_as(mut self, role: impl Into<String>) -> Self {
        self.invited_as.push(role.into());
        self
    }

    /// Only addresses of these domains, and those of [`emails`](Self::emails). A domain means itself,
    /// not those below it. An empty list lets nobody in.
    ///
    /// An address counts if the provider has verified it. For Google a domain counts by the claim
    /// `hd` alone: anybody can open a Google account with a company's address, and keeps it after
    /// leaving the company.
    #[must_use]
    pub fn domains(mut self, domains: impl IntoIterator<Item: AsRef<str>>) -> Self {
        // People copy `@company.com`.
        let bare = |one: String| one.trim_start_matches('@').trim_start().to_owned();
        let domains = entries(domains).into_iter().map(bare);
        self.domains.get_or_insert_default().extend(domains);
        self
    }

    /// Only these addresses, and those of [`domains`](Self::domains). An empty list lets nobody in.
    #[must_use]
    pub fn emails(mut self, emails: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.emails.get_or_insert_default().extend(entries(emails));
        self
    }

    /// Only people with one of these roles. An empty list lets nobody in.
    #[must_use]
    pub fn roles(mut self, roles: impl IntoIterator<Item: Into<String>>) -> Self {
        let roles = roles.into_iter().map(Into::into);
        self.roles.get_or_insert_default().extend(roles);
        self
    }

    /// Whether this identity may become, or stay, a session.
    ///
    /// # Errors
    ///
    /// The first condition that does not hold. Whether an address is listed is said only to people
    /// whose address is verified.
    pub fn check(&self, who: &Identity) -> Result<(), Refusal> {
        let has_lists = self.domains.is_some() || self.emails.is_some();
        let is_invitation_needed = !self.invited_by.is_empty() || !self.invited_as.is_empty();
        let vouched = who.email_verified() || company(who).is_some();
        let has_address = who.email().is_some();
        let (code, why) = if self.verified_email && !vouched && !has_address {
            (RefusalCode::EmailNotVerified, NO_ADDRESS)
        } else if self.verified_email && !vouched {
            (RefusalCode::EmailNotVerified, NOT_VERIFIED)
        } else if is_invitation_needed && !self.invites(who) {
            let why = "the gate: neither a claim nor a role says that the person is invited";
            (RefusalCode::NotInvited, why)
        } else if has_lists && has_address && !vouched {
            (RefusalCode::EmailNotVerified, NOT_VERIFIED)
        } else if has_lists && !has_address {
            (RefusalCode::NotAllowed, NO_ADDRESS)
        } else if has_lists && !self.lists(who) {
            let why = "the gate: neither the address nor its domain is listed";
            (RefusalCode::NotAllowed, why)
        } else if (self.roles.as_ref()).is_some_and(|roles| !who.has_one_of(roles)) {
            let why = "the gate: the person has none of its roles";
            (RefusalCode::RoleMissing, why)
        } else {
            return Ok(());
        };
        Err(Refusal::new(code).because(why))
    }

    /// Whether it depends on e-mail addresses.
    #[cfg(feature = "providers")]
    pub(crate) const fn asks_for_email(&self) -> bool {
        self.verified_email || self.domains.is_some() || self.emails.is_some()
    }

    /// Whether a listed domain is none, as an address of a page: it would let nobody in.
    pub(crate) fn has_odd_domain(&self) -> bool {
        let is_odd = |domain: &String| domain.contains(['/', ':', '@', '*', ' ']);
        self.domains.iter().flatten().any(is_odd)
    }

    fn invites(&self, who: &Identity) -> bool {
        let is_true = |path: &ClaimPath| path.value(who.claims()) == Some(&true.into());
        who.has_one_of(&self.invited_as) || self.invited_by.iter().any(is_true)
    }

    fn lists(&self, who: &Identity) -> bool {
        let has = |list: &Option<Vec<String>>, text: &str| {
            list.iter().flatten().any(|entry| entry == text)
        };
        let company = company(who);
        if company
            .as_ref()
            .is_some_and(|domain| has(&self.domains, domain))
        {
            return true;
        }
        let address = folded(who.verified_email().unwrap_or_default());
        let Some(domain) = domain_of(&address) else {
            return false;
        };
        let google = who.provider() == GOOGLE;
        let vouched = !google || company.is_some() || domain == GMAIL;
        (vouched && has(&self.emails, &address)) || (!google && has(&self.domains, domain))
    }
}

/// The company that manages a Google account.
fn company(who: &Identity) -> Option<String> {
    let hd = who.claim("hd").filter(|_| who.provider() == GOOGLE)?;
    let domain = folded(hd.as_str()?);
    (!domain.is_empty()).then_some(domain)
}

/// The domain of an address. None if more than one can be read from it.
fn domain_of(address: &str) -> Option<&str> {
    let odd =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '<' | '>' | '"');
    let (user, domain) = address.split_once('@')?;
    let is_plain = !user.is_empty() && !domain.is_empty() && !domain.contains('@');
    (is_plain && !address.contains(odd)).then_some(domain)
}

/// Trimmed, and in lower case. Only ASCII is folded: otherwise the Kelvin sign, in a domain that
/// anybody can register, would become a `k`.
fn folded(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

/// The entries of a list, as a person writes it: also separated by commas in one text, as in an
/// environment variable.
fn entries(texts: impl IntoIterator<Item: AsRef<str>>) -> Vec<String> {
    let split = |text: &str| text.split(',').map(folded).collect::<Vec<_>>();
    let entries = texts.into_iter().flat_map(|text| split(text.as_ref()));
    entries.filter(|entry| !entry.is_empty()).collect()
}

#[cfg(test)]
mod tests;
