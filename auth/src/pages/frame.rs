//! What every page has: the document around its content, and the header fields.

use std::fmt;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::markup::Markup;
use crate::reply::Reply;

const STYLE: &str = include_str!("style.css");
/// The style's hash, as `Content-Security-Policy` names it.
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| STANDARD.encode(Sha256::digest(STYLE)));

/// A picture above the heading.
pub(super) enum Icon {
    Lock,
    Door,
    Stop,
}

impl Icon {
    const fn svg(&self) -> &'static str {
        macro_rules! svg {
            ($class:literal, $paths:literal) => {
                concat!(
                    "<svg class=\"",
                    $class,
                    r#"" viewBox="0 0 44 44" fill="none" stroke="currentColor" stroke-width="2.25" "#,
                    r#"stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">"#,
                    r#"<rect width="44" height="44" rx="12" fill="currentColor" fill-opacity=".12" stroke="none"/>"#,
                    $paths,
                    "</svg>\n"
                )
            };
        }
        match self {
            Self::Lock => svg!(
                "icon",
                r#"<rect x="12" y="20" width="20" height="14" rx="3"/><path d="M16 20v-4a6 6 0 0 1 12 0v4M22 26v2.5"/>"#
            ),
            Self::Door => svg!(
                "icon",
                r#"<path d="M20 12h-5a3 3 0 0 0-3 3v14a3 3 0 0 0 3 3h5M27 28l6-6-6-6M33 22H19"/>"#
            ),
            Self::Stop => svg!(
                "icon stop",
                r#"<circle cx="22" cy="22" r="10.5"/><path d="M22 16.5v6.5M22 27.4v.1"/>"#
            ),
        }
    }
}

/// A page that says what was asked for.
pub(super) const OK: u16 = 200;

/// The pages of one app: what it is called, and where its sign-ins are.
///
/// They need no script, load nothing, cannot be framed, and are kept by no cache.
#[derive(Clone)]
pub struct Pages {
    pub(super) name: Option<String>,
    prefix: String,
}

impl Pages {
    /// Pages whose forms are sent below this path, `/auth`.
    #[must_use]
    pub fn new(prefix: impl Into<String>) -> Self {
        Self {
            name: None,
            prefix: prefix.into(),
        }
    }

    /// The app's name, as people know it.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    pub(super) fn path(&self, html: &mut Markup, below: &'static str) {
        html.text(&self.prefix).raw(below);
    }

    /// A page around this content. `elsewhere` is an origin where its form may end.
    pub(super) fn page(
        &self,
        status: u16,
        title: &'static str,
        icon: &Icon,
        elsewhere: Option<&str>,
        content: impl FnOnce(&mut Markup),
    ) -> Reply {
        let mut html = Markup::default();
        html.raw("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
        html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.raw("<meta name=\"robots\" content=\"noindex\">\n<title>")
            .raw(title);
        if let Some(name) = &self.name {
            html.raw(" · ").text(name);
        }
        html.raw("</title>\n<style>")
            .raw(STYLE)
            .raw("</style>\n<main>\n");
        html.raw(icon.svg());
        content(&mut html);
        html.raw("</main>\n</html>\n");

        let space = if elsewhere.is_some() { " " } else { "" };
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; form-action 'self'{space}{}; \
             frame-ancestors 'none'; base-uri 'none'",
            *STYLE_HASH,
            elsewhere.unwrap_or_default(),
        );
        // Not `no-referrer`: a form would then be sent with `Origin: null`, which is refused.
        Reply::new(status, "text/html; charset=utf-8", html.into_string())
            .with("content-security-policy", policy)
            .with("referrer-policy", "same-origin")
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
