//! The payload under the seal: a compact binary layout (SPEC §5). Each encoder is next to its
//! decoder; every value has exactly one encoding, and the decoder borrows from its input.

use crate::batch::Batch;
use crate::binding::Binding;
use crate::bytes::{Malformed, Reader, put_text8, put_text16};
use crate::cookie::{Parts, SameSiteCode};
use crate::keys::KeyId;
use crate::limits::{LIFETIME_DEFAULT_MS, LIFETIME_MAX_MS, OPERATIONS_MAX};
use crate::time::UnixMillis;

use super::action::{AfterApply, SameOriginPath};
use super::ids::{Nonce, StoreScope};
use super::seal::Seal;

/// How long a token lives: from one millisecond to one day, one minute by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lifetime(u64);

impl Lifetime {
    /// A lifetime in milliseconds. `None` for zero and for more than a day.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Option<Self> {
        if millis >= 1 && millis <= LIFETIME_MAX_MS {
            Some(Self(millis))
        } else {
            None
        }
    }

    /// The number of milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self(LIFETIME_DEFAULT_MS)
    }
}

/// Everything in a token besides its operations.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenHeader<'a> {
    /// The identity of the token.
    pub nonce: Nonce,
    /// When it was issued.
    pub issued_at: UnixMillis,
    /// When it ends: from this millisecond on it is expired.
    pub expires_at: UnixMillis,
    /// The store that it was issued for, if issuer and store share a process.
    pub scope: Option<StoreScope>,
    /// The browser that it belongs to.
    pub binding: Option<Binding>,
    /// Whether older tokens of the same browser are refused once it is redeemed.
    pub barrier: bool,
    /// The page's action afterwards.
    pub then: Option<AfterApply<'a>>,
}

impl TokenHeader<'_> {
    /// A header with only an identity and times.
    #[must_use]
    pub const fn new(nonce: Nonce, issued_at: UnixMillis, lifetime: Lifetime) -> Self {
        Self {
            nonce,
            issued_at,
            expires_at: issued_at.plus(lifetime.0),
            scope: None,
            binding: None,
            barrier: false,
            then: None,
        }
    }
}

/// Bits of the header's flags byte (SPEC §5.1).
mod header_flag {
    pub(super) const BARRIER: u8 = 1;
    pub(super) const SCOPE: u8 = 1 << 1;
    pub(super) const BINDING: u8 = 1 << 2;
    pub(super) const THEN: u8 = 1 << 3;
    pub(super) const ALL: u8 = BARRIER | SCOPE | BINDING | THEN;
}

/// Kinds of the after-apply action (SPEC §5.2).
mod action_kind {
    pub(super) const RECONNECT: u8 = 1;
    pub(super) const RELOAD: u8 = 2;
    pub(super) const GO_TO: u8 = 3;
}

/// Bits of an operation's flags byte (SPEC §5.3).
mod operation_flag {
    pub(super) const DELETE: u8 = 1;
    pub(super) const SECURE: u8 = 1 << 1;
    pub(super) const HTTP_ONLY: u8 = 1 << 2;
    pub(super) const SAME_SITE_SHIFT: u8 = 3;
    pub(super) const SAME_SITE: u8 = 0b11 << SAME_SITE_SHIFT;
    pub(super) const PARTITIONED: u8 = 1 << 5;
    pub(super) const MAX_AGE: u8 = 1 << 6;
    pub(super) const OF_DELETE: u8 = DELETE | SECURE | PARTITIONED;
    pub(super) const OF_SET: u8 = SECURE | HTTP_ONLY | SAME_SITE | PARTITIONED | MAX_AGE;
}

const fn flag(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

/// A decoded payload: the header and the operations, whose layout is valid but which are not yet
/// checked against the rules of browsers. All texts borrow from the payload's bytes.
pub(super) struct Payload<'a> {
    pub(super) header: TokenHeader<'a>,
    pub(super) operations: Vec<Parts<'a>>,
}

pub(super) fn encode_payload(
    out: &mut Vec<u8>,
    seal: Seal,
    key_id: KeyId,
    header: &TokenHeader<'_>,
    batch: &Batch<'_>,
) {
    encode_header(out, seal, key_id, header);
    let operations = batch.operations();
    out.push(u8::try_from(operations.len()).expect("a batch is bounded"));
    for operation in operations {
        encode_operation(out, &Parts::from_operation(operation));
    }
}

fn encode_header(out: &mut Vec<u8>, seal: Seal, key_id: KeyId, header: &TokenHeader<'_>) {
    // Seal and key id again, inside what is authenticated: outside they are only a hint where to
    // look (SPEC §5.1).
    let [a, b, c, d] = key_id.0;
    let flags = flag(header.barrier, header_flag::BARRIER)
        | flag(header.scope.is_some(), header_flag::SCOPE)
        | flag(header.binding.is_some(), header_flag::BINDING)
        | flag(header.then.is_some(), header_flag::THEN);
    out.extend_from_slice(&[seal.code(), a, b, c, d, flags]);
    out.extend_from_slice(&header.nonce.to_bytes());
    out.extend_from_slice(&header.issued_at.get().to_be_bytes());
    out.extend_from_slice(&header.expires_at.get().to_be_bytes());
    if let Some(scope) = header.scope {
        out.extend_from_slice(&scope.to_bytes());
    }
    if let Some(binding) = header.binding {
        out.extend_from_slice(&binding.0);
    }
    if let Some(then) = &header.then {
        encode_action(out, then);
    }
}

/// Encodes a decoded payload again, so that the fuzzers can check that its encoding is the only
/// one.
#[cfg(fuzzing)]
pub(super) fn encode_again(seal: Seal, key_id: KeyId, payload: &Payload<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode_header(&mut out, seal, key_id, &payload.header);
    out.push(u8::try_from(payload.operations.len()).expect("decoded from a byte"));
    for parts in &payload.operations {
        encode_operation(&mut out, parts);
    }
    out
}

pub(super) fn decode_payload(
    bytes: &[u8],
    seal: Seal,
    key_id: KeyId,
) -> Result<Payload<'_>, Malformed> {
    let mut reader = Reader::new(bytes);
    if reader.u8()? != seal.code() || reader.array()? != key_id.0 {
        return Err(Malformed);
    }
    let flags = reader.u8()?;
    if flags & !header_flag::ALL != 0 {
        return Err(Malformed);
    }
    let has = |flag| flags & flag != 0;
    let nonce = Nonce::from_random(reader.array()?);
    let issued_at = UnixMillis::new(reader.u64()?).ok_or(Malformed)?;
    let expires_at = UnixMillis::new(reader.u64()?).ok_or(Malformed)?;
    // A store remembers for a token's lifetime, so the lifetime must be within its limit.
    if expires_at <= issued_at || expires_at.get() - issued_at.get() > LIFETIME_MAX_MS {
        return Err(Malformed);
    }
    let scope = if has(header_flag::SCOPE) {
        Some(StoreScope::from_random(reader.array()?))
    } else {
        None
    };
    let binding = if has(header_flag::BINDING) {
        Some(Binding(reader.array()?))
    } else {
        None
    };
    let then = if has(header_flag::THEN) {
        Some(decode_action(&mut reader)?)
    } else {
        None
    };
    let count = usize::from(reader.u8()?);
    if count == 0 || count > OPERATIONS_MAX {
        return Err(Malformed);
    }
    let mut operations = Vec::with_capacity(count);
    for _ in 0..count {
        operations.push(decode_operation(&mut reader)?);
    }
    reader.finish()?;
    Ok(Payload {
        header: TokenHeader {
            nonce,
            issued_at,
            expires_at,
            scope,
            binding,
            barrier: has(header_flag::BARRIER),
            then,
        },
        operations,
    })
}

fn encode_action(out: &mut Vec<u8>, action: &AfterApply<'_>) {
    match action {
        AfterApply::Reconnect => out.push(action_kind::RECONNECT),
        AfterApply::Reload => out.push(action_kind::RELOAD),
        AfterApply::GoTo(path) => {
            out.push(action_kind::GO_TO);
            put_text16(out, path.as_str());
        }
    }
}

fn decode_action<'a>(reader: &mut Reader<'a>) -> Result<AfterApply<'a>, Malformed> {
    match reader.u8()? {
        action_kind::RECONNECT => Ok(AfterApply::Reconnect),
        action_kind::RELOAD => Ok(AfterApply::Reload),
        action_kind::GO_TO => SameOriginPath::parse(reader.text16()?)
            .map(AfterApply::GoTo)
            .ok_or(Malformed),
        _ => Err(Malformed),
    }
}

fn encode_operation(out: &mut Vec<u8>, parts: &Parts<'_>) {
    out.push(
        flag(parts.delete, operation_flag::DELETE)
            | flag(parts.secure, operation_flag::SECURE)
            | flag(parts.http_only && !parts.delete, operation_flag::HTTP_ONLY)
            | (SameSiteCode::encode(parts.same_site) << operation_flag::SAME_SITE_SHIFT)
            | flag(parts.partitioned, operation_flag::PARTITIONED)
            | flag(parts.max_age.is_some(), operation_flag::MAX_AGE),
    );
    put_text16(out, parts.name);
    if !parts.delete {
        put_text16(out, parts.value);
    }
    // An absent path or domain is an empty text: neither attribute can be empty when present.
    put_text16(out, parts.path.unwrap_or(""));
    put_text8(out, parts.domain.unwrap_or(""));
    if let Some(seconds) = parts.max_age {
        out.extend_from_slice(&seconds.to_be_bytes());
    }
}

#[expect(
    clippy::inline_always,
    reason = "builds each operation where it is kept, measured; copying it there stalls"
)]
#[inline(always)]
fn decode_operation<'a>(reader: &mut Reader<'a>) -> Result<Parts<'a>, Malformed> {
    let flags = reader.u8()?;
    let has = |flag| flags & flag != 0;
    let delete = has(operation_flag::DELETE);
    let known = if delete {
        operation_flag::OF_DELETE
    } else {
        operation_flag::OF_SET
    };
    if flags & !known != 0 {
        return Err(Malformed);
    }
    let name = reader.text16()?;
    let value = if delete { "" } else { reader.text16()? };
    let path = Some(reader.text16()?).filter(|path| !path.is_empty());
    let domain = Some(reader.text8()?).filter(|domain| !domain.is_empty());
    let max_age = if has(operation_flag::MAX_AGE) {
        Some(reader.u32()?)
    } else {
        None
    };
    Ok(Parts {
        delete,
        name,
        value,
        path,
        domain,
        max_age,
        secure: has(operation_flag::SECURE),
        http_only: delete || has(operation_flag::HTTP_ONLY),
        same_site: SameSiteCode::decode(flags >> operation_flag::SAME_SITE_SHIFT),
        partitioned: has(operation_flag::PARTITIONED),
    })
}
