//! What is on each page.

use apply_cookies::web::Answer;
#[cfg(feature = "providers")]
use base64::Engine;
#[cfg(feature = "providers")]
use base64::engine::general_purpose::STANDARD;
#[cfg(feature = "providers")]
use sha2::{Digest, Sha256};

#[cfg(feature = "providers")]
use super::POPUP;
use super::{DOOR, LOCK, Pages, STOP, Text};
use crate::identity::Identity;
use crate::refusal::{Refusal, RefusalCode, RefusalId};
use crate::return_to::ReturnTo;

/// The page where people sign in, by what the app takes.
pub(crate) struct SignInPage<'a> {
    /// Where it leads.
    pub(crate) place: &'a ReturnTo,
    /// The address of each provider's sign-in, and its title.
    pub(crate) providers: &'a [(String, &'a str)],
    pub(crate) password: bool,
    pub(crate) access_token: bool,
    /// Any name, and roles: for development.
    pub(crate) anybody: bool,
    /// The name that was sent with a wrong password, so that it need not be typed again.
    pub(crate) name: &'a str,
    /// Why the last attempt was refused.
    pub(crate) refused: Option<(&'a Refusal, RefusalId)>,
}

impl Pages {
    pub(crate) fn sign_in(&self, page: &SignInPage<'_>) -> Answer {
        let (prefix, place) = (Text(&self.prefix), Text(page.place.as_text()));
        let form = |fields: String| html!("form", prefix = prefix, place = place, fields = fields);
        let name = Text(page.name);
        let (at_name, at_password) = match page.name {
            "" => (" autofocus", ""),
            _ => ("", " autofocus"),
        };
        // Lets a screen reader say the refusal with the field.
        let described = page
            .refused
            .map_or("", |_| r#" aria-describedby="refused""#);
        let to = self
            .name
            .as_deref()
            .map(|name| html!("to", name = Text(name)));
        let refused = page.refused.map(|(refusal, id)| {
            let (sentence, code) = (refusal.sentence(), refusal.code().as_str());
            html!("refused", sentence = sentence, code = code, id = id)
        });
        let providers = (!page.providers.is_empty()).then(|| {
            let link = |(address, title): &(String, &str)| {
                let (address, title) = (Text(address), Text(title));
                format!("<a class=\"button\" href=\"{address}\">Sign in with {title}</a>")
            };
            let links: Vec<_> = page.providers.iter().map(link).collect();
            let or = if page.password || page.access_token {
                "<p class=\"or\">or</p>\n"
            } else {
                ""
            };
            html!("providers", links = links.join("\n")) + or
        });
        let password = page.password.then(|| {
            form(html!(
                "password",
                name = name,
                described = described,
                at_name = at_name,
                at_password = at_password
            ))
        });
        let token = page.access_token.then(|| {
            if page.password {
                // A password manager would offer the password there.
                return format!("<p class=\"or\">or</p>\n{}", form(html!("token-beside")));
            }
            // With a name for password managers; without one of its own it is not sent.
            form(html!("token", described = described))
        });
        let anybody = page.anybody.then(|| {
            let why = "In development anybody may sign in as anybody.";
            format!(
                "<p class=\"soft\">{why}</p>\n{}",
                form(html!("anybody", name = name))
            )
        });
        let html = html!(
            "sign-in",
            to = to.unwrap_or_default(),
            refused = refused.unwrap_or_default(),
            providers = providers.unwrap_or_default(),
            password = password.unwrap_or_default(),
            token = token.unwrap_or_default(),
            anybody = anybody.unwrap_or_default()
        );
        let elsewhere = page.place.other_origin();
        let refusal = page.refused.map(|(refusal, _)| refusal);
        self.page("Sign in", LOCK, refusal, elsewhere.as_deref(), &html)
    }

    /// Asks somebody who is signed in whether to sign out. `back` is where they came from, and
    /// `elsewhere` the origin where the provider's own sign-out is.
    pub(crate) fn sign_out(
        &self,
        who: &Identity,
        back: &ReturnTo,
        elsewhere: Option<&str>,
    ) -> Answer {
        let email = who.email().filter(|email| *email != who.name());
        let email = email.map(|email| format!(" (<bdi>{}</bdi>)", Text(email)));
        let html = html!(
            "sign-out",
            name = Text(who.name()),
            email = email.unwrap_or_default(),
            prefix = Text(&self.prefix),
            back = Text(back.location())
        );
        self.page("Sign out", DOOR, None, elsewhere, &html)
    }

    /// Says that nobody is signed in any more, except perhaps at a provider of this title, which has no
    /// sign-out for apps.
    pub(crate) fn signed_out(&self, still_at: Option<&str>) -> Answer {
        let still = still_at.map(|title| html!("still-there", title = Text(title)));
        let html = html!(
            "signed-out",
            still = still.unwrap_or_default(),
            prefix = Text(&self.prefix)
        );
        self.page("Signed out", DOOR, None, None, &html)
    }

    /// Leads somebody on who has signed in, by the page itself: a browser sends no `SameSite=Strict`
    /// cookie along with a redirect that another site began.
    #[cfg(feature = "providers")]
    pub(crate) fn going_on(&self, place: &ReturnTo) -> Answer {
        let html = html!("going-on", place = Text(place.location()));
        let answer = self.page("Signed in", LOCK, None, None, &html);
        answer.with("refresh", format!("0;url={}", place.location()))
    }

    /// The last page of a popup, the only one with a script: it says so to the page that has opened it.
    /// `is_elsewhere`: the stream of that page does not hear of it, since it is in another process, say, or
    /// a refusal has ended the wait.
    #[cfg(feature = "providers")]
    pub(crate) fn popup(&self, id: &str, is_elsewhere: bool) -> Answer {
        let hash = STANDARD.encode(Sha256::digest(POPUP));
        let policy = format!("; script-src 'sha256-{hash}'");
        let html = html!(
            "popup",
            id = Text(id),
            elsewhere = is_elsewhere,
            script = POPUP
        );
        self.page_with("Signed in", LOCK, None, None, &policy, &html)
    }

    /// Says that nobody can be signed out, under HTTP Basic.
    pub(crate) fn sign_out_of_basic(&self) -> Answer {
        self.page("Sign out", DOOR, None, None, &html!("sign-out-basic"))
    }

    /// Says where to sign out, under a proxy that signs who somebody is.
    #[cfg(feature = "providers")]
    pub(crate) fn sign_out_of_proxy(&self) -> Answer {
        self.page("Sign out", DOOR, None, None, &html!("sign-out-proxy"))
    }

    /// Says why a person cannot go on, and what can be done. `place` is where they wanted to go. In a
    /// popup everything leads to its own sign-in, by which the page behind it hears of a success.
    pub(crate) fn refusal(
        &self,
        refusal: &Refusal,
        id: RefusalId,
        place: &ReturnTo,
        popup: Option<&str>,
    ) -> Answer {
        let (title, heading) = heading(refusal.code());
        let button = |class: &str, address: &str, says: &str| {
            format!(
                "<a class=\"button{class}\" href=\"{}\">{says}</a>",
                Text(address)
            )
        };
        let again = popup.unwrap_or_else(|| place.location());
        let sign_in = popup.map_or_else(|| place.sign_in_path(&self.prefix), str::to_owned);
        let other_account = format!("{sign_in}&account=other");
        let said = (refusal.said()).map(|said| html!("said", said = Text(said)));
        let buttons = match refusal.code() {
            _ if !self.has_sign_in => button("", again, "Try again"),
            RefusalCode::SignedOut => button("", &sign_in, "Sign in"),
            code if is_about_the_account(code) => {
                button("", &other_account, "Use another account")
                    + "\n"
                    + &button(" quiet", again, "Try again")
            }
            code if self.has_providers && is_about_a_provider(code) => {
                button("", &sign_in, "Try again")
                    + "\n"
                    + &button(" quiet", &other_account, "Use another account")
            }
            _ => button("", &sign_in, "Try again"),
        };
        let html = html!(
            "refusal",
            heading = heading,
            sentence = refusal.sentence(),
            said = said.unwrap_or_default(),
            buttons = buttons,
            code = refusal.code().as_str(),
            id = id
        );
        self.page_with(title, STOP, Some(refusal), None, "", &html)
    }
}

/// Whether another account of the same person could help.
pub(super) const fn is_about_the_account(code: RefusalCode) -> bool {
    matches!(
        code,
        RefusalCode::NotInvited
            | RefusalCode::EmailNotVerified
            | RefusalCode::NotAllowed
            | RefusalCode::RoleMissing
            | RefusalCode::IdentityTooLarge
    )
}

/// Whether it belongs to a sign-in with a provider, where another account may help.
pub(super) const fn is_about_a_provider(code: RefusalCode) -> bool {
    matches!(
        code,
        RefusalCode::Cancelled
            | RefusalCode::ProviderRefused
            | RefusalCode::ProviderUnreachable
            | RefusalCode::ExchangeFailed
            | RefusalCode::AttemptMissing
            | RefusalCode::AttemptExpired
            | RefusalCode::AttemptUsed
            | RefusalCode::State
            | RefusalCode::IssuerMixedUp
            | RefusalCode::TokenInvalid
            | RefusalCode::Clock
    )
}

/// What the person was doing when it was refused.
const fn heading(code: RefusalCode) -> (&'static str, &'static str) {
    match code {
        RefusalCode::NotInvited
        | RefusalCode::EmailNotVerified
        | RefusalCode::NotAllowed
        | RefusalCode::RoleMissing => ("No access", "You do not have access"),
        RefusalCode::Throttled => ("Too many attempts", "Too many attempts"),
        RefusalCode::Unavailable | RefusalCode::ProviderUnreachable => {
            ("Not available", "Not available right now")
        }
        RefusalCode::SignedOut => ("Signed out", "You are signed out"),
        RefusalCode::Address | RefusalCode::Method | RefusalCode::Origin => {
            ("Refused", "This request was refused")
        }
        _ => ("Not signed in", "You were not signed in"),
    }
}
