//! A provider's tokens, and how a vault keeps them: sealed under a key of which half is in the session.

use std::fmt;

use apply_cookies::UnixMillis;
use apply_cookies::protocol::PurposeKey;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::vault::VaultId;
use crate::random;

/// The tokens of a session at a provider. `Debug` shows neither; wiped from memory when dropped.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct ProviderTokens {
    #[serde(rename = "a")]
    access: String,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    refresh: Option<String>,
    /// In milliseconds since 1970.
    #[serde(rename = "e")]
    expires: u64,
}

/// How long an access token is used if the provider does not say how long it lives.
const UNSAID_MS: u64 = 5 * 60 * 1000;
/// How long before its end it is refreshed, so that it does not end on its way.
const EARLY_MS: u64 = 30 * 1000;

impl ProviderTokens {
    pub(super) fn new(
        access: &str,
        refresh: Option<&str>,
        expires_in: Option<u64>,
        now: UnixMillis,
    ) -> Self {
        let lives = expires_in.map_or(UNSAID_MS, |seconds| seconds.saturating_mul(1000));
        Self {
            access: access.to_owned(),
            refresh: refresh.map(str::to_owned),
            expires: now.plus(lives).get(),
        }
    }

    /// The access token, to send to the provider's own interfaces in `Authorization: Bearer`.
    #[must_use]
    pub fn access_token(&self) -> &str {
        &self.access
    }

    /// When the access token ends.
    #[must_use]
    pub fn expires_at(&self) -> UnixMillis {
        UnixMillis::EPOCH.plus(self.expires)
    }

    pub(super) fn refresh_token(&self) -> Option<&str> {
        self.refresh.as_deref()
    }

    /// The same with this refresh token, if it has none: a provider that does not rotate them sends none.
    pub(super) fn or_refreshed_by(mut self, refresh: &str) -> Self {
        self.refresh.get_or_insert_with(|| refresh.to_owned());
        self
    }

    pub(super) fn is_fresh(&self, now: UnixMillis) -> bool {
        now.plus(EARLY_MS) < self.expires_at()
    }
}

impl fmt::Debug for ProviderTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProviderTokens(..)")
    }
}

/// What a session has of its entry in the vault: its name, and half of its key.
#[derive(Clone)]
pub(crate) struct VaultKey(Zeroizing<[u8; 32]>);

impl VaultKey {
    pub(super) fn random() -> Self {
        Self(Zeroizing::new(random::bytes()))
    }

    /// As a session's cookie has it.
    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(*self.0))
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        let read = BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut *bytes);
        (read == Ok(32)).then_some(Self(bytes))
    }

    pub(super) fn id(&self) -> VaultId {
        let mut id = [0; 16];
        for (to, from) in id.iter_mut().zip(Sha256::digest(*self.0)) {
            *to = from;
        }
        VaultId(id)
    }

    /// The whole key, of this half and the server's.
    fn whole(&self, server: &PurposeKey) -> Option<LessSafeKey> {
        let key = Zeroizing::new(server.tag(&*self.0));
        Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key).ok()?))
    }

    /// Seals tokens with the first of the server's keys. `name` is the provider's: no other can use them.
    pub(super) fn seal(
        &self,
        tokens: &ProviderTokens,
        name: &str,
        server: &[PurposeKey],
    ) -> Option<Vec<u8>> {
        let key = self.whole(server.first()?)?;
        let nonce = random::bytes::<NONCE_LEN>();
        let mut text = Zeroizing::new(serde_json::to_vec(tokens).ok()?);
        let tag = key.seal_in_place_separate_tag((&nonce).into(), Aad::from(name), &mut text);
        Some([&nonce[..], &text, tag.ok()?.as_ref()].concat())
    }

    /// Opens what one of the server's keys has sealed.
    pub(super) fn open(
        &self,
        sealed: &[u8],
        name: &str,
        server: &[PurposeKey],
    ) -> Option<ProviderTokens> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        server.iter().find_map(|one| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut text = Zeroizing::new(text.to_vec());
            let key = self.whole(one)?;
            let json = key.open_in_place(nonce, Aad::from(name), &mut text).ok()?;
            serde_json::from_slice(json).ok()
        })
    }
}
