//! The app's own step of every sign-in.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use apply_cookies::protocol::Operation;
use apply_cookies::{ApplyCookies, PendingBatch};
use apply_cookies::{Classes, IntoOperation, PushError};

use crate::identity::Identity;
use crate::refusal::{Refusal, RefusalCode};

/// Cookies that travel with a sign-in: all of them, or none.
#[derive(Clone)]
pub struct SignInCookies(Arc<(ApplyCookies, Mutex<Vec<Ready>>)>);

/// A cookie's operation, or the mistake in it, which the sign-in's push reports.
struct Ready(Result<Operation<'static>, PushError>);

impl IntoOperation for Ready {
    fn into_operation(self, _: &Classes) -> Result<Operation<'static>, PushError> {
        self.0
    }
}

impl SignInCookies {
    /// Sets a cookie.
    pub fn set(&self, cookie: impl IntoOperation) {
        let ready = Ready(cookie.into_operation(self.0.0.classes()));
        self.ready().push(ready);
    }

    fn ready(&self) -> std::sync::MutexGuard<'_, Vec<Ready>> {
        self.0.1.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SignInCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInCookies(..)")
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Identity, Refusal>> + Send>>;

/// The step, if there is one.
pub(crate) type OnSignIn = Arc<dyn Fn(Identity, SignInCookies) -> Answer + Send + Sync>;

/// Asks the step who it is that signs in.
pub(crate) async fn ask<'p>(
    step: &OnSignIn,
    cookies: &ApplyCookies,
    who: Identity,
    mut batch: PendingBatch<'p>,
) -> Result<(Identity, PendingBatch<'p>), Refusal> {
    let set = SignInCookies(Arc::new((cookies.clone(), Mutex::default())));
    let (before, evidence) = (who.clone(), who.evidence);
    let who = step(who, set.clone()).await?;
    // A session of somebody else would not end with the password, or the token, that was proved.
    if (who.provider(), who.subject()) != (before.provider(), before.subject()) {
        return Err(Refusal::new(RefusalCode::NotAllowed)
            .because("on_sign_in answered with another provider or subject"));
    }
    for cookie in set.ready().drain(..) {
        batch = batch.set(cookie);
    }
    let there = before.at_provider().clone();
    let who = who.with_session_at_provider(there).proved_by(evidence);
    Ok((who, batch))
}
