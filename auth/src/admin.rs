//! Auth0's users and their sessions here, and the pages on which they are managed.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use apply_cookies::Rejection;
use apply_cookies::web::{Answer, BodyRefused, Fields, Rest, Slot};
use bytes::Bytes;
use form_urlencoded::parse;

use crate::auth::Auth;
use crate::auth0::{Admin, Management, ManagementError, PasswordLink, Query};
use crate::identity::Identity;
use crate::pages::{Notice, PersonPage};
use crate::refusal::{Refusal, RefusalCode};
use crate::request::{Request, only};
use crate::respond::see_other;

/// The provider that [`Oidc::auth0`](crate::Oidc::auth0) is.
const AUTH0: &str = "auth0";
/// How long a link for a password is valid: whoever asked for it passes it on soon.
const LINK: Duration = Duration::from_secs(24 * 3600);

impl Management {
    /// Has [`set_roles`](Self::set_roles) and [`block`](Self::block) also end the person's sessions
    /// here, in every browser, where they signed in with [`Oidc::auth0`](crate::Oidc::auth0): those of
    /// the provider `auth0`, and of no other.
    #[must_use]
    pub fn ending_sessions(self, auth: &Auth) -> Self {
        let auth = auth.clone();
        self.end_sessions_by(Arc::new(move |id| {
            let auth = auth.clone();
            Box::pin(async move { auth.end_all_of(AUTH0, &id).await })
        }))
    }
}

/// A form's fields: an e-mail address or an id once, and any number of roles.
#[derive(Default)]
struct Act {
    id: String,
    email: String,
    roles: Vec<String>,
}

impl Act {
    fn read(body: &[u8]) -> Option<Self> {
        let mut act = Self::default();
        for (name, value) in parse(body) {
            let once = match &*name {
                "id" => &mut act.id,
                "email" => &mut act.email,
                "role" => {
                    act.roles.push(value.into_owned());
                    continue;
                }
                _ => continue,
            };
            if !std::mem::replace(once, value.trim().to_owned()).is_empty() {
                return None;
            }
        }
        Some(act)
    }
}

/// What a person's page says after an act, by what its address has.
const SAYINGS: [(&str, &str); 6] = [
    ("roles", "The roles are saved."),
    (
        "link",
        "Auth0 has sent an e-mail with which to set a new password.",
    ),
    (
        "mail",
        "Auth0 has sent an e-mail with which to verify the address.",
    ),
    ("verify", "The address is marked as verified."),
    ("block", "The person is blocked."),
    ("unblock", "The person can sign in again."),
];
/// And instead where people sign in here with Auth0: only their sessions are known by Auth0's ids.
const SIGNED_OUT: [(&str, &str); 2] = [
    (
        "roles",
        "The roles are saved, and the person is signed out here.",
    ),
    ("block", "The person is blocked, and signed out here."),
];

impl Auth {
    /// Answers a request to a page of the administration: the part of its path below `/admin`.
    pub(crate) async fn administer<F: Fields>(
        &self,
        admin: &Admin,
        page: &str,
        request: &Request<'_, F>,
        slot: &Slot,
        form: impl Future<Output = Result<Bytes, BodyRefused>>,
    ) -> Answer {
        let is_post = request.method == "POST";
        let (body, refused, rest) = match is_post.then_some(form) {
            None => (None, None, Rest::Unasked),
            Some(form) => match form.await {
                Ok(body) => (Act::read(&body), None, Rest::Read),
                Err(refused) => (None, Some(refused.rejection), refused.rest),
            },
        };
        let mut answer = match self.admit(request, slot).await {
            Err(answer) => answer,
            Ok(visitor) => match (visitor.required(), body) {
                (Err(answer), _) => answer,
                (Ok(who), _) if !who.has_one_of(&admin.roles) => {
                    visitor.refuse(&RefusalCode::RoleMissing.into())
                }
                (Ok(who), Some(act)) => {
                    let (auth, page) = (self.clone(), page.to_owned());
                    // A task of its own: the act, its line in the log, and the end of the sessions must
                    // not be lost because whoever asked has gone.
                    let acted = tokio::spawn(async move { auth.act(&page, &who, act).await });
                    let cut = |_| visitor.refuse(&RefusalCode::Unavailable.into());
                    acted.await.unwrap_or_else(cut)
                }
                (Ok(_), None) if is_post => {
                    let code = match refused {
                        Some(Rejection::Origin(_)) => RefusalCode::Origin,
                        _ => RefusalCode::Form,
                    };
                    visitor.refuse(&code.into())
                }
                (Ok(who), None) if request.is_read() => self.show(admin, page, &who, request).await,
                (Ok(_), None) => {
                    Answer::uncached(405, Rest::Unasked).with("allow", &b"GET, HEAD, POST"[..])
                }
            },
        };
        if is_post {
            answer.rest = rest;
        }
        answer
    }

    async fn show<F: Fields>(
        &self,
        admin: &Admin,
        page: &str,
        who: &Identity,
        request: &Request<'_, F>,
    ) -> Answer {
        let parameter = |name| only(request.parameters(name)).unwrap_or_default();
        let pages = &self.0.pages;
        let shown = match page {
            "" => {
                let (text, number) = (parameter("q"), parameter("page").parse().unwrap_or(0));
                let listed = admin.users.list(Query::text(&text).page(number)).await;
                listed.map(|users| pages.people(&users, &text, number))
            }
            "/invite" => {
                let roles = admin.users.all_roles().await;
                roles.map(|roles| pages.invitation("", &roles, &[], &Notice::Nothing))
            }
            "/person" => {
                let done = parameter("done");
                let signed_out = SIGNED_OUT.iter().filter(|_| self.signs_out());
                let says = signed_out.chain(&SAYINGS).find(|(act, _)| *act == done);
                let notice = says.map_or(Notice::Nothing, |(_, says)| Notice::Done(says));
                self.person(admin, &parameter("id"), who, &notice).await
            }
            _ => return Answer::uncached(404, Rest::Unasked),
        };
        shown.unwrap_or_else(|error| self.failed(&error))
    }

    async fn act(&self, page: &str, who: &Identity, mut act: Act) -> Answer {
        let Some(admin) = &self.0.admin else {
            return Answer::uncached(404, Rest::Read);
        };
        let name = page.strip_prefix('/').unwrap_or_default();
        if name == "invite" {
            return self.invite_person(admin, who, act).await;
        }
        if !SAYINGS.iter().any(|(known, _)| *known == name) {
            return Answer::uncached(404, Rest::Read);
        }
        let roles = std::mem::take(&mut act.roles);
        let users = admin.users.clone().ending_sessions(self);
        let id = &*act.id;
        let done = match name {
            "roles" => users.set_roles(id, roles).await,
            "mail" => users.mail_verification(id).await,
            "verify" => users.mark_verified(id).await,
            "unblock" => users.unblock(id).await,
            "block" if is_oneself(who, id) => {
                let why = "nobody can block themselves".to_owned();
                Err(ManagementError::Setting(why))
            }
            "block" => users.block(id).await,
            _ => match users.password_link(id, LINK).await {
                Ok(PasswordLink::Link(link)) => {
                    log(who, name, id, None);
                    let shown = self.person(admin, id, who, &Notice::Link(&link)).await;
                    return shown.unwrap_or_else(|error| self.failed(&error));
                }
                mailed => mailed.map(drop),
            },
        };
        log(who, name, id, done.as_ref().err());
        match done {
            Ok(()) => see_other(format!("{}&done={name}", self.0.pages.address_of(id))),
            Err(error) => self.failed(&error),
        }
    }

    async fn invite_person(&self, admin: &Admin, who: &Identity, act: Act) -> Answer {
        let invite = admin.invite.clone().roles(&act.roles);
        let invited = if act.email.contains('@') {
            admin.users.invite(&act.email, invite).await
        } else {
            let why = "that is not an e-mail address".to_owned();
            Err(ManagementError::Setting(why))
        };
        log(who, "invite", &act.email, invited.as_ref().err());
        let pages = &self.0.pages;
        match invited {
            Ok(invited) => {
                let notice = Notice::Link(invited.link());
                let shown = self.person(admin, invited.user().id(), who, &notice).await;
                // The link is not there a second time.
                shown.unwrap_or_else(|_| pages.no_people(&notice))
            }
            Err(error) => match admin.users.all_roles().await {
                Ok(roles) => {
                    let refusal = refusal(&error);
                    let notice = Notice::Failed(&refusal, error.to_string());
                    pages.invitation(&act.email, &roles, &act.roles, &notice)
                }
                Err(_) => self.failed(&error),
            },
        }
    }

    async fn person(
        &self,
        admin: &Admin,
        id: &str,
        who: &Identity,
        notice: &Notice<'_>,
    ) -> Result<Answer, ManagementError> {
        let user = admin.users.get(id).await?;
        let roles = admin.users.roles(id).await?;
        let all_roles = admin.users.all_roles().await?;
        let page = PersonPage {
            user: &user,
            roles: &roles,
            all_roles: &all_roles,
            is_oneself: is_oneself(who, id),
            signs_out: self.signs_out(),
        };
        Ok(self.0.pages.person(&page, notice))
    }

    /// Whether those who are blocked have sessions here that end.
    fn signs_out(&self) -> bool {
        self.0.providers.find(AUTH0).is_some()
    }

    fn failed(&self, error: &ManagementError) -> Answer {
        let refusal = refusal(error);
        let notice = Notice::Failed(&refusal, error.to_string());
        self.0.pages.no_people(&notice)
    }
}

fn is_oneself(who: &Identity, id: &str) -> bool {
    who.provider() == AUTH0 && who.subject() == id
}

/// Every act, with who and whom.
fn log(who: &Identity, act: &str, whom: &str, failed: Option<&ManagementError>) {
    let (provider, subject) = (who.provider(), who.subject());
    match failed {
        None => tracing::info!(
            provider,
            subject,
            act,
            whom,
            "an administrator has acted on an Auth0 user"
        ),
        Some(error) => {
            tracing::warn!(provider, subject, act, whom, %error, "an administrator's act on an Auth0 user has failed");
        }
    }
}

/// The refusal whose status fits.
fn refusal(error: &ManagementError) -> Refusal {
    match error {
        ManagementError::Throttled { wait } => Refusal::throttled(*wait),
        ManagementError::Unreachable(_)
        | ManagementError::Credentials { .. }
        | ManagementError::Forbidden { .. }
        | ManagementError::Failed { .. }
        | ManagementError::Answer(_) => RefusalCode::ProviderUnreachable.into(),
        ManagementError::StillSignedIn(_) => RefusalCode::Unavailable.into(),
        ManagementError::Incomplete { cause, .. } => refusal(cause),
        _ => RefusalCode::Form.into(),
    }
}
