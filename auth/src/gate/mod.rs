//! Conditions on an identity: before it becomes a session, and at every request of that session.

mod claim_path;
mod entry;
#[cfg_attr(
    not(feature = "providers"),
    expect(dead_code, reason = "without them nothing is fetched")
)]
mod list;

pub use claim_path::{ClaimPath, WrongClaim};
use entry::{bare, domain_of, entries, folded, is_odd};
#[cfg(feature = "providers")]
pub(crate) use list::ListAddress;
pub(crate) use list::{List, Names};

use crate::identity::Identity;
use crate::refusal::{Refusal, RefusalCode};

/// Google's provider, whose claim `hd` alone shows that a company manages the account.
const GOOGLE: &str = "google";
/// Addresses that belong to the accounts of Google itself.
const GMAIL: &str = "gmail.com";

/// Why an address does not count.
const NO_ADDRESS: &str = "the gate: there is no e-mail address; of a provider ask for one by `scopes`, or with `user_info`";
const NOT_LISTED: &str = "the gate: neither the address nor its domain is listed";
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
    #[cfg(feature = "providers")]
    lists_at: Vec<ListAddress>,
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
        let domains = entries(domains)
            .into_iter()
            .map(|one| bare(&one).to_owned());
        self.domains.get_or_insert_default().extend(domains);
        self
    }

    /// Only these addresses, and those of [`domains`](Self::domains). An empty list lets nobody in.
    #[must_use]
    pub fn emails(mut self, emails: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.emails.get_or_insert_default().extend(entries(emails));
        self
    }

    /// Only addresses of the domains in the list at this address, and those of the other lists: a JSON array
    /// of texts, `["company.com", "agency.org"]`, of at most 64 KiB. An address counts as in
    /// [`domains`](Self::domains).
    ///
    /// It is fetched over https (http only from this machine) when somebody is on no other list, within
    /// 2 s, and is good for 60 s; redirects are not followed. Without an answer in time, or with an entry that is
    /// not a domain, nobody passes by this list: they are refused with `unavailable`, and stay signed in for
    /// when it is back.
    #[cfg(feature = "providers")]
    #[must_use]
    pub fn domains_at(self, url: impl Into<String>) -> Self {
        self.list_at(Names::Domains, url.into())
    }

    /// Only the addresses in the list at this address, and those of the other lists: a JSON array of texts,
    /// `["ada@company.com"]`, which is fetched as that of [`domains_at`](Self::domains_at).
    #[cfg(feature = "providers")]
    #[must_use]
    pub fn emails_at(self, url: impl Into<String>) -> Self {
        self.list_at(Names::Emails, url.into())
    }

    #[cfg(feature = "providers")]
    fn list_at(mut self, names: Names, url: String) -> Self {
        // Where there is a list, whoever is on none is refused.
        self.domains.get_or_insert_default();
        self.lists_at.push(ListAddress { names, url });
        self
    }

    /// Only people with one of these roles. An empty list lets nobody in.
    #[must_use]
    pub fn roles(mut self, roles: impl IntoIterator<Item: Into<String>>) -> Self {
        let roles = roles.into_iter().map(Into::into);
        self.roles.get_or_insert_default().extend(roles);
        self
    }

    /// Whether this identity may become, or stay, a session. Lists at addresses let nobody in here: they are
    /// asked at sign-ins and requests.
    ///
    /// # Errors
    ///
    /// The first condition that does not hold. Whether an address is listed is said only to people
    /// whose address is verified.
    pub fn check(&self, who: &Identity) -> Result<(), Refusal> {
        self.check_with(who, None)
    }

    /// The same, with a list that was fetched.
    pub(crate) fn check_with(&self, who: &Identity, list: Option<&List>) -> Result<(), Refusal> {
        let judged = self.judge(who, list);
        judged.map_err(|(code, why)| Refusal::new(code).because(why))
    }

    /// Whether nothing keeps somebody out but that no list of this gate itself names them.
    #[cfg(feature = "providers")]
    pub(crate) fn needs_a_list(&self, who: &Identity) -> bool {
        matches!(self.judge(who, None), Err((_, NOT_LISTED)))
    }

    fn judge(
        &self,
        who: &Identity,
        list: Option<&List>,
    ) -> Result<(), (RefusalCode, &'static str)> {
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
        } else if has_lists && !self.lists(who, list) {
            (RefusalCode::NotAllowed, NOT_LISTED)
        } else if (self.roles.as_ref()).is_some_and(|roles| !who.has_one_of(roles)) {
            let why = "the gate: the person has none of its roles";
            (RefusalCode::RoleMissing, why)
        } else {
            return Ok(());
        };
        Err((code, why))
    }

    /// Where lists are that it does not have itself.
    #[cfg(feature = "providers")]
    pub(crate) fn lists_at(&self) -> &[ListAddress] {
        &self.lists_at
    }

    /// Whether it depends on e-mail addresses.
    #[cfg(feature = "providers")]
    pub(crate) const fn asks_for_email(&self) -> bool {
        self.verified_email || self.domains.is_some() || self.emails.is_some()
    }

    /// Whether a listed domain is none, as an address of a page: it would let nobody in.
    pub(crate) fn has_odd_domain(&self) -> bool {
        self.domains.iter().flatten().any(|domain| is_odd(domain))
    }

    fn invites(&self, who: &Identity) -> bool {
        let is_true = |path: &ClaimPath| path.value(who.claims()) == Some(&true.into());
        who.has_one_of(&self.invited_as) || self.invited_by.iter().any(is_true)
    }

    fn lists(&self, who: &Identity, list: Option<&List>) -> bool {
        let has = |names: Names, text: &str| {
            let own = match names {
                Names::Domains => &self.domains,
                Names::Emails => &self.emails,
            };
            own.iter().flatten().any(|entry| entry == text)
                || list.is_some_and(|list| list.has(names, text))
        };
        let company = company(who);
        if company
            .as_ref()
            .is_some_and(|domain| has(Names::Domains, domain))
        {
            return true;
        }
        let address = folded(who.verified_email().unwrap_or_default());
        let Some(domain) = domain_of(&address) else {
            return false;
        };
        let google = who.provider() == GOOGLE;
        let vouched = !google || company.is_some() || domain == GMAIL;
        (vouched && has(Names::Emails, &address)) || (!google && has(Names::Domains, domain))
    }
}

/// The company that manages a Google account.
fn company(who: &Identity) -> Option<String> {
    let hd = who.claim("hd").filter(|_| who.provider() == GOOGLE)?;
    let domain = folded(hd.as_str()?);
    (!domain.is_empty()).then_some(domain)
}

#[cfg(test)]
mod tests;
