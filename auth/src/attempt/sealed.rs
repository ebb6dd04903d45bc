//! What the state of an attempt says.

use apply_cookies::UnixMillis;
use apply_cookies::protocol::StoreScope;
use serde::{Deserialize, Serialize};

use crate::session::{Bytes, millis};
use crate::step_up::StepUp;

/// How long an attempt may take, in milliseconds.
pub(crate) const ATTEMPT_MS: u64 = 600_000;

/// The longest state, in characters: an address with it is still short enough for every proxy.
pub(super) const STATE_MAX: usize = 1_900;

/// An attempt, as its state holds it. The names are short, because addresses must be.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// The first half of SHA-256 of the random bytes in its cookie.
    #[serde(rename = "i")]
    pub(super) id: Bytes,
    /// Which key derives what its browser proves.
    #[serde(rename = "k")]
    pub(super) key: u32,
    #[serde(rename = "p")]
    pub(crate) provider: String,
    /// By the clock of the store of revocations.
    #[serde(rename = "a", with = "millis")]
    pub(crate) begun: UnixMillis,
    /// The scope of the replay store, in which the attempt is claimed.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<Bytes>,
    /// The scope of the store of revocations.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) revocations: Option<Bytes>,
    /// The digest of the browser's binding, if it had one.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub(crate) binding: Option<Bytes>,
    /// Where the person wants to go: the front page if it is empty.
    #[serde(rename = "t", default, skip_serializing_if = "String::is_empty")]
    pub(crate) to: String,
    /// The popup of a stream, if the sign-in happens in a popup.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub(crate) popup: Option<Bytes>,
    /// How often it has restarted by itself.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    pub(crate) restarts: u8,
    /// The session that its browser had, where a `SameSite=Strict` cookie hides it from the callback.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub(crate) had: Option<Bytes>,
    #[serde(flatten)]
    pub(crate) step_up: StepUp,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(number: &u8) -> bool {
    *number == 0
}

impl Attempt {
    /// One with this provider, to be begun at this moment.
    pub(crate) fn with(provider: &str, begun: UnixMillis) -> Self {
        Self {
            id: Bytes([0; 16]),
            key: 0,
            provider: provider.to_owned(),
            begun,
            claims: None,
            revocations: None,
            binding: None,
            to: String::new(),
            popup: None,
            restarts: 0,
            had: None,
            step_up: StepUp::default(),
        }
    }

    pub(crate) fn claim_scope(&self) -> Option<StoreScope> {
        self.claims.map(|scope| StoreScope::from_random(scope.0))
    }

    pub(crate) fn revocation_scope(&self) -> Option<StoreScope> {
        (self.revocations).map(|scope| StoreScope::from_random(scope.0))
    }
}
