//! The provider sends a person back: an attempt ends, once.
//!
//! The order of the checks matters: what costs a request to the provider comes after the proof that this
//! browser began the attempt, and the code is exchanged only after the attempt is claimed, because a second
//! exchange makes a provider revoke what the first one gave.
//!
//! The claim carries no binding, and so no barrier stands before it: barriers are kept for as long as
//! tokens live, a minute, after which a store refuses everything older that has a binding, and people
//! take longer than that at a provider. The store of revocations knows of a sign-out instead: it ends each
//! session of the browser whose evidence was asked for before, which is when the attempt began.

use std::time::Duration;

use apply_cookies::protocol::{BindingDigest, Grant, Lifetime, Nonce, RedemptionDigest};
use apply_cookies::replay::{
    Claim, ClaimAnswer, RevocationDigest, SessionCheck, Standing, Subject,
};
use apply_cookies::web::{Answer, Fields, Rest, Slot, is_ahead_of_a_visit};
use apply_cookies::{Outcome, Receipt, UnixMillis};

use crate::attempt::{ATTEMPT_MS, Attempt, Parameters};
use crate::auth::{Auth, Parts};
use crate::begin::SignInRequest;
use crate::identity::{AtProvider, Evidence, Identity};
use crate::metrics;
use crate::oidc::{Authenticated, Expected, Provider};
use crate::popups::popup_path;
use crate::random;
use crate::refusal::{Refusal, RefusalCode};
use crate::request::Request;
use crate::respond::{Audience, see_other};
use crate::session::{Bytes, all, person, there};
use crate::sign_in_options::SignInOptions;
use crate::standing::unavailable;

/// Why an attempt does not go on.
struct Stop {
    refusal: Refusal,
    then: Then,
}

/// What becomes of the person.
#[derive(PartialEq)]
enum Then {
    /// They read why.
    Refuse,
    /// The attempt is over, and they may be signed in by now: by another tab, or by this very attempt,
    /// if they have gone back or reloaded.
    GoOn,
    /// The same; and if they are not, one new attempt begins by itself.
    BeginAnew,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            then: Then::Refuse,
        }
    }
}

impl From<RefusalCode> for Stop {
    fn from(code: RefusalCode) -> Self {
        Refusal::new(code).into()
    }
}

fn stop(code: RefusalCode, why: &'static str, then: Then) -> Stop {
    let refusal = Refusal::new(code).because(why);
    Stop { refusal, then }
}

impl Auth {
    /// `GET /auth/callback/NAME`.
    pub(crate) async fn callback<F: Fields>(
        &self,
        provider: &Provider,
        request: &Request<'_, F>,
        slot: &Slot,
    ) -> Answer {
        if is_ahead_of_a_visit(request.fields) {
            // An answer that browsers do not keep, so that the person's own visit is still the first.
            return Answer::uncached(503, Rest::Unasked);
        }
        let parts = &self.0;
        let parameters = Parameters::read(request.query.unwrap_or_default());
        let opened = parameters.and_then(|parameters| {
            let state = parameters.state.as_deref()?;
            let attempt = parts.providers.attempts.open(state, parts.now())?;
            Some((parameters, attempt))
        });
        let Some((parameters, attempt)) = opened else {
            metrics::sign_in(provider.name(), RefusalCode::State.as_str());
            let audience = Audience::bound_for(self, request, None);
            return audience.show(self, &RefusalCode::State.into());
        };
        let audience = Audience::bound_for(self, request, Some(attempt.to.clone()));
        let popup = |id| popup_path(self.prefix(), &attempt.provider, id);
        let audience = audience.in_popup(attempt.popup.map(popup));
        let callback = Callback {
            provider,
            parameters,
            attempt,
            audience,
        };
        match self.finish(&callback, request, slot).await {
            Ok(hears) => self.lead_on(&callback, hears),
            Err(stop) => self.stopped(&callback, stop, request, slot).await,
        }
    }

    /// Attempt and code become a session. Returns whether the stream that has asked for a popup hears of it.
    async fn finish<F: Fields>(
        &self,
        callback: &Callback<'_>,
        request: &Request<'_, F>,
        slot: &Slot,
    ) -> Result<bool, Stop> {
        use RefusalCode as Code;
        let (parts, pending, now) = (&self.0, slot.pending(), self.0.now());
        let Callback {
            provider,
            parameters,
            attempt,
            audience,
            ..
        } = callback;
        if pending.is_foreign() {
            return Err(Code::Origin.into());
        }
        if attempt.provider != provider.name() {
            let why = "the state is of an attempt with another provider";
            return Err(stop(Code::IssuerMixedUp, why, Then::Refuse));
        }
        let missing = |why| stop(Code::AttemptMissing, why, Then::GoOn);
        let cookies = request.fields.all("cookie");
        let proof = parts.providers.attempts.prove(attempt, cookies);
        let proof = proof.ok_or_else(|| missing("its cookie is not there"))?;
        let binding = pending.binding().to_bytes();
        if attempt
            .binding
            .is_some_and(|begun_in| begun_in.0 != binding)
        {
            return Err(missing("the browser's binding is another one by now"));
        }
        if attempt.begun.plus(ATTEMPT_MS) <= now {
            let why = "it began ten minutes ago or earlier";
            return Err(stop(Code::AttemptExpired, why, Then::GoOn));
        }
        let issuer = provider.check_issuer(parameters.iss.as_deref(), now).await;
        issuer.map_err(|refusal| refusal.of(provider.name()))?;
        parameters.check_error()?;
        let code = parameters.code.as_deref().ok_or(Code::State)?;
        let browser = Subject::Timed(RevocationDigest::from_bytes(binding));
        parts.still_stands(attempt, &[browser]).await?;
        let there = |refusal: Refusal| {
            let refusal = refusal.of(provider.name());
            let then = match refusal.code() {
                Code::ProviderUnreachable => Then::BeginAnew,
                _ => Then::Refuse,
            };
            Stop { refusal, then }
        };
        let redirect_uri = audience.callback(self, provider).ok_or(Code::Origin)?;
        let permit = parts.throttle.begin_exchange(now, parts.person(request))?;
        let exchanged = async {
            let _turn = provider.turn(permit.network()).await.map_err(there)?;
            // Last of what may refuse it here: a claim takes room in a store that others need.
            parts.claim(attempt, proof.claim, now).await?;
            let expected = Expected {
                redirect_uri: &redirect_uri,
                nonce: &proof.nonce,
                begun_at: attempt.begun,
                max_age: attempt.step_up.max_age.map(Duration::from_secs),
                acr: &attempt.step_up.acr,
            };
            let exchanged = provider.exchange(code, &proof.verifier, &expected, now);
            exchanged.await.map_err(there)
        };
        let exchanged = exchanged.await;
        let code = exchanged.as_ref().err().map(|stop| stop.refusal.code());
        if !matches!(code, Some(Code::ExchangeFailed | Code::TokenInvalid)) {
            parts.throttle.exchange_withdrawn(now, &permit);
        }
        let authenticated = exchanged?;
        self.begin_session(attempt, authenticated, browser, slot)
            .await
    }

    async fn begin_session(
        &self,
        attempt: &Attempt,
        authenticated: Authenticated,
        browser: Subject,
        slot: &Slot,
    ) -> Result<bool, Stop> {
        let (parts, pending, now) = (&self.0, slot.pending(), self.0.now());
        let (keys, who) = (&parts.person_keys, &authenticated.who);
        // Checked again: a sign-out may have come while the provider was answering.
        let mut subjects = vec![browser];
        subjects.extend(person(keys, who.provider(), who.subject()));
        let sid = authenticated.sid.as_deref();
        subjects.extend(there(keys, who.provider(), who.subject(), sid));
        parts.still_stands(attempt, &subjects).await?;
        (parts.throttle).begin_session_there(now, (who.provider(), who.subject()))?;
        // As long as the session, which counts from the start of its attempt.
        let until = attempt.begun.plus(parts.length.as_millis());
        let vault = parts.keep_tokens(&authenticated, until).await;
        let who = authenticated.who.with_session_at_provider(AtProvider {
            sid: authenticated.sid,
            auth_time: authenticated.auth_time.map(|at| at.get() / 1000),
            acr: authenticated.acr,
            vault,
        });
        let who = who.proved_by(Evidence {
            since: Some(attempt.begun),
            credential: None,
        });
        let signed_in = self.sign_in(&pending, who.clone()).after(attempt.had);
        let signed_in = signed_in.push().await;
        if signed_in.is_err() {
            parts.forget_tokens(&who).await;
        }
        let receipt = signed_in.map_err(Refusal::from)?;
        // What no longer fits into the headers is left out: the attempt's cookie expires by itself, and a
        // provider without a hint asks the person.
        drop(pending.delete_cookie(&*parts.providers.attempts.cookie_of(attempt)));
        drop(pending.delete_cookie(&*parts.providers.signed_out));
        let session = parts.session_of(&pending);
        let hint = &parts.providers.hint;
        let hint = (session.as_ref()).and_then(|one| hint.write(one, &authenticated.id_token, now));
        drop(hint.map(|hint| pending.set(hint)));
        let Some((id, session)) = attempt.popup.zip(session) else {
            return Ok(false);
        };
        let check = session.check(keys);
        let (who, _) = self.hold(session, &check, slot);
        Ok(self.tell(id, who, pending.binding(), receipt))
    }

    /// Tells the stream that has asked for the popup, once the answer of the popup is on its way: the sign-in
    /// is a barrier, and what the stream sets at once would otherwise count as older. Returns whether it hears.
    fn tell(&self, id: Bytes, who: Identity, binding: BindingDigest, receipt: Receipt) -> bool {
        let auth = self.clone();
        let popups = &self.0.providers.popups;
        let hears = popups.waits(&id.0, who.provider(), binding);
        tokio::spawn(async move {
            let answer = match receipt.await {
                Outcome::Released | Outcome::ReleasedWithoutBarrier => Ok(who.clone()),
                _ => Err(RefusalCode::Unavailable.into()),
            };
            // A token of the barrier's own millisecond counts as older.
            tokio::time::sleep(Duration::from_millis(2)).await;
            let popups = &auth.0.providers.popups;
            popups.answer(&id.0, who.provider(), binding, answer);
        });
        hears
    }

    async fn stopped<F: Fields>(
        &self,
        callback: &Callback<'_>,
        stop: Stop,
        request: &Request<'_, F>,
        slot: &Slot,
    ) -> Answer {
        let (parts, attempts) = (&self.0, &self.0.providers.attempts);
        let Callback {
            provider,
            attempt,
            audience,
            ..
        } = callback;
        let mut refusal = stop.refusal;
        metrics::sign_in(provider.name(), refusal.code().as_str());
        if stop.then != Then::Refuse && matches!(self.see(request.fields, slot).await, Ok(Some(_)))
        {
            // The stream has not heard of it from here.
            return self.lead_on(callback, false);
        }
        let is_own = attempts
            .prove(attempt, request.fields.all("cookie"))
            .is_some();
        // The cookie stays only if the same callback may be tried again.
        let is_kept = matches!(
            refusal.code(),
            RefusalCode::Throttled | RefusalCode::Unavailable
        );
        let begins_anew = stop.then == Then::BeginAnew && attempt.restarts == 0;
        // With a server error no cookie leaves, and the loss would be logged.
        let leaves = begins_anew || refusal.code().status() < 500;
        if is_own && !is_kept && leaves {
            drop(slot.pending().delete_cookie(&*attempts.cookie_of(attempt)));
        }
        if begins_anew {
            parts.log(&refusal);
            let wanted = SignInRequest {
                provider,
                audience,
                options: SignInOptions {
                    other_account: false,
                    step_up: attempt.step_up.clone(),
                },
                popup: attempt.popup,
                restarts: 1,
                had: attempt.had,
            };
            match self.go(wanted, request, slot).await {
                Ok(answer) => return answer,
                Err(again) => refusal = again,
            }
        }
        if let Some(id) = attempt.popup {
            let (binding, no) = (slot.pending().binding(), Err(refusal.clone()));
            (parts.providers.popups).answer(&id.0, &attempt.provider, binding, no);
        }
        audience.show(self, &refusal)
    }

    /// Sends somebody who is signed in to where they wanted to go. In a popup, the page behind it reopens
    /// its stream unless that `hears` of the sign-in.
    fn lead_on(&self, callback: &Callback<'_>, hears: bool) -> Answer {
        if let Some(id) = callback.attempt.popup {
            return self.0.pages.popup(&id.to_text(), !hears);
        }
        match callback.audience.place(self) {
            None => callback.audience.show(self, &RefusalCode::Origin.into()),
            Some(place) if self.0.cookie.is_strict() => self.0.pages.going_on(&place),
            Some(place) => see_other(place.location()),
        }
    }
}

/// A person who is back from a provider.
struct Callback<'a> {
    provider: &'a Provider,
    parameters: Parameters<'a>,
    attempt: Attempt,
    audience: Audience,
}

impl Parts {
    /// Checks that nothing to which the session would belong has ended since the attempt began.
    async fn still_stands(&self, attempt: &Attempt, subjects: &[Subject]) -> Result<(), Stop> {
        let mut check = SessionCheck::new(attempt.begun, all(subjects));
        check.scope = attempt.revocation_scope();
        let standing = self.revocations.check(check).await;
        match standing.map_err(|error| unavailable(&error))? {
            Standing::Valid => Ok(()),
            Standing::Revoked => {
                let why = "somebody has signed out since it began";
                Err(stop(RefusalCode::SignedOut, why, Then::Refuse))
            }
            Standing::BeforeHorizon => {
                let why = "it began before the store of revocations, or in another process";
                Err(stop(RefusalCode::AttemptExpired, why, Then::BeginAnew))
            }
        }
    }

    /// Claims the attempt for this one request: a second one never reaches the provider.
    async fn claim(&self, attempt: &Attempt, nonce: Nonce, now: UnixMillis) -> Result<(), Stop> {
        let claims = &self.providers.claims;
        let counted = claims.begin(now).map_err(|wait| {
            let why = "as many attempts as AuthBuilder::attempts_in_store allows were finished in the last minutes";
            Refusal::new(RefusalCode::Unavailable).because(why).again_in(wait)
        })?;
        let (begun, end) = (attempt.begun, attempt.begun.plus(ATTEMPT_MS));
        let life = Lifetime::from_millis(ATTEMPT_MS).unwrap_or_default();
        let mut claim = Claim::new(nonce, begun, end, life, now);
        claim.redemption = RedemptionDigest::from_id(&random::bytes::<16>());
        claim.scope = attempt.claim_scope();
        let answer = self.cookies.replay_store().claim(claim).await;
        if let Ok(ClaimAnswer::Granted { grant, .. }) = answer
            && grant == Grant::First
        {
            return Ok(());
        }
        // The store has taken in nothing. It may have where its answer was lost, which no stranger brings
        // about; but anybody can try again, as often as they like, while it answers nobody.
        claims.take_back(&counted);
        let answer = answer.map_err(|error| {
            let why = format!("the replay store: {error}");
            Refusal::new(RefusalCode::Unavailable).because(why)
        })?;
        match answer {
            ClaimAnswer::Granted { .. } | ClaimAnswer::AlreadyUsed => {
                let why = "another request was first";
                Err(stop(RefusalCode::AttemptUsed, why, Then::BeginAnew))
            }
            ClaimAnswer::BeforeHorizon => {
                let why = "it began before the replay store, or in another process";
                Err(stop(RefusalCode::AttemptExpired, why, Then::BeginAnew))
            }
            ClaimAnswer::BehindBarrier => Err(RefusalCode::SignedOut.into()),
        }
    }
}
