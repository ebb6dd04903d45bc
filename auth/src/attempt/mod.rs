//! A sign-in with a provider that is under way in one tab. The server stores nothing about it: the browser
//! holds 32 bytes in a cookie of the attempt's own name, and the rest travels, sealed, in the address to
//! which the provider sends the browser back. So no tab disturbs another, and a callback's address is
//! worth nothing in another browser.

mod claims;
mod cookies;
mod parameters;
mod sealed;

use apply_cookies::protocol::{Nonce, Protection, Purpose, PurposeKey, Stamp, ValueCodec};
use apply_cookies::{ApplyCookies, OperationError, SetCookie, UnixMillis};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub(crate) use claims::{CLAIMS_MAX, Claims};
use cookies::AttemptCookies;
pub use parameters::Parameters;
use sealed::STATE_MAX;
pub(crate) use sealed::{ATTEMPT_MS, Attempt};

use crate::random;

/// The name under which the state's keys are derived. No cookie is called that.
const STATE: &str = "sign-in-state";

/// Begins attempts, and recognises them.
pub(crate) struct Attempts {
    seal: ValueCodec,
    /// The current secret's, then those of previous ones.
    keys: Vec<PurposeKey>,
    cookies: AttemptCookies,
}

/// An attempt that has begun: what its browser gets, and what goes into the request to the provider.
pub(crate) struct Begun {
    pub(crate) cookie: SetCookie<'static>,
    pub(crate) state: String,
    pub(crate) proof: Proof,
}

/// What can be derived only with the cookie of the attempt's own browser.
pub(crate) struct Proof {
    /// For PKCE (RFC 7636 §4.1).
    pub(crate) verifier: Zeroizing<String>,
    /// For the ID token.
    pub(crate) nonce: Zeroizing<String>,
    /// What the attempt is claimed under.
    pub(crate) claim: Nonce,
}

impl Proof {
    fn of(key: &PurposeKey, r: &[u8; 32]) -> Self {
        let tag = |label: &[u8]| Zeroizing::new(key.tag(&[label, &r[..]].concat()));
        let text = |label| Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(*tag(label)));
        let mut claim = [0; 16];
        claim.copy_from_slice(&tag(b"claim")[..16]);
        Self {
            verifier: text(b"verifier"),
            nonce: text(b"nonce"),
            claim: Nonce::from_random(claim),
        }
    }

    /// `S256` of the verifier (RFC 7636 §4.2).
    pub(crate) fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }
}

impl Attempts {
    pub(crate) fn new(cookies: &ApplyCookies) -> Result<Self, OperationError> {
        Ok(Self {
            seal: cookies
                .classes()
                .value_codec(STATE, Protection::Encrypted)?,
            keys: cookies.purpose_keys(Purpose::Attempt, ""),
            cookies: AttemptCookies::new(cookies)?,
        })
    }

    /// Begins one at this moment, if all that it asks for fits into an address.
    pub(crate) fn begin(&self, mut attempt: Attempt, now: UnixMillis) -> Option<Begun> {
        // Never empty: there is a current secret.
        let key = &self.keys[0];
        let r = cookies::draw(key, now);
        attempt.id = cookies::id_of(&r);
        attempt.key = fingerprint(key);
        let seal = |attempt: &Attempt| {
            let stamp = Stamp::new(now, random::bytes());
            self.seal.encode_json(attempt, &stamp).unwrap_or_default()
        };
        let mut state = seal(&attempt);
        if state.len() > STATE_MAX {
            tracing::debug!("the place to return to is too long for a sign-in with a provider");
            attempt.to.clear();
            state = seal(&attempt);
        }
        (state.len() <= STATE_MAX).then(|| Begun {
            cookie: self.cookies.write(&r),
            state,
            proof: Proof::of(key, &r),
        })
    }

    /// Opens a state that this deployment has sealed.
    pub(crate) fn open(&self, state: &str, now: UnixMillis) -> Option<Attempt> {
        let mut buffer = Vec::new();
        let opened = self.seal.decode(state.as_bytes(), now, &mut buffer).ok()?;
        opened.json().ok()
    }

    /// The proof of an attempt, if the browser that sent these `Cookie` fields is the one that began it.
    pub(crate) fn prove<'h>(
        &self,
        attempt: &Attempt,
        fields: impl Iterator<Item = &'h [u8]> + Clone,
    ) -> Option<Proof> {
        let r = self.cookies.read(attempt.id, fields)?;
        let key = (self.keys.iter()).find(|key| fingerprint(key) == attempt.key)?;
        Some(Proof::of(key, &r))
    }

    /// The name of an attempt's cookie.
    pub(crate) fn cookie_of(&self, attempt: &Attempt) -> String {
        self.cookies.name_of(attempt.id)
    }

    /// The names of the attempts' cookies to delete before one more is set.
    pub(crate) fn in_excess<'h>(
        &self,
        fields: impl Iterator<Item = &'h [u8]> + Clone,
        now: UnixMillis,
    ) -> Vec<String> {
        self.cookies.in_excess(&self.keys, fields, now)
    }
}

/// Tells a deployment which of its keys this is, and strangers nothing.
fn fingerprint(key: &PurposeKey) -> u32 {
    let tag = key.tag(b"key");
    u32::from_be_bytes([tag[0], tag[1], tag[2], tag[3]])
}

#[cfg(test)]
mod tests;
