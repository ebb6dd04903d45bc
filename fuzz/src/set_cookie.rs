//! The `Set-Cookie` writer against a reader written from RFC 6265bis: a draft is refused, or a
//! browser stores exactly what it says.

use apply_cookies_protocol::limits::{MAX_AGE_MAX, NAME_VALUE_MAX};

use crate::browser::{Cookie, parse};
use crate::draft::{Draft, SameSiteDraft};

pub fn set_cookie(data: &[u8]) {
    let Some(draft) = crate::input::<Draft<'_>>(data) else {
        return;
    };
    let Ok(operation) = draft.check() else {
        return;
    };
    let line = operation.to_set_cookie();
    assert!(line.bytes().all(|byte| matches!(byte, 0x20..=0x7E)));
    assert_eq!(
        operation.line_len(),
        format!("Set-Cookie: {line}\r\n").len()
    );
    let own = |text: Option<&str>| text.map(str::to_owned);
    let stored = parse(&line).expect("a browser stores it");
    assert_eq!(
        stored,
        Cookie {
            name: draft.name.to_owned(),
            value: if draft.delete { "" } else { draft.value }.to_owned(),
            path: own(draft.path),
            domain: own(draft.domain),
            max_age: if draft.delete {
                Some(0)
            } else {
                draft.max_age.map(i64::from)
            },
            expired: draft.delete,
            secure: draft.secure,
            http_only: draft.delete || draft.http_only,
            same_site: own(draft
                .same_site
                .filter(|_| !draft.delete)
                .map(SameSiteDraft::as_str)),
            partitioned: draft.partitioned,
        }
    );
    assert!(stored.name.len() + stored.value.len() <= NAME_VALUE_MAX);
    assert!(
        stored
            .max_age
            .is_none_or(|age| age <= i64::from(MAX_AGE_MAX))
    );
}
