//! How an entry of a list is written, and compared.

/// The domain of an address. None if more than one can be read from it.
pub(super) fn domain_of(address: &str) -> Option<&str> {
    let odd =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '<' | '>' | '"');
    let (user, domain) = address.split_once('@')?;
    let is_plain = !user.is_empty() && !domain.is_empty() && !domain.contains('@');
    (is_plain && !address.contains(odd)).then_some(domain)
}

/// Trimmed, and in lower case. Only ASCII is folded: otherwise the Kelvin sign, in a domain that
/// anybody can register, would become a `k`.
pub(super) fn folded(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

/// A domain without the `@` that people copy with it.
pub(super) fn bare(domain: &str) -> &str {
    domain.trim_start_matches('@').trim_start()
}

/// Whether it is not a domain but, say, the address of a page.
pub(super) fn is_odd(domain: &str) -> bool {
    domain.contains(['/', ':', '@', '*', ' ', ',', '"', '<', '>'])
}

/// The entries of a list, as a person writes it: also separated by commas in one text, as in an
/// environment variable.
pub(super) fn entries(texts: impl IntoIterator<Item: AsRef<str>>) -> Vec<String> {
    let split = |text: &str| text.split(',').map(folded).collect::<Vec<_>>();
    let entries = texts.into_iter().flat_map(|text| split(text.as_ref()));
    entries.filter(|entry| !entry.is_empty()).collect()
}
