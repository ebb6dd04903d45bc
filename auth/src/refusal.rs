//! A failure → code, status, a sentence for the person, a line for the log.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use apply_cookies::OriginRejection;
use serde_json::json;

use crate::gate::GateRefusal;
use crate::reply::Reply;
use crate::rule::RuleRefusal;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal $status:literal $sentence:literal,)*) => {
        /// The kind of a refusal. Its text never changes: programs may compare it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RefusalCode {
            $($(#[$doc])* $name,)*
        }

        impl RefusalCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code, as in `type` of the problem document.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

codes! {
    /// The person gave up at the provider.
    Cancelled = "cancelled" 400 "The sign-in was cancelled.",
    /// The provider said no.
    ProviderRefused = "provider-refused" 400 "The sign-in service refused.",
    /// The provider does not answer.
    ProviderUnreachable = "provider-unreachable" 502
        "The sign-in service cannot be reached. Try again in a moment.",
    /// The provider did not exchange the code for a token.
    ExchangeFailed = "exchange-failed" 502 "The sign-in service did not finish the sign-in.",
    /// The browser has no cookie of this attempt.
    AttemptMissing = "attempt-missing" 400
        "This sign-in did not begin in this browser, or the browser keeps no cookies.",
    /// The attempt is too old.
    AttemptExpired = "attempt-expired" 400 "The sign-in took too long.",
    /// The attempt has ended already.
    AttemptUsed = "attempt-used" 400 "This sign-in has already been used.",
    /// The answer belongs to no attempt.
    State = "state" 400 "This answer does not belong to a sign-in that began here.",
    /// Another provider answered.
    IssuerMixedUp = "issuer-mixed-up" 400
        "The answer came from another sign-in service than the one that was asked.",
    /// A token is not what it must be; only the log says in which way.
    TokenInvalid = "token-invalid" 401 "The token is not valid.",
    /// Two clocks differ by too much.
    Clock = "clock" 400 "The clock of this server and that of the sign-in service differ.",
    /// Nobody has invited the person.
    NotInvited = "not-invited" 403 "This account has not been invited.",
    /// The e-mail address is not verified.
    EmailNotVerified = "email-not-verified" 403
        "The e-mail address of this account has not been verified.",
    /// The person is on no list.
    NotAllowed = "not-allowed" 403 "This account does not have access.",
    /// The person lacks a role.
    RoleMissing = "role-missing" 403 "This account does not have the role that this page requires.",
    /// The password is wrong, or nobody has that name.
    WrongPassword = "wrong-password" 401 "The name or the password is wrong.",
    /// There were too many failures.
    Throttled = "throttled" 429 "There were too many attempts. Try again later.",
    /// The identity does not fit into a cookie.
    IdentityTooLarge = "identity-too-large" 400 "This account has more details than can be kept.",
    /// Nobody is signed in, or no longer.
    SignedOut = "signed-out" 401 "Sign in to continue.",
    /// The page that sent the request is not the app's own.
    Origin = "origin" 403 "This request did not come from a page of this app.",
    /// The address is not in normal form.
    Address = "address" 400 "This address can be read in more than one way.",
    /// A field of the form is missing, repeated or malformed.
    Form = "form" 400 "The form is incomplete.",
    /// The rule for the path does not allow the method.
    Method = "method" 403 "This page does not take requests of this kind.",
    /// Something that is needed to decide does not answer. Nobody was let in.
    Unavailable = "unavailable" 503 "Something that sign-ins need does not answer. Try again in a moment.",
}

/// How soon a client may ask again when something does not answer.
const AGAIN: Duration = Duration::from_secs(2);

/// A sign-in, or a request, that is refused. Its text is the code, and for how long if there is a
/// wait: `throttled: again in 30 s`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", .code.as_str(), Again(*.wait))]
pub struct Refusal {
    code: RefusalCode,
    wait: Option<Duration>,
    why: Option<Cow<'static, str>>,
}

struct Again(Option<Duration>);

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(wait) => write!(f, ": again in {} s", seconds(wait)),
            None => Ok(()),
        }
    }
}

/// Whole seconds, so that whoever waits that long has waited long enough.
fn seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl Refusal {
    /// A refusal of this kind.
    #[must_use]
    pub fn new(code: RefusalCode) -> Self {
        Self {
            code,
            wait: (code == RefusalCode::Unavailable).then_some(AGAIN),
            why: None,
        }
    }

    /// Too many attempts: the next one is heard after this time.
    #[must_use]
    pub fn throttled(wait: Duration) -> Self {
        Self {
            wait: Some(wait),
            ..Self::new(RefusalCode::Throttled)
        }
    }

    /// Adds what the log says, and the person does not read. Never a password, a token or a cookie.
    #[must_use]
    pub fn because(mut self, why: impl Into<Cow<'static, str>>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// The kind.
    #[must_use]
    pub const fn code(&self) -> RefusalCode {
        self.code
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.code.status()
    }

    /// How long to wait before asking again, if that helps.
    #[must_use]
    pub const fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// One or two sentences for the person.
    #[must_use]
    pub fn sentence(&self) -> Cow<'static, str> {
        match self.wait.map(seconds) {
            Some(wait) if self.code == RefusalCode::Throttled => {
                let (number, unit) = if wait < 120 {
                    (wait, "second")
                } else {
                    (wait.div_ceil(60), "minute")
                };
                let plural = if number == 1 { "" } else { "s" };
                format!("There were too many attempts. Try again in {number} {unit}{plural}.")
                    .into()
            }
            _ => self.code.sentence().into(),
        }
    }

    /// Whether another account of the same person could help.
    pub(crate) const fn is_about_the_account(&self) -> bool {
        matches!(
            self.code,
            RefusalCode::NotInvited
                | RefusalCode::EmailNotVerified
                | RefusalCode::NotAllowed
                | RefusalCode::RoleMissing
                | RefusalCode::IdentityTooLarge
        )
    }

    /// Writes the line for the log, with the id that the person reads.
    pub fn log(&self, id: RefusalId) {
        let (code, why) = (self.code.as_str(), self.why.as_deref());
        if self.status() >= 500 {
            tracing::error!(code, %id, why, "refused");
        } else {
            tracing::info!(code, %id, why, "refused");
        }
    }

    /// The answer to a fetch: a problem document (RFC 9457).
    #[must_use]
    pub fn problem(&self, id: RefusalId) -> Reply {
        let body = json!({
            "type": self.code.as_str(),
            "title": self.sentence(),
            "status": self.status(),
            "id": id.to_string(),
        });
        self.dress(Reply::new(
            self.status(),
            "application/problem+json",
            body.to_string(),
        ))
    }

    /// Adds the fields that every answer with this refusal has.
    pub(crate) fn dress(&self, reply: Reply) -> Reply {
        match self.wait {
            Some(wait) => reply.with("retry-after", seconds(wait).to_string()),
            None => reply,
        }
    }
}

impl From<GateRefusal> for Refusal {
    fn from(refusal: GateRefusal) -> Self {
        Self::new(match refusal {
            GateRefusal::NotInvited => RefusalCode::NotInvited,
            GateRefusal::EmailNotVerified => RefusalCode::EmailNotVerified,
            GateRefusal::NotAllowed => RefusalCode::NotAllowed,
            GateRefusal::RoleMissing => RefusalCode::RoleMissing,
        })
    }
}

impl From<RuleRefusal> for Refusal {
    fn from(refusal: RuleRefusal) -> Self {
        match refusal {
            RuleRefusal::Address(error) => {
                Self::new(RefusalCode::Address).because(error.to_string())
            }
            RuleRefusal::Method => Self::new(RefusalCode::Method),
            RuleRefusal::SignedOut => Self::new(RefusalCode::SignedOut),
            RuleRefusal::RoleMissing => Self::new(RefusalCode::RoleMissing),
        }
    }
}

impl From<OriginRejection> for Refusal {
    fn from(rejection: OriginRejection) -> Self {
        Self::new(RefusalCode::Origin).because(rejection.as_str())
    }
}

/// What a person reads to whoever looks into the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalId([u8; 5]);

impl RefusalId {
    /// An id of random bytes.
    #[must_use]
    pub const fn new(random: [u8; 5]) -> Self {
        Self(random)
    }
}

/// Eight characters that cannot be mistaken for one another on the telephone (Crockford's base 32).
impl fmt::Display for RefusalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let bits = self
            .0
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            let digit = DIGITS[usize::try_from(bits >> (5 * place) & 31).unwrap_or(0)];
            let dash = if place == 4 { "-" } else { "" };
            write!(f, "{}{dash}", char::from(digit))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
