//! What caches may do with a response that carries cookies or tokens (threat T38).

use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, VARY};

/// Fields with which an app speaks to shared caches alone; they win over `Cache-Control` there.
const FOR_SHARED_CACHES: [HeaderName; 2] = [
    HeaderName::from_static("cdn-cache-control"),
    HeaderName::from_static("surrogate-control"),
];

/// Keeps shared caches from handing one browser's cookies to another.
pub(super) fn make_private(headers: &mut HeaderMap) {
    remove_shared(headers);
    let directives = directives(headers);
    if directives.iter().any(|one| is(one, "no-store")) {
        return;
    }
    let kept = directives.iter().filter(|one| {
        let name = one.split('=').next().unwrap_or(one);
        !is(name, "public") && !is(name, "s-maxage") && !is(name, "private")
    });
    let private = std::iter::once("private").chain(kept.map(String::as_str));
    set(headers, &private.collect::<Vec<_>>().join(", "));
}

/// Says that the response depends on the request's cookies: a shared cache must not give it to
/// another browser, and a browser not to another session.
pub(super) fn make_dependent(headers: &mut HeaderMap) {
    make_private(headers);
    let named = headers
        .get_all(VARY)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|name| matches!(name.trim(), "*") || is(name.trim(), "cookie"));
    if !named {
        headers.append(VARY, HeaderValue::from_static("Cookie"));
    }
}

/// Keeps every cache from a body that holds tokens, and proxies from rewriting it.
pub(super) fn forbid(headers: &mut HeaderMap) {
    remove_shared(headers);
    set(headers, "no-store, no-transform");
}

fn remove_shared(headers: &mut HeaderMap) {
    for name in FOR_SHARED_CACHES {
        headers.remove(name);
    }
}

/// The directives of all `Cache-Control` fields.
fn directives(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(CACHE_CONTROL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|directive| directive.trim().to_owned())
        .filter(|directive| !directive.is_empty())
        .collect()
}

fn is(directive: &str, name: &str) -> bool {
    directive.eq_ignore_ascii_case(name)
}

fn set(headers: &mut HeaderMap, directives: &str) {
    if let Ok(value) = HeaderValue::from_str(directives) {
        headers.insert(CACHE_CONTROL, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_with_cookies_is_never_left_public() {
        for (before, after) in [
            (&[][..], "private"),
            (&["no-store"], "no-store"),
            (&["max-age=60"], "private, max-age=60"),
            (&["public, max-age=60, s-maxage=600"], "private, max-age=60"),
            (&["Private"], "private"),
            (
                &["private", "public, s-maxage=600, max-age=1"],
                "private, max-age=1",
            ),
        ] {
            let mut headers = HeaderMap::new();
            for value in before {
                headers.append(CACHE_CONTROL, HeaderValue::from_static(value));
            }
            headers.insert(
                FOR_SHARED_CACHES[0].clone(),
                HeaderValue::from_static("max-age=1"),
            );
            make_private(&mut headers);
            let left: Vec<_> = headers.get_all(CACHE_CONTROL).collect();
            assert_eq!(left, [after]);
            assert!(headers.get(&FOR_SHARED_CACHES[0]).is_none());
        }
    }
}
