//! The handle that a handler pushes operations to.

use std::fmt;
use std::sync::Arc;

use apply_cookies_protocol::for_root::CookieClass;
use apply_cookies_protocol::{Operation, ReadCookie, Unreadable};

use super::carrier::Frames;
use super::error::PushError;
use super::operation::{Deletion, IntoOperation};
use super::outbox::Addition;
use super::queue::Queue;
use super::state::PendingState;
use crate::mint::Receipt;

/// Sets and deletes cookies, before and after the response's headers have left.
///
/// It has three states:
///
/// - **Headers**: the response's headers are still to be sent. What is pushed becomes ordinary
///   `Set-Cookie` lines.
/// - **Carried**: the headers have left, and a carrier lives (`sse`, `html`, or
///   [`frames`](Self::frames)). What is pushed becomes a token, one for each poll of the carrier.
/// - **Closed**: neither. A push is an error, never silence.
///
/// Clones share one state, can be sent to other threads and moved into spawned tasks. In the
/// order of pushes, a later operation on the same cookie replaces the earlier one that has not
/// travelled yet.
///
/// [`state`](Self::state) says which of them it is. Operations that belong together, want an
/// action of the page, or are a sign-out, are pushed as a [`batch`](Self::batch).
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
    /// [`PushError::Invalid`] names the field that a browser would not take; the other errors
    /// say that the cookie has no way to the browser any more, and what to do.
    pub fn set(&self, cookie: impl IntoOperation) -> Result<Receipt, PushError> {
        self.push(cookie.into_operation(self.queue.classes())?)
    }

    /// Deletes the cookie of a class, as in `pending.delete::<Session>()`. For a cookie that is of
    /// no class, by its name: [`delete_cookie`](Self::delete_cookie).
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set).
    pub fn delete<C: CookieClass>(&self) -> Result<Receipt, PushError> {
        self.push(C::CLASS.deletion().try_into()?)
    }

    /// Deletes a cookie that is of no class: by name, or by a
    /// [`DeleteCookie`](crate::DeleteCookie) when it was set with another path or domain.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set).
    pub fn delete_cookie<'a>(&self, cookie: impl Into<Deletion<'a>>) -> Result<Receipt, PushError> {
        self.push(cookie.into().into_operation()?)
    }

    /// Writes a cookie anew under the current key, with the end that it has: for what
    /// [`ReadCookie::is_under_previous_key`]. Takes what [`get`](Self::get) or
    /// [`Cookie`](crate::Cookie) gave.
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

    /// The cookie of a class: the one that was pushed last on this response, through this handle
    /// or another, and else the one that the request brought. In a socket that request is the
    /// handshake: what other responses have set since is not seen.
    ///
    /// # Errors
    ///
    /// Says why the cookie must be treated as absent; after a deletion it is.
    pub fn get<C: CookieClass + 'static>(&self) -> Result<ReadCookie<C>, Unreadable> {
        self.queue.read()
    }

    /// The raw value of the cookie of this name, as the browser sends it: cookies that were
    /// pushed on this response, with whatever path and domain, count as sent. Nobody vouches for
    /// it.
    ///
    /// # Errors
    ///
    /// When there is none, or several.
    pub fn get_raw(&self, name: &str) -> Result<Vec<u8>, Unreadable> {
        self.queue.value(name)
    }

    /// The browser's cookies as it would send them now: the value of a `Cookie` field with what
    /// the request brought and what was pushed on this response since. For code that reads cookies
    /// by itself, such as another library's session. Empty when there are none.
    #[must_use]
    pub fn cookie_fields(&self) -> Vec<u8> {
        self.queue.cookie_fields()
    }

    fn push(&self, operation: Operation<'static>) -> Result<Receipt, PushError> {
        self.queue.push(Addition::from(operation))
    }

    /// Which way a push would take now.
    #[must_use]
    pub fn state(&self) -> PendingState {
        self.queue.state()
    }

    /// Attaches a carrier by hand: a stream of frames to send to the page. For WebSockets, and
    /// for streams of another shape than [`sse`](Self::sse) and [`html`](Self::html).
    ///
    /// It ends when [`close`](Self::close) is called or when no handle is left that could push.
    /// A second call takes over: the stream of the first one ends.
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
