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

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    /// Six bytes.
    pub(crate) fn u48(&mut self) -> Result<u64, Malformed> {
        let mut bytes = [0; 8];
        bytes[2..].copy_from_slice(&self.array::<6>()?);
        Ok(u64::from_be_bytes(bytes))
    }

    /// Bytes after a 16-bit length.
    pub(crate) fn bytes16(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.array().map(u16::from_be_bytes)?;
        self.take(usize::from(length))
    }

    /// A number of up to 28 bits: unsigned LEB128, in its shortest form and at most four bytes.
    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Result<u32, Malformed> {
        let first = self.u8()?;
        if first < 0x80 {
            return Ok(u32::from(first));
        }
        let (number, rest) = long_varint(u32::from(first & 0x7F), self.rest)?;
        self.rest = rest;
        Ok(number)
    }

    /// Everything that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }
}

/// The rest of a number whose first byte says that more follow. By value: a reader that is lent to
/// a function that is not inlined has its position in memory.
fn long_varint(mut number: u32, mut rest: &[u8]) -> Result<(u32, &[u8]), Malformed> {
    for shift in [7, 14, 21] {
        let (byte, after) = rest.split_first().ok_or(Malformed)?;
        rest = after;
        number |= u32::from(byte & 0x7F) << shift;
        match byte {
            // A group of zeros at the end: there is a shorter form.
            0 => return Err(Malformed),
            1..=0x7F => return Ok((number, rest)),
            _ => {}
        }
    }
    Err(Malformed)
}

/// Appends a number of up to 28 bits as a varint.
#[inline(always)]
pub(crate) fn put_varint(out: &mut Vec<u8>, number: u32) {
    debug_assert!(number < 1 << 28, "a reader takes four bytes");
    let mut rest = number;
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

/// Appends text after a 16-bit length. Callers pass text that has been checked to fit.
pub(crate) fn put_text16(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("checked when its owner was made");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_varint() {
        // Of each group: nothing, something, everything; at its end and with more to follow.
        const GROUPS: [u8; 6] = [0, 1, 0x7F, 0x80, 0x81, 0xFF];
        let mut texts = vec![Vec::new()];
        for length in 0..6 {
            let longer = texts.iter().filter(|text| text.len() == length);
            let longer = longer.flat_map(|text| GROUPS.map(|group| [&text[..], &[group]].concat()));
            texts.extend(longer.collect::<Vec<_>>());
        }
        let mut read = 0;
        for text in texts {
            let mut reader = Reader::new(&text);
            let Ok(number) = reader.varint() else {
                continue;
            };
            let length = text.len() - reader.rest().len();
            let mut again = Vec::new();
            put_varint(&mut again, number);
            assert_eq!(again, text[..length]);
            read += usize::from(length == text.len());
        }
        // In one to four bytes: no last group of nothing, except that of zero.
        assert_eq!(read, 3 + 3 * 2 + 9 * 2 + 27 * 2);
    }
}
