//! The pages: one style, a few screens, and no script except on the last page of a popup. They load
//! nothing, cannot be framed, and are not kept by caches.

/// A file of `html/`, its holes filled with HTML, or with [`Text`].
macro_rules! html {
    ($file:literal $(, $hole:ident = $value:expr)*) => {
        format!(include_str!(concat!("html/", $file, ".html")), $($hole = $value),*)
    };
}

#[cfg(feature = "providers")]
mod admin;
mod screens;

use std::fmt::{self, Write};
use std::sync::LazyLock;

use apply_cookies::web::{Answer, Rest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

#[cfg(feature = "providers")]
pub(crate) use admin::{Notice, PersonPage};
pub(crate) use screens::SignInPage;

use crate::refusal::Refusal;

const STYLE: &str = include_str!("style.css");
/// The style's hash, as `Content-Security-Policy` names it.
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| STANDARD.encode(Sha256::digest(STYLE)));

/// What the last page of a popup says to the page that has opened it.
#[cfg(feature = "providers")]
const POPUP: &str = include_str!("popup.js");

// Pictures above the heading.
const LOCK: &str = include_str!("html/lock.svg");
const DOOR: &str = include_str!("html/door.svg");
const STOP: &str = include_str!("html/stop.svg");

/// The pages of one app: what it is called, and where its sign-ins are.
pub(crate) struct Pages {
    pub(crate) name: Option<String>,
    /// People may sign in with a provider.
    pub(crate) has_providers: bool,
    pub(crate) prefix: String,
    /// Whether there is a page to sign in on.
    pub(crate) has_sign_in: bool,
}

impl Pages {
    /// A page around this content, which has this refusal's status if it is one. `elsewhere` is an
    /// origin where its form may end.
    fn page(
        &self,
        title: &str,
        icon: &str,
        refusal: Option<&Refusal>,
        elsewhere: Option<&str>,
        content: &str,
    ) -> Answer {
        let answer = self.page_with(title, icon, refusal, elsewhere, "", content);
        // A page of another site that has opened it has no hold on it.
        answer.with("cross-origin-opener-policy", &b"same-origin"[..])
    }

    /// The same, with more in its policy, and for popups too: theirs must be able to close itself.
    fn page_with(
        &self,
        title: &str,
        icon: &str,
        refusal: Option<&Refusal>,
        elsewhere: Option<&str>,
        policy: &str,
        content: &str,
    ) -> Answer {
        const HTML: &str = "text/html; charset=utf-8";
        let (dot, space) = (
            self.name.as_ref().map_or("", |_| " · "),
            elsewhere.map_or("", |_| " "),
        );
        let html = html!(
            "frame",
            title = title,
            dot = dot,
            name = Text(self.name.as_deref().unwrap_or_default()),
            style = STYLE,
            icon = icon,
            content = content
        );
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; form-action 'self'{space}{}; \
             frame-ancestors 'none'; base-uri 'none'{policy}",
            *STYLE_HASH,
            elsewhere.unwrap_or_default(),
        );
        let answer = match refusal {
            Some(refusal) => refusal.answer(HTML, html),
            None => Answer::uncached(200, Rest::Read)
                .with_body(HTML, html)
                .with("x-content-type-options", &b"nosniff"[..]),
        };
        // Not `no-referrer`: a form would then be sent with `Origin: null`, which is refused.
        answer
            .with("content-security-policy", policy)
            .with("referrer-policy", &b"same-origin"[..])
    }
}

/// Text in HTML, for an element or for an attribute in double quotes. Whatever is not a literal of
/// this crate is written as one.
#[derive(Clone, Copy)]
struct Text<'t>(&'t str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            // HTML has no way to write the others.
            '\t' | '\n' => f.write_char(char),
            char if char.is_control() => f.write_char(char::REPLACEMENT_CHARACTER),
            char => f.write_char(char),
        })
    }
}

#[cfg(test)]
mod tests;
