//! The cookies of attempts: one each, of 32 bytes. The first 26 are random; the last six are the moment at
//! which the attempt began, under a mask that only this deployment can remove. So when there are too many,
//! the oldest go, and no young one of another tab.

use std::time::Duration;

use apply_cookies::protocol::{CookieHeader, Lookup, Protection, PurposeKey};
use apply_cookies::{ApplyCookies, OperationError, SameSite, SetCookie, UnixMillis};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::sealed::ATTEMPT_MS;
use crate::random;
use crate::session::Bytes;

/// The start of the cookies' names. Over plain http they have no `__Host-`.
const NAME: &str = "__Host-sign-in-";

/// The most attempts that one browser may have at a time.
const MOST: usize = 20;

/// How far the clocks of two processes may differ, in milliseconds.
const SKEW_MS: u64 = 5_000;

/// Writes and reads these cookies.
pub(crate) struct AttemptCookies {
    /// The start of their names, as the browser knows them.
    prefix: String,
}

/// New bytes for an attempt that begins at this moment.
pub(super) fn draw(key: &PurposeKey, now: UnixMillis) -> [u8; 32] {
    let mut r: [u8; 32] = random::bytes();
    let moment = now.get().to_be_bytes();
    let mask = mask(key, &r);
    for (at, byte) in r[26..].iter_mut().enumerate() {
        *byte = moment[at + 2] ^ mask[at];
    }
    r
}

/// When they were drawn, if under this key. Under another key it is a random moment within 9,000 years.
fn drawn(key: &PurposeKey, r: &[u8; 32]) -> u64 {
    let mask = mask(key, r);
    let masked = r[26..].iter().zip(mask);
    masked.fold(0, |moment, (byte, mask)| {
        moment << 8 | u64::from(byte ^ mask)
    })
}

fn mask(key: &PurposeKey, r: &[u8; 32]) -> [u8; 32] {
    key.tag(&[&b"time"[..], &r[..26]].concat())
}

pub(super) fn id_of(r: &[u8; 32]) -> Bytes {
    let mut half = [0; 16];
    half.copy_from_slice(&Sha256::digest(r)[..16]);
    Bytes(half)
}

fn decode(text: &[u8]) -> Option<[u8; 32]> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

impl AttemptCookies {
    pub(super) fn new(cookies: &ApplyCookies) -> Result<Self, OperationError> {
        let named = cookies.classes().value_codec(NAME, Protection::Plain)?;
        Ok(Self {
            prefix: named.name().to_owned(),
        })
    }

    /// Eight characters of the id: enough to tell twenty apart.
    pub(super) fn name_of(&self, id: Bytes) -> String {
        format!(
            "{}{}",
            self.prefix,
            BASE64_URL_SAFE_NO_PAD.encode(&id.0[..6])
        )
    }

    pub(super) fn write(&self, r: &[u8; 32]) -> SetCookie<'static> {
        SetCookie::new(self.name_of(id_of(r)), BASE64_URL_SAFE_NO_PAD.encode(r))
            .max_age(Duration::from_millis(ATTEMPT_MS))
            // Strict ones never reach a callback: the provider's page sends the browser there.
            .same_site(SameSite::Lax)
    }

    /// The random bytes of the attempt with this id.
    pub(super) fn read<'h>(
        &self,
        id: Bytes,
        fields: impl Iterator<Item = &'h [u8]> + Clone,
    ) -> Option<[u8; 32]> {
        match CookieHeader::new(fields).find(&self.name_of(id)) {
            Lookup::One(text) => decode(text).filter(|r| id_of(r) == id),
            Lookup::Absent | Lookup::Duplicate => None,
        }
    }

    /// The names of the cookies to delete, so that there is room for one more: first those that are not
    /// known to be young, then the oldest.
    pub(super) fn in_excess<'h>(
        &self,
        keys: &[PurposeKey],
        fields: impl Iterator<Item = &'h [u8]>,
        now: UnixMillis,
    ) -> Vec<String> {
        let latest = now.get() + SKEW_MS;
        let life = latest.saturating_sub(ATTEMPT_MS + 2 * SKEW_MS)..=latest;
        let mut all: Vec<(u64, &str)> = fields
            .flat_map(|field| field.split(|byte| *byte == b';'))
            .filter_map(|pair| {
                std::str::from_utf8(pair)
                    .ok()?
                    .trim_matches([' ', '\t'])
                    .split_once('=')
            })
            .filter(|(name, _)| {
                let rest = name.strip_prefix(&*self.prefix);
                rest.is_some_and(|rest| rest.len() == 8)
            })
            .map(|(name, text)| {
                let r = decode(text.as_bytes());
                let mut moments = keys.iter().filter_map(|key| Some(drawn(key, &r?)));
                (
                    moments.find(|moment| life.contains(moment)).unwrap_or(0),
                    name,
                )
            })
            .collect();
        let excess = (all.len() + 1).saturating_sub(MOST);
        all.sort_unstable();
        let names = all.into_iter().take(excess);
        names.map(|(_, name)| name.to_owned()).collect()
    }
}
