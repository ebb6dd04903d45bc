//! The pages: no script, one style, four screens.

mod frame;
mod markup;
mod sign_in;

pub use frame::Pages;
pub use sign_in::SignInPage;

use crate::identity::Identity;
use crate::refusal::{Refusal, RefusalCode, RefusalId};
use crate::reply::Reply;
use crate::return_to::ReturnTo;
use frame::{Icon, OK};
use markup::Markup;

impl Pages {
    /// Asks somebody who is signed in whether to sign out. `back` is where they came from.
    #[must_use]
    pub fn sign_out(&self, who: &Identity, back: &ReturnTo) -> Reply {
        self.page(OK, "Sign out", &Icon::Door, None, |html| {
            html.raw("<h1>Sign out?</h1>\n<p class=\"soft\">You are signed in as <bdi>");
            html.text(who.name()).raw("</bdi>");
            if let Some(email) = who.email().filter(|email| *email != who.name()) {
                html.raw(" (<bdi>").text(email).raw("</bdi>)");
            }
            html.raw(". Signing out applies to every tab of this browser.</p>\n");
            html.raw("<form class=\"buttons\" method=\"post\" action=\"");
            self.path(html, "/sign-out");
            html.raw("\">\n<button autofocus>Sign out</button>\n<a class=\"button quiet\" href=\"");
            html.text(back.location())
                .raw("\">Stay signed in</a>\n</form>\n");
        })
    }

    /// Says that nobody is signed in any more.
    #[must_use]
    pub fn signed_out(&self) -> Reply {
        self.page(OK, "Signed out", &Icon::Door, None, |html| {
            html.raw("<h1>You are signed out</h1>\n");
            html.raw("<p class=\"soft\">This applies to every tab of this browser.</p>\n");
            html.raw("<div class=\"buttons\">\n<a class=\"button\" href=\"");
            self.path(html, "/sign-in");
            html.raw("\">Sign in again</a>\n</div>\n");
        })
    }

    /// Says why a person cannot go on, and what can be done. `place` is where they wanted to go.
    #[must_use]
    pub fn refusal(&self, refusal: &Refusal, id: RefusalId, place: &ReturnTo) -> Reply {
        let (title, heading) = heading(refusal.code());
        let page = self.page(refusal.status(), title, &Icon::Stop, None, |html| {
            html.raw("<h1>").raw(heading).raw("</h1>\n<p>");
            html.text(&refusal.sentence())
                .raw("</p>\n<div class=\"buttons\">\n");
            if refusal.is_about_the_account() {
                html.raw("<a class=\"button\" href=\"");
                self.sign_in_path(html, place);
                html.raw("\">Use another account</a>\n<a class=\"button quiet\" href=\"");
                html.text(place.location());
            } else {
                html.raw("<a class=\"button\" href=\"");
                self.sign_in_path(html, place);
            }
            html.raw("\">").raw(match refusal.code() {
                RefusalCode::SignedOut => "Sign in",
                _ => "Try again",
            });
            html.raw("</a>\n</div>\n<dl>\n<dt>Code</dt><dd><code>");
            html.raw(refusal.code().as_str());
            html.raw("</code></dd>\n<dt>Reference</dt><dd><code>");
            html.text(&id.to_string()).raw("</code></dd>\n</dl>\n");
        });
        refusal.dress(page)
    }

    fn sign_in_path(&self, html: &mut Markup, place: &ReturnTo) {
        self.path(html, "/sign-in?return_to=");
        let encoded = form_urlencoded::byte_serialize(place.as_text().as_bytes());
        encoded.for_each(|part| {
            html.text(part);
        });
    }
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

#[cfg(test)]
mod tests;
