//! The payload under the seal: a compact binary layout (SPEC §5). Each encoder is next to its
//! decoder; every value has exactly one encoding, and the decoder borrows from its input.

use crate::batch::Batch;
use crate::binding::Binding;
use crate::bytes::{Malformed, Reader, put_varint};
use crate::cookie::{Parts, SameSiteCode};
use crate::limits::{LIFETIME_MAX_MS, OPERATIONS_MAX};
use crate::time::UnixMillis;

use super::action::{AfterApply, SameOriginPath};
use super::header::TokenHeader;
use super::ids::{Nonce, StoreScope};

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

/// Bits of an operation's flags (SPEC §5.3). Rare ones are behind the seventh, so that nearly every
/// cookie's flags take one byte.
mod operation_flag {
    pub(super) const DELETE: u32 = 1;
    pub(super) const SECURE: u32 = 1 << 1;
    pub(super) const HTTP_ONLY: u32 = 1 << 2;
    pub(super) const SAME_SITE_SHIFT: u32 = 3;
    pub(super) const SAME_SITE: u32 = 0b11 << SAME_SITE_SHIFT;
    pub(super) const MAX_AGE: u32 = 1 << 5;
    pub(super) const ELSEWHERE: u32 = 1 << 6;
    pub(super) const PARTITIONED: u32 = 1 << 7;
    pub(super) const OF_DELETE: u32 = DELETE | SECURE | ELSEWHERE | PARTITIONED;
    pub(super) const OF_SET: u32 =
        SECURE | HTTP_ONLY | SAME_SITE | MAX_AGE | ELSEWHERE | PARTITIONED;
}

/// The path of an operation without the flag `ELSEWHERE`, which then has no domain.
const USUAL_PATH: &str = "/";

/// A decoded payload: the header and the operations, whose layout is valid but which are not yet
/// checked against the rules of browsers. All texts borrow from the payload's bytes.
pub(super) struct Payload<'a> {
    pub(super) header: TokenHeader<'a>,
    pub(super) operations: Vec<Parts<'a>>,
}

pub(super) fn encode_payload(out: &mut Vec<u8>, header: &TokenHeader<'_>, batch: &Batch<'_>) {
    encode(
        out,
        header,
        batch.operations().iter().map(Parts::from_operation),
    );
}

/// Encodes a decoded payload again, so that the fuzzers can check that its encoding is the only
/// one.
#[cfg(fuzzing)]
pub(super) fn encode_again(payload: &Payload<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode(
        &mut out,
        &payload.header,
        payload.operations.iter().copied(),
    );
    out
}

/// Numbers, then texts: one check of UTF-8 serves all texts.
fn encode<'p>(
    out: &mut Vec<u8>,
    header: &TokenHeader<'_>,
    operations: impl ExactSizeIterator<Item = Parts<'p>> + Clone,
) {
    encode_header(out, header);
    out.push(u8::try_from(operations.len()).expect("a batch is bounded"));
    for parts in operations.clone() {
        Numbers::of(&parts).encode(out);
    }
    if let Some(AfterApply::GoTo(path)) = &header.then {
        out.extend_from_slice(path.as_str().as_bytes());
    }
    for parts in operations {
        out.extend_from_slice(parts.name.as_bytes());
        out.extend_from_slice(parts.value.as_bytes());
        if is_elsewhere(&parts) {
            out.extend_from_slice(parts.path.unwrap_or_default().as_bytes());
            out.extend_from_slice(parts.domain.unwrap_or_default().as_bytes());
        }
    }
}

fn encode_header(out: &mut Vec<u8>, header: &TokenHeader<'_>) {
    let flag = |set, bit| if set { bit } else { 0 };
    let flags = flag(header.barrier, header_flag::BARRIER)
        | flag(header.scope.is_some(), header_flag::SCOPE)
        | flag(header.binding.is_some(), header_flag::BINDING)
        | flag(header.then.is_some(), header_flag::THEN);
    out.push(flags);
    out.extend_from_slice(&header.nonce.to_bytes());
    let issued_at = header.issued_at.get();
    out.extend_from_slice(&issued_at.to_be_bytes()[2..]);
    // One that is out of bounds stays so, and is refused when the token is opened.
    let lifetime = header.expires_at.get().saturating_sub(issued_at);
    let lifetime = u32::try_from(lifetime).unwrap_or(u32::MAX);
    out.extend_from_slice(&lifetime.to_be_bytes());
    if let Some(scope) = header.scope {
        out.extend_from_slice(&scope.to_bytes());
    }
    if let Some(binding) = header.binding {
        out.extend_from_slice(&binding.0);
    }
    match &header.then {
        None => {}
        Some(AfterApply::Reconnect) => out.push(action_kind::RECONNECT),
        Some(AfterApply::Reload) => out.push(action_kind::RELOAD),
        Some(AfterApply::GoTo(path)) => {
            out.push(action_kind::GO_TO);
            put_varint(out, length(path.as_str()));
        }
    }
}

pub(super) fn decode_payload(bytes: &[u8]) -> Result<Payload<'_>, Malformed> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u8()?;
    if flags & !header_flag::ALL != 0 {
        return Err(Malformed);
    }
    let has = |flag| flags & flag != 0;
    let nonce = Nonce::from_random(reader.array()?);
    let issued_at = UnixMillis::new(reader.u48()?).ok_or(Malformed)?;
    // A store remembers for a token's lifetime, so the lifetime must be within its limit.
    let lifetime = u64::from(reader.u32()?);
    if lifetime == 0 || lifetime > LIFETIME_MAX_MS {
        return Err(Malformed);
    }
    let expires_at = UnixMillis::new(issued_at.get() + lifetime).ok_or(Malformed)?;
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
    let action = if has(header_flag::THEN) {
        Some(Action::decode(&mut reader)?)
    } else {
        None
    };
    let count = usize::from(reader.u8()?);
    if count == 0 || count > OPERATIONS_MAX {
        return Err(Malformed);
    }
    // The texts begin where the numbers end.
    let mut texts = reader;
    for _ in 0..count {
        Numbers::decode(&mut texts)?;
    }
    let mut texts = Texts::new(texts)?;
    let then = match action {
        None => None,
        Some(action) => Some(action.with_path(&mut texts)?),
    };
    let mut operations = Vec::with_capacity(count);
    for _ in 0..count {
        operations.push(Numbers::decode(&mut reader)?.with_texts(&mut texts)?);
    }
    texts.finish()?;
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

/// An action whose path is still among the texts.
enum Action {
    Reconnect,
    Reload,
    GoTo { length: u32 },
}

impl Action {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        match reader.u8()? {
            action_kind::RECONNECT => Ok(Self::Reconnect),
            action_kind::RELOAD => Ok(Self::Reload),
            action_kind::GO_TO => Ok(Self::GoTo {
                length: reader.varint()?,
            }),
            _ => Err(Malformed),
        }
    }

    fn with_path<'a>(self, texts: &mut Texts<'a>) -> Result<AfterApply<'a>, Malformed> {
        match self {
            Self::Reconnect => Ok(AfterApply::Reconnect),
            Self::Reload => Ok(AfterApply::Reload),
            Self::GoTo { length } => SameOriginPath::parse(texts.take(length)?)
                .map(AfterApply::GoTo)
                .ok_or(Malformed),
        }
    }
}

/// An operation without its texts: flags, lengths and an age.
struct Numbers {
    flags: u32,
    name: u32,
    value: u32,
    path: u32,
    domain: u32,
    max_age: u32,
}

impl Numbers {
    fn of(parts: &Parts<'_>) -> Self {
        use operation_flag::{
            DELETE, ELSEWHERE, HTTP_ONLY, MAX_AGE, PARTITIONED, SAME_SITE_SHIFT, SECURE,
        };
        let flag = |set, bit| if set { bit } else { 0 };
        Self {
            flags: flag(parts.delete, DELETE)
                | flag(parts.secure, SECURE)
                | flag(parts.http_only && !parts.delete, HTTP_ONLY)
                | (SameSiteCode::encode(parts.same_site) << SAME_SITE_SHIFT)
                | flag(parts.max_age.is_some(), MAX_AGE)
                | flag(is_elsewhere(parts), ELSEWHERE)
                | flag(parts.partitioned, PARTITIONED),
            name: length(parts.name),
            value: length(parts.value),
            // An absent path or domain is an empty text: neither can be empty when present.
            path: length(parts.path.unwrap_or_default()),
            domain: length(parts.domain.unwrap_or_default()),
            max_age: parts.max_age.unwrap_or_default(),
        }
    }

    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.flags);
        put_varint(out, self.name);
        if !self.has(operation_flag::DELETE) {
            put_varint(out, self.value);
        }
        if self.has(operation_flag::ELSEWHERE) {
            put_varint(out, self.path);
            put_varint(out, self.domain);
        }
        if self.has(operation_flag::MAX_AGE) {
            put_varint(out, self.max_age);
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let flags = reader.varint()?;
        let has = |flag| flags & flag != 0;
        let known = if has(operation_flag::DELETE) {
            operation_flag::OF_DELETE
        } else {
            operation_flag::OF_SET
        };
        if flags & !known != 0 {
            return Err(Malformed);
        }
        let name = reader.varint()?;
        let value = if has(operation_flag::DELETE) {
            0
        } else {
            reader.varint()?
        };
        let (path, domain) = if has(operation_flag::ELSEWHERE) {
            (reader.varint()?, reader.varint()?)
        } else {
            (0, 0)
        };
        let max_age = if has(operation_flag::MAX_AGE) {
            reader.varint()?
        } else {
            0
        };
        Ok(Self {
            flags,
            name,
            value,
            path,
            domain,
            max_age,
        })
    }

    #[expect(
        clippy::inline_always,
        reason = "its result is copied otherwise, in wider loads than it was stored in; measured"
    )]
    #[inline(always)]
    fn with_texts<'a>(self, texts: &mut Texts<'a>) -> Result<Parts<'a>, Malformed> {
        let delete = self.has(operation_flag::DELETE);
        let name = texts.take(self.name)?;
        let value = texts.take(self.value)?;
        let (path, domain) = if self.has(operation_flag::ELSEWHERE) {
            let present = |text: &'a str| Some(text).filter(|text| !text.is_empty());
            let path = present(texts.take(self.path)?);
            let domain = present(texts.take(self.domain)?);
            // Without the flag it is shorter: one value has one encoding.
            if path == Some(USUAL_PATH) && domain.is_none() {
                return Err(Malformed);
            }
            (path, domain)
        } else {
            (Some(USUAL_PATH), None)
        };
        Ok(Parts {
            delete,
            name,
            value,
            path,
            domain,
            max_age: self.has(operation_flag::MAX_AGE).then_some(self.max_age),
            secure: self.has(operation_flag::SECURE),
            http_only: delete || self.has(operation_flag::HTTP_ONLY),
            same_site: SameSiteCode::decode(self.flags >> operation_flag::SAME_SITE_SHIFT),
            partitioned: self.has(operation_flag::PARTITIONED),
        })
    }
}

fn is_elsewhere(parts: &Parts<'_>) -> bool {
    parts.path != Some(USUAL_PATH) || parts.domain.is_some()
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).expect("checked when the operation was made")
}

/// All texts of a payload, one behind the other.
struct Texts<'a>(&'a str);

impl<'a> Texts<'a> {
    fn new(reader: Reader<'a>) -> Result<Self, Malformed> {
        std::str::from_utf8(reader.rest())
            .map(Self)
            .map_err(|_| Malformed)
    }

    /// The next text. A length that ends inside a character is as wrong as one beyond the end.
    fn take(&mut self, length: u32) -> Result<&'a str, Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Refuses leftover bytes: a payload longer than its content would have two encodings.
    fn finish(self) -> Result<(), Malformed> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}
