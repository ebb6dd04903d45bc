//! Streams of this process that wait for somebody to sign in with a provider.

use apply_cookies::protocol::BindingDigest;
use dashmap::DashMap;
use tokio::sync::oneshot;

use crate::identity::Identity;
use crate::random;
use crate::refusal::Refusal;
use crate::session::Bytes;

/// What became of a sign-in.
pub(crate) type Answer = Result<Identity, Refusal>;

/// By random id. A stream removes its own when it ends, so there are never more than streams.
#[derive(Default)]
pub(crate) struct Popups(DashMap<[u8; 16], Waiting>);

struct Waiting {
    /// The stream's browser.
    binding: BindingDigest,
    provider: String,
    answer: oneshot::Sender<Answer>,
}

impl Popups {
    pub(crate) fn add(
        &self,
        provider: &str,
        binding: BindingDigest,
    ) -> ([u8; 16], oneshot::Receiver<Answer>) {
        let (id, (answer, receiver)) = (random::bytes(), oneshot::channel());
        let waiting = Waiting {
            binding,
            provider: provider.to_owned(),
            answer,
        };
        self.0.insert(id, waiting);
        (id, receiver)
    }

    pub(crate) fn remove(&self, id: &[u8; 16]) {
        self.0.remove(id);
    }

    /// Whether a stream of this process will hear of a sign-in with this provider, in this browser.
    pub(crate) fn waits(&self, id: &[u8; 16], provider: &str, binding: BindingDigest) -> bool {
        self.0
            .get(id)
            .is_some_and(|waiting| waiting.is_for(provider, binding))
    }

    /// Tells the stream, if it belongs to this very browser: otherwise strangers would hear who has
    /// followed their link.
    pub(crate) fn answer(
        &self,
        id: &[u8; 16],
        provider: &str,
        binding: BindingDigest,
        answer: Answer,
    ) {
        let taken = (self.0).remove_if(id, |_, waiting| waiting.is_for(provider, binding));
        if let Some((_, waiting)) = taken {
            // The stream may have ended by now.
            drop(waiting.answer.send(answer));
        }
    }
}

impl Waiting {
    fn is_for(&self, provider: &str, binding: BindingDigest) -> bool {
        self.binding == binding && self.provider == provider
    }
}

/// Where a popup begins, and begins again after a refusal.
pub(crate) fn popup_path(prefix: &str, provider: &str, id: Bytes) -> String {
    format!("{prefix}/sign-in/{provider}?popup={}", id.to_text())
}
