//! A batch: operations that are pushed together, with a barrier or an action if wanted.

use std::fmt;

use apply_cookies_protocol::for_root::CookieClass;
use apply_cookies_protocol::{AfterApply, Operation, SameOriginPath};

use super::error::PushError;
use super::handle::PendingCookies;
use super::operation::{Deletion, IntoOperation};
use super::outbox::Addition;
use super::queue::Queue;
use crate::mint::Receipt;

/// Operations that are pushed at once, all or none. Nothing can come between them, and they leave
/// together, in one token if they fit. Made by [`PendingCookies::batch`] and
/// [`PendingCookies::sign_out`].
///
/// Nothing happens before [`push`](Self::push), which reports the first mistake of any step.
///
/// ```
/// # use apply_cookies::{PendingCookies, PushError, SetCookie};
/// # fn signed_in(pending: &PendingCookies) -> Result<(), PushError> {
/// pending
///     .batch()
///     .set(SetCookie::new("session", "8f14e45f"))
///     .delete_cookie("guest")
///     .go_to("/account")
///     .push()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a batch does nothing until it is pushed"]
pub struct PendingBatch<'p> {
    queue: &'p Queue,
    addition: Result<Addition, PushError>,
}

impl PendingBatch<'_> {
    /// Sets a cookie, as [`PendingCookies::set`] does.
    pub fn set(self, cookie: impl IntoOperation) -> Self {
        let operation = cookie.into_operation(self.queue.classes());
        self.with(operation)
    }

    /// Deletes the cookie of a class, as [`PendingCookies::delete`] does.
    pub fn delete<C: CookieClass>(self) -> Self {
        self.delete_cookie(C::CLASS.deletion())
    }

    /// Deletes a cookie that has no class, as [`PendingCookies::delete_cookie`] does.
    pub fn delete_cookie<'a>(self, cookie: impl Into<Deletion<'a>>) -> Self {
        let operation = cookie.into().into_operation(self.queue.classes());
        self.with(operation)
    }

    /// Makes it a barrier: once it is redeemed, every token minted for this browser before it is
    /// refused. [`PendingCookies::sign_out`] starts with one.
    pub fn barrier(self) -> Self {
        self.change(|addition| addition.barrier = true)
    }

    /// Gives a browser that has no binding one with the response's headers, if they carry these
    /// operations: for a sign-in by an ordinary form, whose session is tied to
    /// [`binding`](PendingCookies::binding).
    pub fn bind(self) -> Self {
        self.change(|addition| addition.bind = true)
    }

    /// Once the cookies are set, the page reopens its stream, so that the new request carries them.
    /// This needs a stream opened by the client's `listen(() => …)`; other pages only get the event
    /// `apply-cookies:then`.
    pub fn reconnect(self) -> Self {
        self.then(AfterApply::Reconnect)
    }

    /// Once the cookies are set, the page reloads.
    pub fn reload(self) -> Self {
        self.then(AfterApply::Reload)
    }

    /// Once the cookies are set, the page goes to this path of its own origin, such as
    /// `/account?tab=1`. It travels sealed, so nobody can turn it into a redirect to elsewhere.
    /// Encoded slashes (`%2F`) are refused after the `?` too.
    pub fn go_to(self, path: impl AsRef<str>) -> Self {
        match SameOriginPath::parse(path.as_ref()) {
            Some(path) => self.then(AfterApply::GoTo(path.into_owned())),
            None => self.fail(PushError::Path),
        }
    }

    /// Queues everything. The receipt says what became of it; drop it if you do not care.
    ///
    /// If the response's headers have not left yet, an action becomes the header field
    /// `Apply-Cookies-Then`, for a script that fetched the response. A navigation does not read it:
    /// answer that with a redirect of your own.
    ///
    /// # Errors
    ///
    /// The first mistake of the earlier steps; [`PushError::Empty`] without an operation; otherwise
    /// those of [`PendingCookies::set`]. On an error nothing is queued.
    pub fn push(self) -> Result<Receipt, PushError> {
        let addition = self.addition?;
        if addition.operations.is_empty() {
            return Err(PushError::Empty);
        }
        self.queue.push(addition)
    }

    fn with(self, operation: Result<Operation<'static>, PushError>) -> Self {
        match operation {
            Ok(operation) => self.change(|addition| {
                operation.replace_in(&mut addition.operations);
            }),
            Err(error) => self.fail(error),
        }
    }

    fn then(self, action: AfterApply<'static>) -> Self {
        self.change(|addition| addition.then = Some(action))
    }

    fn change(mut self, change: impl FnOnce(&mut Addition)) -> Self {
        if let Ok(addition) = &mut self.addition {
            change(addition);
        }
        self
    }

    fn fail(mut self, error: PushError) -> Self {
        if self.addition.is_ok() {
            self.addition = Err(error);
        }
        self
    }
}

impl fmt::Debug for PendingBatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingBatch(..)")
    }
}

impl PendingCookies {
    /// Begins a batch: operations that leave together, with one receipt and, if wanted, an action.
    pub fn batch(&self) -> PendingBatch<'_> {
        PendingBatch {
            queue: &self.queue,
            addition: Ok(Addition::default()),
        }
    }

    /// Begins a sign-out: a batch that is a [barrier](PendingBatch::barrier), so that an earlier
    /// sign-in whose token is still on its way cannot sign this browser in again once the sign-out
    /// has arrived. Add the cookies to delete, and push:
    ///
    /// ```
    /// # use apply_cookies::{PendingCookies, PushError};
    /// # fn sign_out(pending: &PendingCookies) -> Result<(), PushError> {
    /// pending.sign_out().delete_cookie("session").push()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It works on ordinary responses too: the barrier is then raised before the headers leave.
    /// If that fails, or the request does not show which browser it is (a POST from another site),
    /// the cookies are deleted anyway, an error is logged and counted, and the receipt says
    /// [`ReleasedWithoutBarrier`](crate::Outcome::ReleasedWithoutBarrier). Await it in a separate
    /// task: a handler that awaits it before it answers deadlocks.
    ///
    /// No server can take back an answer that is already on its way, so a sign-out must also
    /// revoke the session on the server.
    pub fn sign_out(&self) -> PendingBatch<'_> {
        self.batch().barrier()
    }
}
