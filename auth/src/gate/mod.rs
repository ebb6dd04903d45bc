//! What must hold before an identity becomes a session, and still at each renewal.

mod claim_path;
mod list;

pub use claim_path::{ClaimPath, WrongClaim};

use crate::identity::Identity;
use list::{Address, List};

/// Google's provider, whose claim `hd` alone shows that a company manages the account.
const GOOGLE: &str = "google";
/// Addresses that belong to the accounts of Google itself.
const GMAIL: &str = "gmail.com";

/// What must hold before an identity becomes a session. An empty gate lets everybody in whom a
/// provider knows.
///
/// ```
/// use apply_cookies_auth::{Gate, GateRefusal, Identity};
///
/// let gate = Gate::new().verified_email().domains(["company.com"]).emails(["admin@agency.org"]);
/// let ada = Identity::new("password", "ada")?.with_email("Ada@Company.com", true);
/// assert_eq!(gate.check(&ada), Ok(()));
/// let eve = Identity::new("password", "eve")?.with_email("eve@evilcompany.com", true);
/// assert_eq!(gate.check(&eve), Err(GateRefusal::NotAllowed));
/// # Ok::<_, apply_cookies_auth::IdentityError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gate {
    verified_email: bool,
    invited: Option<Invited>,
    allowed: Option<Allowed>,
    roles: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default)]
struct Invited {
    claims: Vec<ClaimPath>,
    roles: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Allowed {
    domains: List,
    emails: List,
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
        self.invited.get_or_insert_default().claims.push(path);
        self
    }

    /// Only people with this role; of several ways to be invited one is enough.
    #[must_use]
    pub fn invited_as(mut self, role: impl Into<String>) -> Self {
        self.invited.get_or_insert_default().roles.push(role.into());
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
        let trimmed = domains.into_iter().map(|domain| {
            // People copy `@company.com`.
            let text = domain.as_ref().split(',').map(|one| {
                let one = one.trim();
                one.strip_prefix('@').unwrap_or(one).to_owned()
            });
            text.collect::<Vec<_>>().join(",")
        });
        self.allowed.get_or_insert_default().domains.add(trimmed);
        self
    }

    /// Only these addresses, and those of [`domains`](Self::domains). An empty list lets nobody in.
    #[must_use]
    pub fn emails(mut self, emails: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.allowed.get_or_insert_default().emails.add(emails);
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
    pub fn check(&self, who: &Identity) -> Result<(), GateRefusal> {
        let vouched = who.email_verified() || company(who).is_some();
        if self.verified_email && !vouched {
            return Err(GateRefusal::EmailNotVerified);
        }
        if let Some(invited) = &self.invited
            && !invited.include(who)
        {
            return Err(GateRefusal::NotInvited);
        }
        if let Some(allowed) = &self.allowed {
            if who.email().is_some() && !vouched {
                return Err(GateRefusal::EmailNotVerified);
            }
            if !allowed.include(who) {
                return Err(GateRefusal::NotAllowed);
            }
        }
        if let Some(roles) = &self.roles
            && !roles.iter().any(|role| who.has_role(role))
        {
            return Err(GateRefusal::RoleMissing);
        }
        Ok(())
    }
}

impl Invited {
    fn include(&self, who: &Identity) -> bool {
        self.roles.iter().any(|role| who.has_role(role))
            || self
                .claims
                .iter()
                .any(|path| path.value(who.claims()) == Some(&true.into()))
    }
}

impl Allowed {
    fn include(&self, who: &Identity) -> bool {
        let company = company(who);
        if company
            .as_ref()
            .is_some_and(|domain| self.domains.has(domain))
        {
            return true;
        }
        let Some(address) = who.verified_email().and_then(Address::read) else {
            return false;
        };
        let google = who.provider() == GOOGLE;
        let vouched = !google || company.is_some() || address.domain() == GMAIL;
        (vouched && self.emails.has(address.as_str()))
            || (!google && self.domains.has(address.domain()))
    }
}

/// The company that manages a Google account.
fn company(who: &Identity) -> Option<String> {
    let hd = who.claim("hd").filter(|_| who.provider() == GOOGLE)?;
    let domain = list::folded(hd.as_str()?);
    (!domain.is_empty()).then_some(domain)
}

/// Which gate stayed shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GateRefusal {
    /// Nobody has invited this person.
    #[error("the person has not been invited")]
    NotInvited,
    /// There is no e-mail address, or the provider has not verified it.
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    /// The person is on no list.
    #[error("neither the address nor its domain is listed")]
    NotAllowed,
    /// The person has none of the roles.
    #[error("none of the roles is there")]
    RoleMissing,
}

#[cfg(test)]
mod tests;
