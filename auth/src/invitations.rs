//! Streams of this process that wait for somebody to sign in with a provider.

use apply_cookies::protocol::BindingDigest;
use dashmap::DashMap;
use tokio::sync::oneshot;

use crate::identity::Identity;
use crate::random;
use crate::refusal::Refusal;

/// What became of a sign-in.
pub(crate) type Answer = Result<Identity, Refusal>;

/// By random id. A stream removes its own when it ends, so there are never more than streams.
#[derive(Default)]
pub(crate) struct Invitations(DashMap<[u8; 16], Waiting>);

struct Waiting {
    /// The stream's browser.
    binding: BindingDigest,
    provider: String,
    answer: oneshot::Sender<Answer>,
}

impl Invitations {
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

    /// Whether a stream of this process has sent it.
    pub(crate) fn has(&self, id: &[u8; 16]) -> bool {
        self.0.contains_key(id)
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
        let is_it = |waiting: &Waiting| waiting.binding == binding && waiting.provider == provider;
        if let Some((_, waiting)) = self.0.remove_if(id, |_, waiting| is_it(waiting)) {
            // The stream may have ended by now.
            drop(waiting.answer.send(answer));
        }
    }
}
