//! A sign-in with a provider from inside a stream: the person signs in in a popup, and the handler goes
//! on.

use std::fmt;
use std::time::Duration;

use apply_cookies::{Event, PendingCookies, seldom};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::attempt::ATTEMPT_MS;
use crate::auth::Auth;
use crate::identity::Identity;
use crate::popups::{self, popup_path};
use crate::refusal::{Refusal, RefusalCode};
use crate::session::Bytes;
use crate::sign_in::SignInError;

/// A sign-in in a popup, which a stream or a socket offers to its page. Made by
/// [`Auth::popup_sign_in`].
#[must_use = "nobody hears of it until it is sent"]
pub struct PopupSignIn {
    auth: Auth,
    id: [u8; 16],
    provider: String,
    answer: oneshot::Receiver<popups::Answer>,
    until: Instant,
}

impl Auth {
    /// Offers the person behind a stream or a socket to sign in with a provider, in a popup: the page
    /// stays as it is. The page needs `sign-in.js`, from below the [prefix](Self::prefix), and a
    /// `<button data-sign-in="NAME" disabled>`.
    ///
    /// # Errors
    ///
    /// If there is no provider of this name ([`SignInError::UnknownProvider`], also an `ERROR` in the log),
    /// or the stream belongs to a page of another origin.
    pub fn popup_sign_in(
        &self,
        provider: &str,
        pending: &PendingCookies,
    ) -> Result<PopupSignIn, SignInError> {
        if pending.is_foreign() {
            return Err(SignInError::Foreign);
        }
        let providers = &self.0.providers;
        let Some(known) = providers.find(provider) else {
            let error = SignInError::UnknownProvider(provider.to_owned());
            let (line, now) = (&self.0.logged.no_provider, self.0.now());
            seldom!(line, now, ERROR, %error, "no sign-in is offered");
            return Err(error);
        };
        let (id, answer) = (providers.popups).add(known.name(), pending.binding());
        Ok(PopupSignIn {
            auth: self.clone(),
            id,
            provider: known.name().to_owned(),
            answer,
            until: Instant::now() + Duration::from_millis(ATTEMPT_MS),
        })
    }
}

impl PopupSignIn {
    /// What the page is told, as JSON: for a message in a socket. The page calls `popupSignIn` of
    /// `sign-in.js` with it.
    #[must_use]
    pub fn data(&self) -> String {
        let id = Bytes(self.id);
        let url = popup_path(self.auth.prefix(), &self.provider, id);
        json!({"id": id.to_text(), "provider": self.provider, "url": url}).to_string()
    }

    /// The same as a server-sent event of the type `sign-in`.
    pub fn event(&self) -> Event {
        Event::data(self.data()).named("sign-in")
    }

    /// Who has signed in. The browser then has its cookie already, from the popup.
    ///
    /// # Errors
    ///
    /// Why nobody was signed in: the first refusal ends the wait. The person may still try again in
    /// the popup; if that succeeds, or this was dropped meanwhile, the page reopens its stream, whose
    /// request then carries the cookie. `attempt-expired` after ten minutes, whether or not somebody has
    /// opened the popup: it cannot be seen whether one was closed.
    pub async fn identity(mut self) -> Result<Identity, Refusal> {
        let late = || Refusal::new(RefusalCode::AttemptExpired).because("nobody has signed in");
        let answered = timeout_at(self.until, &mut self.answer).await;
        answered
            .ok()
            .and_then(Result::ok)
            .unwrap_or_else(|| Err(late()))
    }
}

impl Drop for PopupSignIn {
    fn drop(&mut self) {
        self.auth.0.providers.popups.remove(&self.id);
    }
}

impl fmt::Debug for PopupSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PopupSignIn")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}
