//! A session as the cookie has it: JSON, encrypted. Encode is beside decode.

use apply_cookies::UnixMillis;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Session;
use crate::credential::Credential;
use crate::identity::Identity;

/// The fields of the cookie. Their names are short, because every request carries them; they
/// persist in browsers, so none may change its meaning.
#[derive(Serialize, Deserialize)]
pub(super) struct SignedIn {
    sid: Bytes,
    since: u64,
    end: u64,
    /// When this copy was written.
    at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Bytes>,
    bind: Bytes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cred: Option<Bytes>,
    p: String,
    sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    psid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ev: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    /// The roles are those of the account, and not here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    acc: bool,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    claims: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
}

impl From<&Session> for SignedIn {
    fn from(session: &Session) -> Self {
        let who = &session.who;
        Self {
            sid: Bytes(session.id),
            since: session.since.get(),
            end: session.end.get(),
            at: session.written.get(),
            scope: session.scope.map(Bytes),
            bind: Bytes(session.binding),
            cred: session.credential.map(|cred| Bytes(*cred.as_bytes())),
            p: who.provider().to_owned(),
            sub: who.subject().to_owned(),
            psid: session.at_provider.clone(),
            email: who.email().map(str::to_owned),
            ev: who.email_verified(),
            name: who.given_name().map(str::to_owned),
            roles: if who.follows_account() {
                Vec::new()
            } else {
                who.roles().to_vec()
            },
            acc: who.follows_account(),
            claims: who.claims().clone(),
            auth_time: who.auth_time().map(UnixMillis::get),
        }
    }
}

impl SignedIn {
    /// `None` for what this version does not write: another version of the program did.
    pub(super) fn read(self) -> Option<Session> {
        let mut who = Identity::new(self.p, self.sub).ok()?;
        who = if self.acc {
            who.with_roles_of_account(Vec::new())
        } else {
            who.with_roles(self.roles)
        };
        if let Some(address) = self.email {
            who = who.with_email(address, self.ev);
        }
        if let Some(name) = self.name {
            who = who.with_name(name);
        }
        if let Some(at) = self.auth_time {
            who = who.with_auth_time(UnixMillis::new(at)?);
        }
        for (name, value) in self.claims {
            who = who.with_claim(name, value);
        }
        Some(Session {
            id: self.sid.0,
            since: UnixMillis::new(self.since)?,
            end: UnixMillis::new(self.end)?,
            written: UnixMillis::new(self.at)?,
            scope: self.scope.map(|scope| scope.0),
            binding: self.bind.0,
            credential: self.cred.map(|cred| Credential::from_bytes(cred.0)),
            at_provider: self.psid,
            who,
        })
    }
}

/// Sixteen bytes, as 22 characters of base64url.
struct Bytes([u8; 16]);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("not sixteen bytes"))
    }
}
