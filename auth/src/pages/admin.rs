//! The pages on which Auth0's users are managed.

use std::fmt::Write;

use apply_cookies::web::Answer;
use form_urlencoded::byte_serialize;

use super::{Pages, Text};
use crate::auth0::{Role, User, Users};
use crate::refusal::Refusal;

/// The outcome of an act, above everything else on the page.
pub(crate) enum Notice<'a> {
    Nothing,
    Done(&'static str),
    /// A link that whoever reads it gives to the person.
    Link(&'a str),
    /// What Auth0 says, beside the refusal that decides the status.
    Failed(&'a Refusal, String),
}

impl<'a> Notice<'a> {
    fn refusal(&self) -> Option<&'a Refusal> {
        match self {
            Self::Failed(refusal, _) => Some(refusal),
            _ => None,
        }
    }

    fn html(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Done(says) => html!("admin-done", says = says),
            Self::Link(link) => html!("admin-link", link = Text(link)),
            Self::Failed(_, why) => html!("admin-failed", why = Text(why)),
        }
    }
}

/// One person, and what can be done about them.
pub(crate) struct PersonPage<'a> {
    pub(crate) user: &'a User,
    pub(crate) roles: &'a [Role],
    pub(crate) all_roles: &'a [Role],
    /// Nobody can block themselves.
    pub(crate) is_oneself: bool,
    /// Whether people sign in here with Auth0.
    pub(crate) signs_out: bool,
}

impl Pages {
    /// A page of the people whom a search for this text has found.
    pub(crate) fn people(&self, users: &Users, text: &str, page: u32) -> Answer {
        let mut list = String::new();
        for user in users.users() {
            let email = user.email().unwrap_or_else(|| user.id());
            let row = html!(
                "admin-row",
                address = Text(&self.address_of(user.id())),
                name = Text(user.name()),
                email = Text(email),
                marks = marks(user)
            );
            list.push_str(&row);
        }
        if list.is_empty() {
            list.push_str("<p class=\"soft\">Nobody was found.</p>");
        }
        let encoded: String = byte_serialize(text.as_bytes()).collect();
        let link = |page: u32, says: &str| {
            let address = format!("{}/admin?q={encoded}&page={page}", self.prefix);
            format!("<a href=\"{}\">{says}</a>", Text(&address))
        };
        let before = page.checked_sub(1).map(|page| link(page, "Previous"));
        let after = users.next_page().map(|page| link(page, "Next"));
        let html = html!(
            "admin",
            prefix = Text(&self.prefix),
            text = Text(text),
            list = list,
            total = users.total(),
            people = if users.total() == 1 {
                "person"
            } else {
                "people"
            },
            before = before.unwrap_or_default(),
            after = after.unwrap_or_default()
        );
        self.page("People", "", None, None, &html)
    }

    /// The form to invite somebody. `chosen` are the roles of an invitation that was refused.
    pub(crate) fn invitation(
        &self,
        email: &str,
        roles: &[Role],
        chosen: &[String],
        notice: &Notice<'_>,
    ) -> Answer {
        let html = html!(
            "admin-invite",
            prefix = Text(&self.prefix),
            notice = notice.html(),
            email = Text(email),
            roles = boxes(roles, |role| chosen.iter().any(|name| name == role.name()))
        );
        self.page("Invite", "", notice.refusal(), None, &html)
    }

    /// Everything about one person.
    pub(crate) fn person(&self, page: &PersonPage<'_>, notice: &Notice<'_>) -> Answer {
        let user = page.user;
        let seen = user.last_login().map_or_else(
            || "never".to_owned(),
            // To the minute.
            |time| time.chars().take(16).collect::<String>().replace('T', " ") + " UTC",
        );
        let logins = user.logins_count();
        let act = |name: &str, says: &str| {
            let act = format!("{}/admin/{name}", self.prefix);
            let (act, id) = (Text(&act), Text(user.id()));
            html!("admin-act", act = act, id = id, says = says)
        };
        let mut acts = act("link", "New password");
        if user.email().is_some() && !user.is_email_verified() {
            acts += &act("mail", "Have the e-mail address verified");
            acts += &act("verify", "Mark the e-mail address as verified");
        }
        match (user.is_blocked(), page.is_oneself) {
            (true, _) => acts += &act("unblock", "Unblock"),
            (false, false) if page.signs_out => acts += &act("block", "Block, and sign out"),
            (false, false) => acts += &act("block", "Block"),
            (false, true) => {}
        }
        let html = html!(
            "admin-person",
            prefix = Text(&self.prefix),
            notice = notice.html(),
            name = Text(user.name()),
            marks = marks(user),
            email = Text(user.email().unwrap_or("none")),
            id = Text(user.id()),
            seen = Text(&seen),
            logins = logins,
            roles = boxes(page.all_roles, |role| page.roles.contains(role)),
            acts = acts
        );
        let title = Text(user.name()).to_string();
        self.page(&title, "", notice.refusal(), None, &html)
    }

    /// What could not be shown, and why.
    pub(crate) fn no_people(&self, notice: &Notice<'_>) -> Answer {
        let html = html!(
            "admin-none",
            prefix = Text(&self.prefix),
            notice = notice.html()
        );
        self.page("People", "", notice.refusal(), None, &html)
    }

    /// The address of somebody's page.
    pub(crate) fn address_of(&self, id: &str) -> String {
        let id: String = byte_serialize(id.as_bytes()).collect();
        format!("{}/admin/person?id={id}", self.prefix)
    }
}

/// What is unusual about somebody.
fn marks(user: &User) -> String {
    let marks = [
        (user.is_blocked(), "blocked"),
        (user.logins_count() == 0, "never signed in"),
        (!user.is_email_verified(), "not verified"),
    ];
    marks
        .iter()
        .filter(|(is, _)| *is)
        .fold(String::new(), |mut html, (_, mark)| {
            let _ = write!(html, " <small>{mark}</small>");
            html
        })
}

fn boxes(all: &[Role], is_given: impl Fn(&Role) -> bool) -> String {
    all.iter().fold(String::new(), |html, role| {
        let checked = if is_given(role) { " checked" } else { "" };
        html + &html!("admin-role", name = Text(role.name()), checked = checked)
    })
}
