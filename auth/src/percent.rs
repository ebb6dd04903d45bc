//! Percent-encoding (RFC 3986 §2.1).

/// The byte that two digits encode, and what follows them.
pub(crate) fn encoded(text: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, after) = text.split_at_checked(2)?;
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let value = digit(digits[0])? * 16 + digit(digits[1])?;
    Some((u8::try_from(value).ok()?, after))
}
