//! One request and its response: gives the request its queue, and turns what was pushed before
//! the headers leave into ordinary `Set-Cookie` lines.

use std::fmt;
use std::sync::Arc;

use apply_cookies_protocol::for_root::CookieClass;
use apply_cookies_protocol::{AfterApply, BindingCookie, Profile, ReadCookie, Unreadable};
use bytes::Bytes;

use super::answer::THEN;
use super::caching;
use super::fields::{Asked, Fields};
use super::head;
use super::streamed::{CONTENT_ENCODING, is_encoded};
use crate::browser;
use crate::deployment::{ApplyCookies, Deployment};
use crate::mint::Outcome;
use crate::pending::{Leaving, Obstacle, PendingCookies, Queue, ResponseFacts};
use crate::redeem::MissingBarrier;
use crate::seldom::seldom;

/// The value in a request's extensions that extractors read. It is not a handle, so it does not
/// keep a carrier open.
#[derive(Clone)]
pub struct Slot(Arc<Queue>);

impl Slot {
    /// A handle for the handler.
    #[must_use]
    pub fn pending(&self) -> PendingCookies {
        PendingCookies::new(self.0.clone())
    }

    /// Notes that the response depends on the request's cookies, which no shared cache may ignore:
    /// for packages that read a cookie themselves.
    pub fn note_read(&self) {
        self.0.note_read();
    }

    pub(crate) fn read<C: CookieClass + 'static>(&self) -> Result<ReadCookie<C>, Unreadable> {
        self.0.read()
    }

    /// The name of a class's cookie, as the browser knows it.
    pub(crate) fn name<C: CookieClass>(&self) -> &'static str {
        self.0.deployment().classes.key::<C>().name
    }

    /// Whether a layer of this same deployment has put it here. A second layer must not give the
    /// request a second queue.
    #[must_use]
    pub fn is_of(&self, apply: &ApplyCookies) -> bool {
        Arc::ptr_eq(self.0.deployment(), &apply.deployment)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot(..)")
    }
}

/// How a handler has ended. Each framework shows it in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "adapters make it")]
pub enum Ended {
    /// It has answered, perhaps with a refusal.
    Answered,
    /// It has failed. Its pushed operations are dropped, so that it leaves no half sign-in.
    Failed,
}

impl Ended {
    /// How a handler has ended, by the status of the response, for frameworks that show no more: a
    /// handler that failed then looks the same as one that answers so. 408 is what middleware
    /// answers that has dropped a handler for taking too long.
    #[must_use]
    pub const fn by_status(status: u16) -> Self {
        match status {
            408 | 500.. => Self::Failed,
            _ => Self::Answered,
        }
    }
}

/// One request and its response, for adapters of frameworks: [`begin`](Self::begin), put the
/// [`slot`](Self::slot) into the request's extensions, call the app, then
/// [`answered`](Self::answered).
///
/// If it is dropped before that, because the client resets the connection or outer middleware gives
/// up, the pushed operations are reported as undeliverable.
#[must_use = "an exchange that is dropped abandons what was pushed"]
pub struct Exchange {
    queue: Arc<Queue>,
    browser: Browser,
}

impl Exchange {
    /// Reads what the request says about the browser.
    pub fn begin<F: Fields>(apply: &ApplyCookies, asked: Asked<'_, F>) -> Self {
        let deployment = &apply.deployment;
        let browser = Browser::from_request(deployment, asked);
        let binding = browser.binding.clone().unwrap_or_else(browser::fresh);
        // In one piece, which outlives the request. Cookies are separated by semicolons anyway.
        let sent: Vec<&[u8]> = asked.fields.all("cookie").collect();
        let sent = sent.join(&b';').into();
        Self {
            queue: Arc::new(Queue::new(
                deployment.clone(),
                binding,
                browser.foreign,
                sent,
            )),
            browser,
        }
    }

    /// The value that extractors look for in the request's extensions.
    #[must_use]
    pub fn slot(&self) -> Slot {
        Slot(self.queue.clone())
    }

    /// Whether nobody has used it: no cookie was read or pushed, and no handle is left. The response
    /// then needs no change.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.queue.is_untouched()
    }

    /// Changes the response's headers just before they leave. Waits for the replay store only if a
    /// sign-out leaves with them. `status` is the response's.
    pub async fn answered(self, ended: Ended, status: u16, fields: &mut impl Fields) {
        // Our marker on a stream, also if that was dropped, as for HEAD or 304. It has done its
        // work: RFC 9110 §8.4.1 says that `identity` should not be in the field.
        let encoded = is_encoded(fields);
        if self.queue.had_carrier() && !encoded {
            fields.remove(CONTENT_ENCODING);
        }
        if ended == Ended::Answered {
            let mut facts = self.browser.facts(status);
            if encoded && !facts.handshake {
                facts.obstacle = facts.obstacle.or(Some(Obstacle::Encoded));
                self.warn_of_encoding();
            }
            let leaving = self.queue.leave(facts);
            // Before the headers leave: a client that disconnects now gets none of the cookies.
            let outcome = self.raise_barrier(&leaving).await;
            self.write(&leaving, facts, fields);
            leaving.left(outcome);
        }
        if self.queue.depends_on_cookies() {
            caching::make_dependent(fields);
        }
    }

    fn warn_of_encoding(&self) {
        if self.queue.has_carrier() {
            let deployment = self.queue.deployment();
            seldom!(
                deployment.losses.encoded,
                deployment.now(),
                WARN,
                "a response that is to carry tokens has a Content-Encoding; pushes into it are refused; leave it out of what compresses"
            );
        }
    }

    fn write(&self, leaving: &Leaving, facts: ResponseFacts, fields: &mut impl Fields) {
        let mut set_cookie = |line: String| fields.append("set-cookie", Bytes::from(line));
        if let Some(binding) = leaving.binding() {
            set_cookie(self.queue.deployment().binding_name.set_cookie(binding));
        }
        for operation in leaving.operations() {
            set_cookie(operation.to_set_cookie());
        }
        if let Some(then) = leaving.then().map(AfterApply::to_header) {
            fields.set(THEN, Bytes::from(then.into_owned()));
        }
        if leaving.is_carried() && !facts.handshake {
            caching::forbid(fields);
        } else if leaving.binding().is_some() || !leaving.operations().is_empty() {
            caching::make_private(fields);
        }
    }

    /// Raises the barrier of a sign-out on an ordinary response, where no token will raise it.
    async fn raise_barrier(&self, leaving: &Leaving) -> Outcome {
        let Some(now) = leaving.barrier() else {
            return Outcome::Released;
        };
        let redeemer = &self.queue.deployment().redeemer;
        let raised = match &self.browser.binding {
            // It has no older tokens.
            None if self.browser.has_none => Ok(()),
            None => Err(MissingBarrier::NoBrowser),
            Some(binding) => redeemer.raise_barrier(binding, now).await,
        };
        match raised {
            Ok(()) => Outcome::Released,
            Err(missing) => {
                redeemer.report_missing(&missing);
                Outcome::ReleasedWithoutBarrier
            }
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // Does nothing once the headers have left.
        self.queue.abandon();
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchange(..)")
    }
}

/// What the request says about the browser.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and named where it is given"
)]
struct Browser {
    binding: Option<BindingCookie>,
    /// It certainly has no binding.
    has_none: bool,
    may_bind: bool,
    /// Another origin's page made the request, other than by a top-level navigation.
    foreign: bool,
    no_body: bool,
    connect: bool,
    obstacle: Option<Obstacle>,
}

impl Browser {
    fn from_request<F: Fields>(deployment: &Deployment, asked: Asked<'_, F>) -> Self {
        let metadata = head::metadata(deployment, asked);
        let obstacle = if deployment.redeemer.keys.profile() != Profile::Native {
            Some(Obstacle::Profile)
        } else if browser::is_ahead_of_a_visit(|name| asked.fields.all(name)) {
            Some(Obstacle::Prefetch)
        } else if !metadata.is_read_by_own_pages() {
            Some(Obstacle::Foreign)
        } else {
            None
        };
        let sent = head::sent(deployment, asked);
        Self {
            may_bind: metadata.may_bind() && sent.may_be_set(),
            foreign: !metadata.may_bind(),
            has_none: sent.may_be_set() && !metadata.may_withhold(),
            binding: sent.into_cookie(),
            no_body: asked.method == "HEAD",
            connect: asked.method == "CONNECT",
            obstacle,
        }
    }

    fn facts(&self, status: u16) -> ResponseFacts {
        ResponseFacts {
            has_binding: self.binding.is_some(),
            may_bind: self.may_bind,
            // Over HTTP/2 a socket is an extended CONNECT with a 2xx answer (RFC 8441 §5).
            handshake: status == 101 || (self.connect && (200..300).contains(&status)),
            no_body: self.no_body,
            obstacle: self.obstacle,
        }
    }
}
