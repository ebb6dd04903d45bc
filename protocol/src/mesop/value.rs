//! Text ↔ the value of a cookie with one name. Encode is next to decode.
//!
//! | protection | value |
//! |---|---|
//! | plain | the text, quoted as Werkzeug does |
//! | signed | an itsdangerous text over the text as a JSON string; the salt contains the name |
//! | encrypted | Fernet, as URL-safe base64 with padding |

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::itsdangerous::Unsigned;
use super::member;
use super::python_json;
use super::werkzeug::quote;
use crate::base64url;
use crate::cookie::{CookieHeader, OperationError};
use crate::crypto::{FernetKey, MacSha1};
use crate::keys::MesopKeys;
use crate::limits::NAME_VALUE_MAX;
use crate::time::UnixMillis;
use crate::value::{Protection, Stamp, Unreadable, UnreadableReason, checked_name, read_json};

/// Writes and reads the value of the cookie with one name in the profile `mesop`.
///
/// ```
/// use apply_cookies_protocol::mesop::{MesopKeys, MesopValueCodec};
/// use apply_cookies_protocol::{Protection, Secret, Stamp, UnixMillis};
///
/// let keys = MesopKeys::new(&Secret::from_mesop("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?);
/// let codec = MesopValueCodec::new(&keys, "theme", Protection::Signed)?;
/// let now = UnixMillis::from_secs(1_760_000_000).unwrap();
///
/// let value = codec.encode("dark, please", &Stamp::new(now, [4; 16]))?;
/// assert_eq!(codec.decode(value.as_bytes(), now)?.text(), "dark, please");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MesopValueCodec {
    name: String,
    keys: Keys,
}

enum Keys {
    Plain,
    Signed(MacSha1),
    Encrypted(Box<FernetKey>),
}

impl MesopValueCodec {
    /// The codec of this name.
    ///
    /// # Errors
    ///
    /// When browsers would not take the name.
    pub fn new(
        keys: &MesopKeys,
        name: impl Into<String>,
        protection: Protection,
    ) -> Result<Self, OperationError> {
        let name = checked_name(name.into())?;
        let keys = match protection {
            Protection::Plain => Keys::Plain,
            Protection::Signed => Keys::Signed(keys.cookie_signing(&name)),
            Protection::Encrypted => Keys::Encrypted(Box::new(keys.cookie_encryption())),
        };
        Ok(Self { name, keys })
    }

    /// The codec for plain values of this name, which needs no key.
    ///
    /// # Errors
    ///
    /// When browsers would not take the name.
    pub fn plain(name: impl Into<String>) -> Result<Self, OperationError> {
        Ok(Self {
            name: checked_name(name.into())?,
            keys: Keys::Plain,
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
            Keys::Plain => Protection::Plain,
            Keys::Signed(_) => Protection::Signed,
            Keys::Encrypted(_) => Protection::Encrypted,
        }
    }

    /// The cookie's value for a text, as it is. It carries neither name nor end beyond what Mesop
    /// authenticates: see [`encode_json_text`](Self::encode_json_text).
    ///
    /// # Errors
    ///
    /// When a plain text holds a control character that no header can carry, or the cookie is
    /// larger than browsers keep.
    pub fn encode(&self, text: &str, stamp: &Stamp) -> Result<String, Unreadable> {
        let mut value = String::new();
        match &self.keys {
            Keys::Plain => {
                quote::push(text, &mut value).map_err(|_| UnreadableReason::Malformed)?;
            }
            Keys::Signed(signer) => {
                let json = serde_json::Value::from(text).to_string();
                value = signer.sign(json.as_bytes());
            }
            Keys::Encrypted(key) => {
                let mut sealed = Vec::with_capacity(text.len() + 96);
                let seconds = stamp.now().get() / 1000;
                key.seal_into(&mut sealed, seconds, &stamp.iv(), |out| {
                    out.extend_from_slice(text.as_bytes());
                });
                value = base64url::encode(&sealed);
                value.extend(std::iter::repeat_n('=', padding(value.len())));
            }
        }
        if self.name.len() + value.len() > NAME_VALUE_MAX {
            return Err(UnreadableReason::TooLong.into());
        }
        Ok(value)
    }

    /// The cookie's value for JSON, laid out as Python does. An encrypted object carries the
    /// cookie's name and the stamp's end in a member that Mesop ignores.
    ///
    /// The text must be JSON: see [`check_json`](crate::check_json).
    ///
    /// # Errors
    ///
    /// When the cookie is larger than browsers keep.
    pub fn encode_json_text(&self, json: &str, stamp: &Stamp) -> Result<String, Unreadable> {
        self.encode_laid_out(python_json::relayout(json), stamp)
    }

    /// Like [`encode_json_text`](Self::encode_json_text), for a value of a type.
    ///
    /// # Errors
    ///
    /// When it could not be read back: it is not a JSON object with text for keys, is nested too
    /// deeply, or contains something that JSON cannot express, such as `NaN`. And when the cookie
    /// is larger than browsers keep.
    pub fn encode_json<T>(&self, value: &T, stamp: &Stamp) -> Result<String, Unreadable>
    where
        T: Serialize + DeserializeOwned,
    {
        let text = python_json::write_text(value).map_err(|_| UnreadableReason::WrongType)?;
        read_json::<T>(text.as_bytes())?;
        self.encode_laid_out(text, stamp)
    }

    fn encode_laid_out(&self, json: String, stamp: &Stamp) -> Result<String, Unreadable> {
        let json = match self.keys {
            Keys::Plain | Keys::Signed(_) => json,
            Keys::Encrypted(_) => {
                let json = member::insert(&json, &self.name, stamp.end());
                // A class that has a member of that name itself could not be read back.
                member::take(&json).map_err(|_| UnreadableReason::DuplicateKey)?;
                json
            }
        };
        self.encode(&json, stamp)
    }

    /// Opens the cookie's value as it is in the `Cookie` field.
    ///
    /// # Errors
    ///
    /// Says why the cookie must be treated as absent; for logs and for tools, not for the
    /// browser. The MAC is checked before anything it covers is looked at.
    pub fn decode(&self, text: &[u8], now: UnixMillis) -> Result<OpenedText, Unreadable> {
        if self.name.len() + text.len() > NAME_VALUE_MAX {
            return Err(UnreadableReason::TooLong.into());
        }
        let text = quote::read(text).ok_or(UnreadableReason::Malformed)?;
        let without_end = |text| Ok(OpenedText { text, end: None });
        match &self.keys {
            Keys::Plain => without_end(text),
            Keys::Signed(signer) => {
                let mut json = Vec::new();
                signer
                    .open(text.as_bytes(), &mut json)
                    .map_err(unreadable)?;
                // The class is JSON within a JSON string.
                let inner = serde_json::from_slice(&json);
                without_end(inner.map_err(|_| UnreadableReason::Malformed)?)
            }
            Keys::Encrypted(key) => {
                let mut sealed = decode_padded(&text).ok_or(UnreadableReason::Malformed)?;
                let plain = key
                    .open(&mut sealed)
                    .map_err(|_| UnreadableReason::Forged)?;
                let plain = std::str::from_utf8(plain).map_err(|_| UnreadableReason::Malformed)?;
                let (member, text) =
                    member::take(plain).map_err(|_| UnreadableReason::Malformed)?;
                let Some(member) = member else {
                    return without_end(text);
                };
                if member.name != self.name {
                    return Err(UnreadableReason::Forged.into());
                }
                if member.end.is_some_and(|end| now >= end) {
                    return Err(UnreadableReason::Expired.into());
                }
                Ok(OpenedText {
                    text,
                    end: member.end,
                })
            }
        }
    }

    /// Opens the cookie of this name in a request. The pair is found as everywhere in this crate,
    /// by the exact bytes of its name, and its value is read as Werkzeug reads it.
    ///
    /// # Errors
    ///
    /// The same as for [`decode`](Self::decode), and when the request has no cookie or several of
    /// the name.
    pub fn decode_from<'h, I>(
        &self,
        header: &CookieHeader<I>,
        now: UnixMillis,
    ) -> Result<OpenedText, Unreadable>
    where
        I: Iterator<Item = &'h [u8]> + Clone,
    {
        self.decode(header.value(&self.name)?, now)
    }
}

fn unreadable(why: Unsigned) -> UnreadableReason {
    match why {
        Unsigned::Form | Unsigned::Payload => UnreadableReason::Malformed,
        Unsigned::Mac => UnreadableReason::Forged,
    }
}

/// The number of `=` after this many characters of base64.
const fn padding(length: usize) -> usize {
    (4 - length % 4) % 4
}

/// The bytes of canonical base64 with exactly the padding that it needs. Python also accepts the
/// standard alphabet and line ends.
fn decode_padded(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=');
    if text.len() - bare.len() != padding(bare.len()) {
        return None;
    }
    let mut bytes = Vec::new();
    base64url::decode_into(bare.as_bytes(), &mut bytes)?;
    Some(bytes)
}

impl fmt::Debug for MesopValueCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protection = self.protection().as_str();
        write!(f, "MesopValueCodec({}, {protection})", self.name)
    }
}

/// A value that may be trusted as far as its protection goes. `Debug` does not show it.
pub struct OpenedText {
    text: String,
    end: Option<UnixMillis>,
}

impl OpenedText {
    /// The value.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value as JSON of a type.
    ///
    /// # Errors
    ///
    /// When it is not JSON, or not JSON that the type can hold.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        read_json(self.text.as_bytes())
    }

    /// When the value ends; `None` when it does not say. Those that Mesop wrote never do.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixMillis> {
        self.end
    }
}

impl fmt::Debug for OpenedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedText({} bytes)", self.text.len())
    }
}
