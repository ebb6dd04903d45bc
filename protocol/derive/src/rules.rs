//! The rules of SPEC §4 that can be judged from text alone, each with its remedy. The codec has
//! them as well, but cannot be called from here because it depends on this crate. A test there
//! keeps the two in step (`protocol/tests/derive_rules.rs`).

/// Requirements of a name's prefix on the cookie (RFC 6265bis §4.1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Demands {
    pub(crate) secure: bool,
    pub(crate) host: bool,
    pub(crate) http_only: bool,
}

const PREFIXES: [(&str, Demands); 4] = [
    (
        "__host-http-",
        Demands {
            secure: true,
            host: true,
            http_only: true,
        },
    ),
    (
        "__secure-",
        Demands {
            secure: true,
            host: false,
            http_only: false,
        },
    ),
    (
        "__host-",
        Demands {
            secure: true,
            host: true,
            http_only: false,
        },
    ),
    (
        "__http-",
        Demands {
            secure: true,
            host: false,
            http_only: true,
        },
    ),
];

pub(crate) fn check_name(name: &str) -> Result<Demands, String> {
    if name.is_empty() {
        return Err("the cookie's name is empty; give it one".to_owned());
    }
    // The RFC allows `%`, but some servers read it differently; a fixed name does not need it.
    let bad = name
        .chars()
        .find(|char| !char.is_ascii_alphanumeric() && !"!#$&'*+-.^_`|~".contains(*char));
    if let Some(bad) = bad {
        return Err(format!(
            "the cookie's name `{name}` contains {bad:?}; use letters, digits, `_`, `-` and `.`, as in name = \"session\""
        ));
    }
    if name.len() > 256 {
        return Err(
            "the cookie's name is longer than 256 bytes, which every request carries; shorten it"
                .to_owned(),
        );
    }
    let lower = name.to_ascii_lowercase();
    let (bare, demands) = PREFIXES
        .into_iter()
        .find_map(|(prefix, demands)| Some((lower.strip_prefix(prefix)?, demands)))
        .unwrap_or_else(|| (lower.as_str(), Demands::default()));
    let reserved = bare
        .strip_prefix("apply-cookies")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    if reserved {
        return Err(format!(
            "the cookie's name `{name}` is reserved for apply-cookies itself; choose another"
        ));
    }
    Ok(demands)
}

pub(crate) fn check_path(path: &str) -> Result<(), String> {
    if !path.starts_with('/') {
        return Err("the path must start with a slash, as in path = \"/account\"".to_owned());
    }
    if path.len() > 1024 {
        return Err(
            "the path is longer than 1024 bytes, beyond which browsers ignore it; shorten it"
                .to_owned(),
        );
    }
    if !path
        .bytes()
        .all(|byte| matches!(byte, 0x21..=0x7E) && byte != b';')
    {
        return Err("the path may hold only visible ASCII, without spaces or semicolons; percent-encode the rest".to_owned());
    }
    Ok(())
}

pub(crate) fn check_domain(domain: &str) -> Result<(), String> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    if !domain.contains('.')
        || domain.len() > 253
        || !domain.split('.').all(is_label)
        || last.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err("the domain must be a host name in lower case with a dot in it, as in domain = \"app.example\"; leave it out to mean this host alone".to_owned());
    }
    Ok(())
}

/// The longest age that browsers keep: 400 days (RFC 6265bis §5.5).
const MAX_AGE: u64 = 400 * 24 * 60 * 60;

/// The seconds of an age such as `90s`, `15m`, `1h`, `30d`, `2w`, or of several, as in `1h 30m`.
pub(crate) fn parse_age(text: &str) -> Result<u64, String> {
    let not_an_age = || {
        format!(
            "`{text}` is not an age; write a number and s, m, h, d or w, as in max_age = \"1h\""
        )
    };
    let mut seconds: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(not_an_age());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let unit = match after.bytes().next() {
            Some(b's') => 1,
            Some(b'm') => 60,
            Some(b'h') => 60 * 60,
            Some(b'd') => 24 * 60 * 60,
            Some(b'w') => 7 * 24 * 60 * 60,
            _ => return Err(not_an_age()),
        };
        let number: u64 = number.parse().map_err(|_| not_an_age())?;
        seconds = seconds.saturating_add(number.saturating_mul(unit));
        rest = after[1..].trim_start();
    }
    check_age(seconds)
}

pub(crate) fn check_age(seconds: u64) -> Result<u64, String> {
    if seconds == 0 {
        return Err("an age of zero deletes the cookie at once; leave max_age out for a cookie that lives until the browser closes, or delete it with `delete`".to_owned());
    }
    if seconds > MAX_AGE {
        return Err(
            "browsers keep no cookie longer than 400 days; write max_age = \"400d\" or less"
                .to_owned(),
        );
    }
    Ok(seconds)
}
