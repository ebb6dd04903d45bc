//! The pages below the prefix that have to do with one provider.

use std::future::Future;

use apply_cookies::web::{Answer, BodyRefused, Fields, Rest, Slot};
use bytes::Bytes;

use crate::auth::Auth;
use crate::providers::Step;
use crate::refusal::RefusalCode;
use crate::request::Request;
use crate::respond::Audience;

impl Auth {
    /// Answers a request that has to do with a provider.
    pub(crate) async fn answer_of_provider<F: Fields>(
        &self,
        step: Step<'_>,
        request: &Request<'_, F>,
        slot: &Slot,
        form: impl Future<Output = Result<Bytes, BodyRefused>>,
    ) -> Answer {
        match (step, request.method) {
            (Step::Begin(provider), "GET" | "HEAD") => {
                let audience = Audience::bound_for(self, request, request.return_to());
                if self.may_begin(request, slot).await {
                    self.begin_at(provider, &audience, request, slot).await
                } else if audience.person {
                    self.sign_in_page(request, &audience, "", None)
                } else {
                    audience.show(self, &RefusalCode::SignedOut.into())
                }
            }
            (Step::Callback(provider), "GET") => self.callback(provider, request, slot).await,
            (Step::BackChannel(provider), "POST") => self.back_channel(provider, form.await).await,
            (step, _) => Answer::uncached(405, Rest::Unasked).with("allow", step.methods()),
        }
    }
}
