//! Bytes ↔ the value of a cookie with one name. Encode is next to decode.

use std::convert::Infallible;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::json;
use super::name::checked_name;
use super::opened::OpenedValue;
use super::percent;
use super::protection::Protection;
use super::stamp::{Stamp, decode_expiry, encode_expiry};
use super::unreadable::{Unreadable, UnreadableReason};
use crate::base64url;
use crate::bytes::{Malformed, Reader, put_text16};
use crate::cookie::{CookieHeader, OperationError};
use crate::crypto::{FernetKey, MacKey, TAG};
use crate::keys::{KeyId, KeyRing};
use crate::limits::NAME_VALUE_MAX;
use crate::time::UnixMillis;

/// Writes and reads the value of the cookie with one name, under one protection and with the keys
/// of one ring. Its keys are derived when it is made, so keep it.
///
/// This is the low-level form, for names that are known at run time and for values that are
/// opaque bytes; [`ClassCodec`](crate::ClassCodec) is the one for Rust types.
///
/// ```
/// use apply_cookies_protocol::{KeyRing, Protection, Secret, Stamp, UnixMillis, ValueCodec};
///
/// # fn random<const N: usize>() -> [u8; N] { [4; N] } // your generator
/// let ring = KeyRing::new(&Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?, &[])?;
/// let codec = ValueCodec::new(&ring, "session", Protection::Encrypted)?;
/// let now = UnixMillis::from_secs(1_700_000_000).unwrap();
/// let stamp = Stamp::new(now, random()).expires_at(now.plus(3_600_000));
///
/// let value = codec.encode(b"8f14e45f", &stamp);
///
/// let mut buffer = Vec::new();
/// assert_eq!(codec.decode(value.as_bytes(), now, &mut buffer)?.bytes(), b"8f14e45f");
///
/// // Not under another name, and not after its time.
/// let other = ValueCodec::new(&ring, "other", Protection::Encrypted)?;
/// assert!(other.decode(value.as_bytes(), now, &mut buffer).is_err());
/// assert!(codec.decode(value.as_bytes(), now.plus(3_600_000), &mut buffer).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ValueCodec {
    name: String,
    /// `None` for plain values.
    keys: Option<Keys>,
}

enum Keys {
    /// Each state has already taken in the name, which comes first in everything that is
    /// authenticated.
    Signed(Vec<(KeyId, MacKey)>),
    Encrypted(Vec<(KeyId, FernetKey)>),
}

impl ValueCodec {
    /// The codec for this name.
    ///
    /// # Errors
    ///
    /// When browsers would not accept the name.
    pub fn new(
        ring: &KeyRing,
        name: impl Into<String>,
        protection: Protection,
    ) -> Result<Self, OperationError> {
        let name = checked_name(name.into())?;
        let keys = match protection {
            Protection::Plain => None,
            Protection::Signed => Some(Keys::Signed(
                ring.all()
                    .map(|keys| {
                        let mut named = Vec::new();
                        put_text16(&mut named, &name);
                        (keys.id, keys.cookie_signing(&name).behind(&named))
                    })
                    .collect(),
            )),
            Protection::Encrypted => Some(Keys::Encrypted(
                ring.all()
                    .map(|keys| (keys.id, keys.cookie_encryption(&name)))
                    .collect(),
            )),
        };
        Ok(Self { name, keys })
    }

    /// The codec for plain values of this name, which needs no key.
    ///
    /// # Errors
    ///
    /// When browsers would not accept the name.
    pub fn plain(name: impl Into<String>) -> Result<Self, OperationError> {
        Ok(Self {
            name: checked_name(name.into())?,
            keys: None,
        })
    }

    /// The cookie's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How values are protected.
    #[must_use]
    pub const fn protection(&self) -> Protection {
        match self.keys {
            None => Protection::Plain,
            Some(Keys::Signed(_)) => Protection::Signed,
            Some(Keys::Encrypted(_)) => Protection::Encrypted,
        }
    }

    /// The cookie's text for `value`: cookie-octets, and perhaps more of them than browsers keep,
    /// which an [`Operation`](crate::Operation) checks.
    #[must_use]
    pub fn encode(&self, value: &[u8], stamp: &Stamp) -> String {
        let Some(keys) = &self.keys else {
            return percent::encode(value);
        };
        let sealed = self.seal(keys, stamp, |out| {
            out.extend_from_slice(value);
            Ok::<_, Infallible>(())
        });
        match sealed {
            Ok(text) => text,
            Err(never) => match never {},
        }
    }

    /// The cookie's text for `value` as JSON.
    ///
    /// # Errors
    ///
    /// When it could not be read back: it is not a JSON object with text for keys, is nested too
    /// deeply, or contains something that JSON cannot express, such as `NaN`
    /// (except where the type reads `null`, which JSON has in its place).
    pub fn encode_json<T>(&self, value: &T, stamp: &Stamp) -> Result<String, Unreadable>
    where
        T: Serialize + DeserializeOwned,
    {
        match &self.keys {
            None => json::write_plain(value),
            Some(keys) => self.seal(keys, stamp, |out| json::write(value, out)),
        }
    }

    fn seal<E>(
        &self,
        keys: &Keys,
        stamp: &Stamp,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<String, E> {
        let expires_at = encode_expiry(stamp.end());
        let mut sealed = Vec::with_capacity(256);
        match keys {
            Keys::Signed(keys) => {
                // Never empty: a ring has a current key, and it is the first.
                let (id, mac) = &keys[0];
                sealed.extend_from_slice(&id.0);
                sealed.extend_from_slice(&expires_at);
                write(&mut sealed)?;
                let signed = &sealed[id.0.len()..];
                let tag = mac.tag(signed);
                sealed.extend_from_slice(&tag);
            }
            Keys::Encrypted(keys) => {
                let (id, key) = &keys[0];
                sealed.extend_from_slice(&id.0);
                let mut written = Ok(());
                let seconds = stamp.now().get() / 1000;
                key.seal_into(&mut sealed, seconds, &stamp.iv(), |out| {
                    out.extend_from_slice(&expires_at);
                    put_text16(out, &self.name);
                    written = write(out);
                });
                written?;
            }
        }
        let prefix = self.protection().prefix();
        Ok(base64url::encode_behind(prefix, sealed))
    }

    /// Opens the cookie's text. It is decoded, and decrypted, into `buffer`.
    ///
    /// # Errors
    ///
    /// Says why the cookie must be treated as absent; for logs and for tools, not for the
    /// browser. The MAC is checked before anything it covers is looked at.
    pub fn decode<'b>(
        &self,
        text: &[u8],
        now: UnixMillis,
        buffer: &'b mut Vec<u8>,
    ) -> Result<OpenedValue<'b>, Unreadable> {
        if self.name.len() + text.len() > NAME_VALUE_MAX {
            return Err(UnreadableReason::TooLong.into());
        }
        let (index, plain) = match &self.keys {
            None => {
                percent::decode_into(text, buffer).ok_or(UnreadableReason::Malformed)?;
                return Ok(OpenedValue {
                    bytes: buffer,
                    expires_at: None,
                    under_previous_key: false,
                });
            }
            Some(Keys::Signed(keys)) => {
                let (id, sealed) = unwrap(text, Protection::Signed, buffer)?;
                let (index, mac) = find(keys, id)?;
                (index, open_signed(mac, sealed)?)
            }
            Some(Keys::Encrypted(keys)) => {
                let (id, sealed) = unwrap(text, Protection::Encrypted, buffer)?;
                let (index, key) = find(keys, id)?;
                let plain = key.open(sealed).map_err(|_| UnreadableReason::Forged)?;
                (index, plain)
            }
        };
        let (expires_at, bytes) = self
            .decode_body(plain)
            .map_err(|Malformed| UnreadableReason::Malformed)?;
        if expires_at.is_some_and(|end| now >= end) {
            return Err(UnreadableReason::Expired.into());
        }
        Ok(OpenedValue {
            bytes,
            expires_at,
            under_previous_key: index > 0,
        })
    }

    /// Opens the cookie of this name in a request.
    ///
    /// # Errors
    ///
    /// The same as for [`decode`](Self::decode), and when the request has no cookie or several of
    /// the name.
    pub fn decode_from<'h, 'b, I>(
        &self,
        header: &CookieHeader<I>,
        now: UnixMillis,
        buffer: &'b mut Vec<u8>,
    ) -> Result<OpenedValue<'b>, Unreadable>
    where
        I: Iterator<Item = &'h [u8]> + Clone,
    {
        self.decode(header.value(&self.name)?, now, buffer)
    }

    /// The authenticated part of a value, without the name of a signed one, which is not
    /// transported.
    fn decode_body<'b>(
        &self,
        plain: &'b [u8],
    ) -> Result<(Option<UnixMillis>, &'b [u8]), Malformed> {
        let mut reader = Reader::new(plain);
        let expires_at = decode_expiry(reader.array()?)?;
        // The key already belongs to the name; this catches an implementation that derives it
        // wrongly.
        if matches!(self.keys, Some(Keys::Encrypted(_)))
            && reader.bytes16()? != self.name.as_bytes()
        {
            return Err(Malformed);
        }
        Ok((expires_at, reader.rest()))
    }
}

/// The key id and the sealed bytes of a text, decoded into `buffer`.
fn unwrap<'b>(
    text: &[u8],
    protection: Protection,
    buffer: &'b mut Vec<u8>,
) -> Result<(KeyId, &'b mut [u8]), UnreadableReason> {
    let body = text
        .strip_prefix(protection.prefix().as_bytes())
        .ok_or(UnreadableReason::Malformed)?;
    base64url::decode_into(body, buffer).ok_or(UnreadableReason::Malformed)?;
    let (id, sealed) = buffer
        .split_first_chunk_mut()
        .filter(|(_, sealed)| sealed.len() >= TAG)
        .ok_or(UnreadableReason::Malformed)?;
    Ok((KeyId(*id), sealed))
}

/// The key with this id, and its place in the ring.
fn find<K>(keys: &[(KeyId, K)], id: KeyId) -> Result<(usize, &K), UnreadableReason> {
    keys.iter()
        .enumerate()
        .find(|(_, (known, _))| *known == id)
        .map(|(index, (_, key))| (index, key))
        .ok_or(UnreadableReason::UnknownKey)
}

fn open_signed<'b>(mac: &MacKey, sealed: &'b [u8]) -> Result<&'b [u8], UnreadableReason> {
    let (signed, tag) = sealed
        .split_last_chunk::<TAG>()
        .ok_or(UnreadableReason::Malformed)?;
    mac.verify(signed, tag)
        .map_err(|_| UnreadableReason::Forged)?;
    Ok(signed)
}

impl fmt::Debug for ValueCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ValueCodec({}, {})",
            self.name,
            self.protection().as_str()
        )
    }
}
