//! How a browser reads `Set-Cookie`: a small parser written from RFC 6265bis §5.6 and §5.7, that
//! shares nothing with the writer.

#[derive(Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a cookie has that many flags"
)]
pub struct Cookie {
    pub name: String,
    pub value: String,
    pub path: Option<String>,
    pub domain: Option<String>,
    pub max_age: Option<i64>,
    pub expired: bool,
    pub secure: bool,
    pub http_only: bool,
    pub same_site: Option<String>,
    pub partitioned: bool,
}

/// The cookie that a browser stores, or `None` where it ignores the field.
pub fn parse(field: &str) -> Option<Cookie> {
    // §5.6 step 1: control characters other than tab abort.
    if field
        .bytes()
        .any(|byte| matches!(byte, 0x00..=0x08 | 0x0A..=0x1F | 0x7F))
    {
        return None;
    }
    let (pair, mut rest) = match field.find(';') {
        Some(at) => (&field[..at], &field[at..]),
        None => (field, ""),
    };
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let mut cookie = Cookie {
        name: trim(name),
        value: trim(value),
        ..Cookie::default()
    };
    if cookie.name.len() + cookie.value.len() > 4096
        || (cookie.name.is_empty() && cookie.value.is_empty())
    {
        return None;
    }
    while let Some(unparsed) = rest.strip_prefix(';') {
        let end = unparsed.find(';').unwrap_or(unparsed.len());
        let attribute = &unparsed[..end];
        rest = &unparsed[end..];
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let (key, value) = (trim(key).to_ascii_lowercase(), trim(value));
        if value.len() > 1024 {
            continue;
        }
        match key.as_str() {
            "path" if value.starts_with('/') => cookie.path = Some(value),
            "path" => cookie.path = None,
            "domain" => {
                let value = value.strip_prefix('.').unwrap_or(&value);
                cookie.domain = Some(value.to_ascii_lowercase());
            }
            "max-age" => cookie.max_age = value.parse().ok(),
            "expires" => cookie.expired = value == "Thu, 01 Jan 1970 00:00:00 GMT",
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "samesite" => cookie.same_site = Some(value),
            "partitioned" => cookie.partitioned = true,
            _ => {}
        }
    }
    // §5.7: the prefixes, without case.
    let lower = cookie.name.to_ascii_lowercase();
    let host_ok = cookie.secure && cookie.domain.is_none() && cookie.path.as_deref() == Some("/");
    let refused = (lower.starts_with("__secure-") && !cookie.secure)
        || (lower.starts_with("__http-") && !(cookie.secure && cookie.http_only))
        || (lower.starts_with("__host-") && !host_ok)
        || (lower.starts_with("__host-http-") && !cookie.http_only)
        || (cookie.same_site.as_deref() == Some("None") && !cookie.secure)
        || (cookie.partitioned && !cookie.secure);
    (!refused).then_some(cookie)
}

fn trim(text: &str) -> String {
    text.trim_matches([' ', '\t']).to_owned()
}
