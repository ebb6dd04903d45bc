//! The page where people sign in.

use super::frame::{Icon, OK, Pages};
use super::markup::Markup;
use crate::refusal::{Refusal, RefusalId};
use crate::reply::Reply;
use crate::return_to::ReturnTo;

/// The page where people sign in, by what the app takes.
#[derive(Clone, Copy)]
pub struct SignInPage<'a> {
    return_to: &'a ReturnTo,
    password: bool,
    access_token: bool,
    anybody: bool,
    name: &'a str,
    refused: Option<(&'a Refusal, RefusalId)>,
}

impl<'a> SignInPage<'a> {
    /// A page that leads to this place.
    #[must_use]
    pub const fn to(return_to: &'a ReturnTo) -> Self {
        Self {
            return_to,
            password: false,
            access_token: false,
            anybody: false,
            name: "",
            refused: None,
        }
    }

    /// Asks for a name and a password, in the fields `name` and `password`.
    #[must_use]
    pub const fn password(mut self) -> Self {
        self.password = true;
        self
    }

    /// Asks for an access token, in the field `access_token`.
    #[must_use]
    pub const fn access_token(mut self) -> Self {
        self.access_token = true;
        self
    }

    /// Asks for any name, and roles, in the fields `name` and `roles`: for development.
    #[must_use]
    pub const fn anybody(mut self) -> Self {
        self.anybody = true;
        self
    }

    /// Shows again the name that was sent with a wrong password.
    #[must_use]
    pub const fn name(mut self, name: &'a str) -> Self {
        self.name = name;
        self
    }

    /// Says that the last attempt was refused. The page then has that refusal's status.
    #[must_use]
    pub const fn refused(mut self, refusal: &'a Refusal, id: RefusalId) -> Self {
        self.refused = Some((refusal, id));
        self
    }

    /// The page, as one of these.
    #[must_use]
    pub fn among(self, pages: &Pages) -> Reply {
        let status = self.refused.map_or(OK, |(refusal, _)| refusal.status());
        let elsewhere = self.return_to.other_origin();
        let page = pages.page(
            status,
            "Sign in",
            &Icon::Lock,
            elsewhere.as_deref(),
            |html| {
                html.raw("<h1>Sign in</h1>\n");
                if let Some(name) = &pages.name {
                    html.raw("<p class=\"soft\">to continue to <bdi>")
                        .text(name)
                        .raw("</bdi></p>\n");
                }
                self.write_refusal(html);
                if self.password {
                    self.write_password(html, pages);
                }
                if self.password && self.access_token {
                    html.raw("<p class=\"or\">or</p>\n");
                }
                if self.access_token {
                    self.write_access_token(html, pages);
                }
                if self.anybody {
                    self.write_anybody(html, pages);
                }
            },
        );
        match self.refused {
            Some((refusal, _)) => refusal.dress(page),
            None => page,
        }
    }

    fn write_refusal(&self, html: &mut Markup) {
        if let Some((refusal, id)) = self.refused {
            html.raw("<div class=\"bad\" role=\"alert\" id=\"refused\">\n<p>");
            html.text(&refusal.sentence()).raw("</p>\n<small>");
            html.raw(refusal.code().as_str())
                .raw(" · ")
                .text(&id.to_string());
            html.raw("</small>\n</div>\n");
        }
    }

    fn write_password(&self, html: &mut Markup, pages: &Pages) {
        // Whoever has mistyped the password need not type the name again.
        let (at_name, at_password) = if self.name.is_empty() {
            (" autofocus", "")
        } else {
            ("", " autofocus")
        };
        self.begin(html, pages);
        html.raw("<label>Name\n<input name=\"name\" value=\"")
            .text(self.name);
        html.raw(
            "\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required",
        );
        html.raw(self.described()).raw(at_name).raw("></label>\n");
        html.raw("<label>Password\n<input type=\"password\" name=\"password\"");
        html.raw(" autocomplete=\"current-password\" required");
        html.raw(self.described())
            .raw(at_password)
            .raw("></label>\n");
        html.raw("<button>Sign in</button>\n</form>\n");
    }

    fn write_access_token(&self, html: &mut Markup, pages: &Pages) {
        self.begin(html, pages);
        if !self.password {
            // A name for password managers; without one of its own it is not sent.
            html.raw("<input hidden autocomplete=\"username\" value=\"access token\">\n");
        }
        html.raw("<label>Access token\n<input type=\"password\" name=\"access_token\" required");
        if self.password {
            // A password manager would offer the password here.
            html.raw(" autocomplete=\"off\"></label>\n<button class=\"quiet\">Use access token");
        } else {
            html.raw(" autocomplete=\"current-password\" autofocus")
                .raw(self.described());
            html.raw("></label>\n<button>Sign in");
        }
        html.raw("</button>\n</form>\n");
    }

    fn write_anybody(&self, html: &mut Markup, pages: &Pages) {
        html.raw("<p class=\"soft\">In development anybody may sign in as anybody.</p>\n");
        self.begin(html, pages);
        html.raw("<label>Name\n<input name=\"name\" value=\"")
            .text(self.name);
        html.raw("\" required autofocus></label>\n<label>Roles\n<input name=\"roles\"");
        html.raw(" placeholder=\"admin, editor\"></label>\n<button>Sign in</button>\n</form>\n");
    }

    fn begin(&self, html: &mut Markup, pages: &Pages) {
        html.raw("<form class=\"form\" method=\"post\" action=\"");
        pages.path(html, "/sign-in");
        html.raw("\">\n<input type=\"hidden\" name=\"return_to\" value=\"");
        html.text(self.return_to.as_text()).raw("\">\n");
    }

    /// Lets a screen reader say the refusal with the field.
    const fn described(&self) -> &'static str {
        if self.refused.is_some() {
            " aria-describedby=\"refused\""
        } else {
            ""
        }
    }
}

/// Neither the name nor where the person wants to go.
impl std::fmt::Debug for SignInPage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInPage")
            .field("password", &self.password)
            .field("access_token", &self.access_token)
            .finish_non_exhaustive()
    }
}
