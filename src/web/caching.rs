//! Limits what caches may do with a response that carries cookies or tokens.

use bytes::Bytes;

use super::fields::Fields;

const CACHE_CONTROL: &str = "cache-control";
const VARY: &str = "vary";

/// For a body that contains tokens.
pub(super) const NEITHER_STORE_NOR_TRANSFORM: &[u8] = b"no-store, no-transform";

/// Whether a field speaks to caches beside `Cache-Control`, and may win over it: those of content
/// networks and reverse proxies, such as `CDN-Cache-Control` (RFC 9213) and its many variants, and
/// those of HTTP/1.0. Labels for purging, such as `Cache-Tag`, allow nothing and stay.
fn is_for_other_caches(name: &str) -> bool {
    let ends = |end| name.ends_with(end);
    (name != CACHE_CONTROL && ends("cache-control"))
        || ends("surrogate-control")
        || ends("edge-control")
        || ends("accel-expires")
        || ["expires", "pragma"].contains(&name)
}

/// Keeps shared caches from handing one browser's cookies to another.
pub(super) fn make_private(fields: &mut impl Fields) {
    // They may have forbidden more than what is left would: a page that expires at once.
    let old = ["expires", "pragma"].map(|name| fields.all(name).next().is_some());
    remove_others(fields);
    if members(fields, CACHE_CONTROL).any(|one| is(one, "no-store")) {
        return;
    }
    let kept = members(fields, CACHE_CONTROL).filter(|one| {
        let name = one.split('=').next().unwrap_or(one);
        !is(name, "public") && !is(name, "s-maxage") && !is(name, "private")
    });
    let mut private: Vec<&str> = std::iter::once("private").chain(kept).collect();
    if old.contains(&true) && private.len() == 1 {
        private.push("no-cache");
    }
    let private = private.join(", ");
    fields.set(CACHE_CONTROL, private.into());
}

/// Marks the response as dependent on the request's cookies: a shared cache must not give it to
/// another browser, nor a browser to another session.
pub(super) fn make_dependent(fields: &mut impl Fields) {
    make_private(fields);
    let named = members(fields, VARY).any(|name| name == "*" || is(name, "cookie"));
    if !named {
        fields.append(VARY, Bytes::from_static(b"Cookie"));
    }
}

/// Keeps caches from storing a body that contains tokens, and proxies from rewriting it.
pub(super) fn forbid(fields: &mut impl Fields) {
    remove_others(fields);
    fields.set(
        CACHE_CONTROL,
        Bytes::from_static(NEITHER_STORE_NOR_TRANSFORM),
    );
}

fn remove_others(fields: &mut impl Fields) {
    fields.remove_each(is_for_other_caches);
}

/// The members of a list that may be spread over several fields (RFC 9110 §5.3).
pub(super) fn members<'f>(
    fields: &'f impl Fields,
    name: &'static str,
) -> impl Iterator<Item = &'f str> {
    fields
        .all(name)
        .filter_map(|value| std::str::from_utf8(value).ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|member| !member.is_empty())
}

fn is(directive: &str, name: &str) -> bool {
    directive.eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The simplest header map.
    #[derive(Default)]
    struct Map(Vec<(&'static str, Bytes)>);

    impl Fields for Map {
        fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> + Clone {
            self.0
                .iter()
                .filter(move |(one, _)| *one == name)
                .map(|(_, value)| &value[..])
        }

        fn any_name(&self, chosen: impl Fn(&str) -> bool) -> bool {
            self.0.iter().any(|(one, _)| chosen(one))
        }

        fn set(&mut self, name: &'static str, value: Bytes) {
            self.remove(name);
            self.append(name, value);
        }

        fn append(&mut self, name: &'static str, value: Bytes) {
            self.0.push((name, value));
        }

        fn remove_each(&mut self, chosen: impl Fn(&str) -> bool) {
            self.0.retain(|(one, _)| !chosen(one));
        }
    }

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
            let mut fields = Map::default();
            for value in before {
                fields.append(CACHE_CONTROL, Bytes::from_static(value.as_bytes()));
            }
            make_private(&mut fields);
            let left: Vec<_> = fields.all(CACHE_CONTROL).collect();
            assert_eq!(left, [after.as_bytes()]);
        }
    }
}
