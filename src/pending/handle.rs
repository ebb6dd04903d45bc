//! The handle that a handler pushes operations to.

use std::fmt;
use std::sync::Arc;

use apply_cookies_protocol::for_root::CookieClass;
use apply_cookies_protocol::{BindingDigest, Operation, ReadCookie, Unreadable};

use super::carrier::Frames;
use super::error::PushError;
use super::operation::{Deletion, IntoOperation};
use super::outbox::Addition;
use super::queue::Queue;
use super::state::PendingState;
use crate::mint::Receipt;

/// Sets and deletes cookies, before and after the response's headers have left.
///
/// There are three states:
///
/// - **Headers**: the response's headers have not left yet. Pushed operations become ordinary
///   `Set-Cookie` lines.
/// - **Carried**: the headers have left, and there is a carrier (`sse`, `html`, or
///   [`frames`](Self::frames)). Pushed operations become a token, one for each poll of the carrier.
/// - **Closed**: neither. A push is an error, never silently lost.
///
/// [`state`](Self::state) returns the current one. Clones share it, and can be sent to other
/// threads and moved into spawned tasks. A later operation on the same cookie replaces an earlier
/// one that has not left yet.
///
/// Push operations as a [`batch`](Self::batch) if they belong together, need an action of the page,
/// or are a sign-out.
///
/// Each push returns a [`Receipt`]: await it to learn what became of the cookie, or drop it.
pub struct PendingCookies {
    pub(super) queue: Arc<Queue>,
}

impl PendingCookies {
    pub(crate) fn new(queue: Arc<Queue>) -> Self {
        queue.add_handle();
        Self { queue }
    }

    /// Sets a cookie.
    ///
    /// # Errors
    ///
    /// [`PushError::Invalid`] names the field that a browser would not accept. The other errors
    /// say why the cookie cannot reach the browser, and what to do.
    pub fn set(&self, cookie: impl IntoOperation) -> Result<Receipt, PushError> {
        self.push(cookie.into_operation(self.queue.classes())?)
    }

    /// Deletes the cookie of a class, as in `cookies.delete::<Session>()`. For a cookie that has no
    /// class, use [`delete_cookie`](Self::delete_cookie).
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set).
    pub fn delete<C: CookieClass>(&self) -> Result<Receipt, PushError> {
        self.delete_cookie(C::CLASS.deletion())
    }

    /// Deletes a cookie that has no class: by name, or by a
    /// [`DeleteCookie`](crate::DeleteCookie) if it was set with another path or domain.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set).
    pub fn delete_cookie<'a>(&self, cookie: impl Into<Deletion<'a>>) -> Result<Receipt, PushError> {
        self.push(cookie.into().into_operation(self.queue.classes())?)
    }

    /// Writes a cookie again under the current key, with the same expiry, if it
    /// [`is_under_previous_key`](ReadCookie::is_under_previous_key). Takes what
    /// [`get`](Self::get) or [`Cookie`](crate::Cookie) gave you.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set).
    pub fn reissue<C: CookieClass + 'static>(
        &self,
        cookie: &ReadCookie<C>,
    ) -> Result<Receipt, PushError> {
        self.push(self.queue.classes().reissue(cookie)?)
    }

    /// The cookie of a class: the one pushed last on this response, through this handle or another,
    /// otherwise the one the request brought. For a socket that request is the handshake: cookies
    /// that other responses have set since are not seen.
    ///
    /// # Errors
    ///
    /// Says why the cookie must be treated as absent, as it is after a deletion.
    pub fn get<C: CookieClass + 'static>(&self) -> Result<ReadCookie<C>, Unreadable> {
        self.queue.read()
    }

    /// The raw value of the cookie of this name, as the browser sends it (over plain http without the
    /// name's prefix). Cookies pushed on this
    /// response, with any path and domain, count as sent. Nothing about the value is verified.
    ///
    /// # Errors
    ///
    /// If there is none, or more than one.
    pub fn get_raw(&self, name: &str) -> Result<Vec<u8>, Unreadable> {
        self.queue.value(name)
    }

    /// The browser's cookies as it would send them now: the value of a `Cookie` field with the
    /// request's cookies and those pushed on this response since. For code that reads cookies
    /// itself, such as another library's session. Empty if there are none.
    #[must_use]
    pub fn cookie_fields(&self) -> Vec<u8> {
        self.queue.cookie_fields()
    }

    /// The digest of the browser's binding: of the one that it sent, or of the one that this response
    /// gives it, if it does. What belongs to one browser, such as a session, can be tied to it.
    #[must_use]
    pub fn binding(&self) -> BindingDigest {
        self.queue.binding().digest()
    }

    /// Whether a page of another origin made the request, other than by leading the browser here.
    /// Browsers send cookies along with what a neighbouring subdomain asks for, so code that changes
    /// who is signed in must refuse such a request. Over plain http outside this machine a GET shows
    /// nothing, and passes for one of the deployment's own pages.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.queue.is_foreign()
    }

    fn push(&self, operation: Operation<'static>) -> Result<Receipt, PushError> {
        self.queue.push(Addition::from(operation))
    }

    /// How a push would travel now.
    #[must_use]
    pub fn state(&self) -> PendingState {
        self.queue.state()
    }

    /// Attaches a carrier by hand: a stream of frames to send to the page. For WebSockets, and for
    /// streams that [`sse`](Self::sse) and [`html`](Self::html) do not fit.
    ///
    /// Before a message of your own that depends on a push, send what
    /// [`take_ready`](Frames::take_ready) gives: a page that closes its socket at that message never
    /// hears a token behind it.
    ///
    /// It ends when [`close`](Self::close) is called or when no handle is left that could push.
    /// A second call takes over: the first stream then ends.
    pub fn frames(&self) -> Frames {
        Frames::attach(self.queue.clone())
    }

    /// Ends the carrier once everything pushed so far is on its way. Later pushes are errors.
    pub fn close(&self) {
        self.queue.close();
    }
}

impl Clone for PendingCookies {
    fn clone(&self) -> Self {
        Self::new(self.queue.clone())
    }
}

impl Drop for PendingCookies {
    fn drop(&mut self) {
        self.queue.remove_handle();
    }
}

impl fmt::Debug for PendingCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingCookies(..)")
    }
}
