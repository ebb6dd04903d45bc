//! The fuzzers' way under the seal. It exists only under `cfg(fuzzing)`: in any other build a valid
//! MAC is the only way.

use crate::time::UnixMillis;

use super::body::{NativeBody, Sealed};
use super::payload::{decode_payload, encode_again};

/// A decoded payload.
#[derive(Debug)]
#[non_exhaustive]
pub struct OpenedPayload {
    /// The payload, encoded again.
    pub encoded: Vec<u8>,
    /// The values of its `Set-Cookie` lines; `None` when one of them cannot be emitted.
    pub lines: Option<Vec<String>>,
}

/// Opens a payload as if its MAC had been valid. `None` when it is malformed.
#[must_use]
pub fn open_payload(bytes: &[u8]) -> Option<OpenedPayload> {
    let payload = decode_payload(bytes).ok()?;
    let encoded = encode_again(&payload);
    let lines = NativeBody(payload.operations)
        .write_lines(UnixMillis::EPOCH)
        .ok()
        .map(|lines| lines.iter().map(str::to_owned).collect());
    Some(OpenedPayload { encoded, lines })
}
