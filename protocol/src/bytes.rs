//! A bounds-checked reader and its mirror, the writer's length prefixes.
//!
//! Every integer is big-endian and every length has a maximum, so a reader can never be made to
//! allocate or to run past its input.

#![expect(
    clippy::inline_always,
    reason = "keeps a reader's position in registers, measured; the compiler does not by itself"
)]

/// The input ended early, a length was out of bounds, or bytes were left over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Reads a payload from front to back.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_be_bytes)
    }

    /// Text after an 8-bit length.
    #[inline(always)]
    pub(crate) fn text8(&mut self) -> Result<&'a str, Malformed> {
        let length = self.u8()?;
        self.text(usize::from(length))
    }

    /// Text after a 16-bit length.
    #[inline(always)]
    pub(crate) fn text16(&mut self) -> Result<&'a str, Malformed> {
        let length = self.u16()?;
        self.text(usize::from(length))
    }

    #[inline(always)]
    fn text(&mut self, length: usize) -> Result<&'a str, Malformed> {
        match self.take(length)? {
            // The domain and the path of nearly every cookie, known without checking UTF-8.
            b"" => Ok(""),
            b"/" => Ok("/"),
            bytes => std::str::from_utf8(bytes).map_err(|_| Malformed),
        }
    }

    /// Everything that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Refuses leftover bytes: a payload longer than its content would have two encodings.
    pub(crate) fn finish(self) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}

/// Appends text after an 8-bit length. Callers pass text that has been checked to fit.
#[inline(always)]
pub(crate) fn put_text8(out: &mut Vec<u8>, text: &str) {
    let length = u8::try_from(text.len()).expect("checked when the operation was made");
    out.push(length);
    put(out, text);
}

/// Appends text after a 16-bit length. Callers pass text that has been checked to fit.
#[inline(always)]
pub(crate) fn put_text16(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("checked when the operation was made");
    out.extend_from_slice(&length.to_be_bytes());
    put(out, text);
}

/// Appends text. The domain and the path of nearly every cookie, nothing and a slash, are not worth
/// the call that copies a slice of arbitrary length.
#[inline(always)]
fn put(out: &mut Vec<u8>, text: &str) {
    match text.as_bytes() {
        [] => {}
        [byte] => out.push(*byte),
        bytes => out.extend_from_slice(bytes),
    }
}
