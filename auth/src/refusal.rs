//! A failure → code, status, a sentence for the person, a line for the log.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use apply_cookies::Seldom;
use apply_cookies::web::{Answer, Rest};
use serde_json::json;

macro_rules! codes {
    ($($name:ident = $code:literal $status:literal $sentence:literal,)*) => {
        /// The kind of a refusal. Its text never changes: programs may compare it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RefusalCode {
            $(#[doc = $sentence] $name,)*
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
    Cancelled = "cancelled" 400 "The sign-in was cancelled.",
    ProviderRefused = "provider-refused" 400 "The sign-in service refused.",
    ProviderUnreachable = "provider-unreachable" 502
        "The sign-in service cannot be reached. Try again in a moment.",
    ExchangeFailed = "exchange-failed" 502 "The sign-in service did not finish the sign-in.",
    AttemptMissing = "attempt-missing" 400
        "This sign-in did not begin in this browser, or the browser keeps no cookies.",
    AttemptExpired = "attempt-expired" 400 "The sign-in took too long.",
    AttemptUsed = "attempt-used" 400 "This sign-in has already been used.",
    State = "state" 400 "This answer does not belong to a sign-in that began here.",
    IssuerMixedUp = "issuer-mixed-up" 400
        "The answer came from another sign-in service than the one that was asked.",
    TokenInvalid = "token-invalid" 401 "The token is not valid.",
    Clock = "clock" 400 "The clock of this server and that of the sign-in service differ.",
    NotInvited = "not-invited" 403 "This account has not been invited.",
    EmailNotVerified = "email-not-verified" 403
        "The e-mail address of this account has not been verified.",
    NotAllowed = "not-allowed" 403 "This account does not have access.",
    RoleMissing = "role-missing" 403 "This account does not have the role that this page requires.",
    WrongPassword = "wrong-password" 401 "The name or the password is wrong.",
    Throttled = "throttled" 429 "There were too many attempts. Try again later.",
    IdentityTooLarge = "identity-too-large" 400 "This account has more details than can be kept.",
    SignedOut = "signed-out" 401 "Sign in to continue.",
    Origin = "origin" 403 "This request did not come from a page of this app.",
    Address = "address" 400 "This address can be read in more than one way.",
    Form = "form" 400 "The form is incomplete, or was not sent as a form.",
    Method = "method" 403 "This page does not take requests of this kind.",
    Unavailable = "unavailable" 503 "Something that sign-ins need does not answer. Try again in a moment.",
}

/// The most characters of a provider's words that a person reads.
#[cfg(feature = "providers")]
const SAID_MAX: usize = 200;

/// How soon a client may ask again when something does not answer.
const AGAIN: Duration = Duration::from_secs(2);

/// A sign-in, or a request, that is refused. Its text is the code, and for how long if there is a
/// wait: `throttled: again in 30 s`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    code: RefusalCode,
    wait: Option<Duration>,
    why: Option<Cow<'static, str>>,
    said: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        match self.wait {
            Some(wait) => write!(f, ": again in {} s", seconds(wait)),
            None => Ok(()),
        }
    }
}

/// Whole seconds, so that whoever waits that long has waited long enough.
fn seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl RefusalCode {
    /// Whether it takes an attempt that the throttle has let through: nobody can fill the log with these.
    /// Not so a missing role: where anybody may sign in, anybody can ask for a page that needs one.
    pub(crate) const fn is_of_somebody(self) -> bool {
        matches!(
            self,
            Self::WrongPassword
                | Self::NotInvited
                | Self::EmailNotVerified
                | Self::NotAllowed
                | Self::IdentityTooLarge
        )
    }
}

impl Refusal {
    /// A refusal of this kind.
    #[must_use]
    pub fn new(code: RefusalCode) -> Self {
        Self {
            code,
            wait: (code == RefusalCode::Unavailable).then_some(AGAIN),
            why: None,
            said: None,
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

    /// Says how long to wait before asking again.
    #[cfg(feature = "providers")]
    pub(crate) const fn again_in(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Says of which provider it is, for the log.
    #[cfg(feature = "providers")]
    pub(crate) fn of(mut self, provider: &str) -> Self {
        let why = self.why.as_deref().unwrap_or("refused");
        self.why = Some(format!("{provider}: {why}").into());
        self
    }

    /// The kind.
    #[must_use]
    pub const fn code(&self) -> RefusalCode {
        self.code
    }

    /// How long to wait before asking again, if that helps.
    #[must_use]
    pub const fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// Adds what a provider says to the person.
    #[cfg(feature = "providers")]
    pub(crate) fn in_words(mut self, said: &str) -> Self {
        let said: String = said.trim().chars().take(SAID_MAX).collect();
        self.said = Some(said).filter(|said| !said.is_empty());
        self
    }

    pub(crate) fn said(&self) -> Option<&str> {
        self.said.as_deref()
    }

    pub(crate) fn why(&self) -> Option<&str> {
        self.why.as_deref()
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

    /// The answer to a fetch: a problem document (RFC 9457).
    pub(crate) fn problem(&self, id: RefusalId) -> Answer {
        let body = json!({
            "type": self.code.as_str(),
            "title": self.sentence(),
            "status": self.code.status(),
            "id": id.to_string(),
        });
        self.answer("application/problem+json", body.to_string())
    }

    /// An answer with the status and the fields of this refusal.
    pub(crate) fn answer(&self, media_type: &'static str, body: String) -> Answer {
        let answer = Answer::uncached(self.code.status(), Rest::Read)
            .with_body(media_type, body)
            .with("x-content-type-options", &b"nosniff"[..]);
        match self.wait {
            Some(wait) => answer.with("retry-after", seconds(wait).to_string()),
            None => answer,
        }
    }
}

impl From<RefusalCode> for Refusal {
    fn from(code: RefusalCode) -> Self {
        Self::new(code)
    }
}

/// The id that a person reads out to whoever looks into the log.
#[derive(Clone, Copy)]
pub(crate) struct RefusalId(pub(crate) [u8; 5]);

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

/// Lines that strangers can cause above INFO, and how seldom each is said.
#[derive(Default)]
pub(crate) struct Logged {
    pub(crate) refused: [Seldom; RefusalCode::ALL.len()],
    pub(crate) return_to: Seldom,
    pub(crate) forwarded: Seldom,
    pub(crate) no_peer: Seldom,
    pub(crate) unknown: Seldom,
    #[cfg(feature = "providers")]
    pub(crate) vault: Seldom,
    #[cfg(feature = "providers")]
    pub(crate) no_provider: Seldom,
}

#[cfg(test)]
mod tests;
