//! The endpoint: `POST {prefix}`, `POST {prefix}/bind` and `GET {prefix}/client.js` (SPEC §9).

use std::future::Future;
use std::time::{Duration, Instant};

use apply_cookies_protocol::{BindingCookie, RedemptionDigest, Scheme, UntrustedToken};
use bytes::Bytes;
use futures_core::Stream;

use super::answer::{Answer, Rest};
use super::body::{self, Refused};
use super::fields::{Asked, Fields};
use super::form::Form;
use crate::browser;
use crate::deployment::{ApplyCookies, Deployment};
use crate::metrics;
use crate::redeem::{Redeemed, Rejection, Unclaimed};
use crate::replay::Claim;
use crate::seldom::seldom;

impl ApplyCookies {
    /// Whether a path is the endpoint's, so that [`answer`](Self::answer), not the app, answers it.
    #[must_use]
    pub fn owns_path(&self, path: &str) -> bool {
        self.deployment.own_path(path).is_some()
    }

    /// Whether a request with these header fields comes from a page of the deployment's own
    /// origins, as far as they show. The endpoint checks this itself, but streams belong to the app.
    /// A stream that is opened by GET and signs somebody in or out should call this, or every page
    /// that the browser visits can open it.
    ///
    /// Over plain HTTP outside this machine a GET shows nothing, and every page passes for one of
    /// the deployment's own.
    #[must_use]
    pub fn is_own_page(&self, fields: &impl Fields) -> bool {
        let origins = &self.deployment.origins;
        origins.allows_page(fields.all("sec-fetch-site"), fields.all("origin"))
    }

    /// Reads the form that a page of the deployment's own origins posts, with the endpoint's own checks
    /// and in their order: method, origin, media type, body. For packages that answer posts of their
    /// own.
    ///
    /// # Errors
    ///
    /// Says which check refuses the request.
    pub async fn read_form<F, B, E, T>(
        &self,
        asked: Asked<'_, F>,
        body: &mut B,
        timer: impl FnOnce(Duration) -> T,
    ) -> Result<Bytes, Refused>
    where
        F: Fields,
        B: Stream<Item = Result<Bytes, E>> + Unpin,
        T: Future,
    {
        let body = body::read(asked, body, timer).await;
        admit_form(&self.deployment, asked, body)
    }

    /// Reads the form that another server posts, which proves in it who it is: with the same limits, and
    /// wherever it comes from.
    ///
    /// # Errors
    ///
    /// Says which check refuses the request.
    pub async fn read_form_from_server<F, B, E, T>(
        &self,
        asked: Asked<'_, F>,
        body: &mut B,
        timer: impl FnOnce(Duration) -> T,
    ) -> Result<Bytes, Refused>
    where
        F: Fields,
        B: Stream<Item = Result<Bytes, E>> + Unpin,
        T: Future,
    {
        let body = body::read(asked, body, timer).await;
        let is_post = asked.method == "POST";
        let allowed = is_post.then_some(()).ok_or(Rejection::Method);
        admit(allowed.and_then(|()| check_media_type(asked)), body)
    }

    /// The browser's binding cookie, by the header fields of its request: for a worker that mints
    /// for this browser later, with [`Issuer::mint`](crate::Issuer::mint). `None` while it has none.
    #[must_use]
    pub fn binding_of(&self, fields: &impl Fields) -> Option<BindingCookie> {
        let name = self.deployment.binding_name;
        name.read(fields.all("cookie")).into_cookie()
    }

    /// Answers a request to the endpoint, for adapters of frameworks.
    ///
    /// `timer` makes the framework's own future that is ready after the given time. The adapter must
    /// treat the rest of the body as [`Answer::rest`] says.
    pub async fn answer<F, B, E, T>(
        &self,
        asked: Asked<'_, F>,
        body: &mut B,
        timer: impl FnOnce(Duration) -> T,
    ) -> Answer
    where
        F: Fields,
        B: Stream<Item = Result<Bytes, E>> + Unpin,
        T: Future,
    {
        let deployment = &*self.deployment;
        let path = deployment.own_path(asked.path);
        match (path, asked.method) {
            (Some("" | "/bind"), _) => {}
            (Some("/client.js"), "GET" | "HEAD") => return deployment.client.answer(asked.fields),
            (Some("/client.js"), _) => return Answer::not_a_read(),
            _ => return Answer::uncached(404, Rest::Unasked),
        }
        let body = body::read(asked, body, timer).await;
        let begun = Instant::now();
        let answered = match path {
            Some("/bind") => bind(deployment, asked, body),
            _ => match prepare(deployment, asked, body) {
                Ok((claim, unclaimed)) => {
                    let answer = deployment.redeemer.store.claim(claim).await;
                    let redeemed = deployment.redeemer.settle(answer, unclaimed).await;
                    let applied = redeemed.map(|redeemed| applied(deployment, redeemed));
                    if applied.is_ok() {
                        metrics::redemption_took(begun.elapsed());
                    }
                    applied.map_err(Refused::read)
                }
                Err(refused) => Err(refused),
            },
        };
        answered.unwrap_or_else(|Refused { rejection, rest }| {
            let endpoint = &deployment.redeemer.endpoint;
            match path {
                Some("/bind") => metrics::binding("refused"),
                _ => metrics::redemption_took(begun.elapsed()),
            }
            deployment
                .refusals
                .log(&rejection, endpoint, deployment.now());
            Answer::refused(&rejection, deployment.redeemer.keys.profile(), rest)
        })
    }
}

/// `POST {prefix}`, as far as it needs no store. It waits for nothing, so that nothing of the form,
/// the token and the checks is part of what waits for the store.
fn prepare<F: Fields>(
    deployment: &Deployment,
    asked: Asked<'_, F>,
    body: Result<Bytes, Refused>,
) -> Result<(Claim, Unclaimed), Refused> {
    let body = admit_form(deployment, asked, body)?;
    check_form(deployment, asked, &body).map_err(Refused::read)
}

fn applied(deployment: &Deployment, redeemed: Redeemed) -> Answer {
    warn_of_secure(deployment, &redeemed);
    Answer::applied(redeemed)
}

/// Says that cookies may be lost because a token was minted for https and is redeemed for pages on
/// plain http.
fn warn_of_secure(deployment: &Deployment, redeemed: &Redeemed) {
    if deployment.classes.scheme() == Scheme::Https {
        return;
    }
    let is_secure = |line: &&str| line.split("; ").any(|part| part == "Secure");
    let Some(line) = redeemed.lines().find(is_secure) else {
        return;
    };
    let cookie = line.split('=').next();
    seldom!(
        deployment.losses.secure,
        deployment.now(),
        WARN,
        cookie,
        token = %redeemed.id(),
        "a token's cookie is Secure, but every configured origin is plain http: there some browsers, such as Safari, do not keep it; mint for plain http (mint --plain-http), leave `secure` out of the operation, or configure the https origin"
    );
}

/// `POST {prefix}/bind`: gives the browser a binding, unless it has one. Pages await it before
/// they open a stream, so that several tabs end up with the same one.
fn bind<F: Fields>(
    deployment: &Deployment,
    asked: Asked<'_, F>,
    body: Result<Bytes, Refused>,
) -> Result<Answer, Refused> {
    admit(check(deployment, asked), body)?;
    let answer = Answer::uncached(204, Rest::Read);
    let name = deployment.binding_name;
    Ok(if name.read(asked.fields.all("cookie")).may_be_set() {
        metrics::binding("made");
        answer.with("set-cookie", name.set_cookie(&browser::fresh()))
    } else {
        metrics::binding("present");
        answer
    })
}

fn admit_form<F: Fields>(
    deployment: &Deployment,
    asked: Asked<'_, F>,
    body: Result<Bytes, Refused>,
) -> Result<Bytes, Refused> {
    let allowed = check(deployment, asked).and_then(|()| check_media_type(asked));
    admit(allowed, body)
}

/// Combines the checks made before the body, whose rejection comes first, with the body's own. The
/// connection can go on only once the body is out of the way.
fn admit(allowed: Result<(), Rejection>, body: Result<Bytes, Refused>) -> Result<Bytes, Refused> {
    match (allowed, body) {
        (Ok(()), body) => body,
        (Err(rejection), Ok(_)) => Err(Refused::read(rejection)),
        (Err(rejection), Err(Refused { rest, .. })) => Err(Refused { rejection, rest }),
    }
}

/// Method, then origin: the checks that do not need the body.
fn check<F: Fields>(deployment: &Deployment, asked: Asked<'_, F>) -> Result<(), Rejection> {
    if asked.method != "POST" {
        return Err(Rejection::Method);
    }
    let fields = asked.fields;
    deployment
        .origins
        .check(fields.all("sec-fetch-site"), fields.all("origin"))
        .map_err(Rejection::Origin)
}

fn check_media_type<F: Fields>(asked: Asked<'_, F>) -> Result<(), Rejection> {
    let mut types = asked.fields.all("content-type");
    let form = types
        .next()
        .and_then(|value| std::str::from_utf8(value).ok())
        .map(|value| value.split(';').next().unwrap_or(value).trim())
        .is_some_and(|essence| essence.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if form && types.next().is_none() {
        Ok(())
    } else {
        Err(Rejection::MediaType)
    }
}

/// The form → a claim, and what is released in return for it.
fn check_form<F: Fields>(
    deployment: &Deployment,
    asked: Asked<'_, F>,
    body: &[u8],
) -> Result<(Claim, Unclaimed), Rejection> {
    let form = Form::read(body).ok_or(Rejection::Form)?;
    let redemption = form
        .redemption
        .map(|id| RedemptionDigest::from_id(id.as_bytes()).ok_or(Rejection::Form))
        .transpose()?;
    let binding = deployment
        .binding_name
        .read(asked.fields.all("cookie"))
        .into_cookie();
    let token = UntrustedToken::new(&form.token);
    deployment
        .redeemer
        .prepare(token, redemption, binding.as_ref())
}
