//! The text of a `Set-Cookie` field (RFC 6265bis §4.1).

use super::lines::LINE_OVERHEAD;
use super::operation::{Operation, Parts};

/// A deleted cookie is one that expired in 1970; `Max-Age=0` says the same to clients that read
/// that, and wins where both are understood (RFC 6265bis §5.7, step 5).
const DELETED: &str = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

impl Operation<'_> {
    /// Appends the value of the `Set-Cookie` field to `out`.
    pub fn write_set_cookie(&self, out: &mut String) {
        Parts::from_operation(self).write_set_cookie(out);
    }

    /// The value of the `Set-Cookie` field.
    #[must_use]
    pub fn to_set_cookie(&self) -> String {
        let mut out = String::with_capacity(self.line_len());
        self.write_set_cookie(&mut out);
        out
    }

    /// Bytes of the whole line, field name and line end included.
    #[must_use]
    pub fn line_len(&self) -> usize {
        let mut length = LINE_OVERHEAD;
        write(&Parts::from_operation(self), &mut |piece| {
            length += piece.len();
        });
        length
    }
}

impl Parts<'_> {
    /// Appends the value of the `Set-Cookie` field of checked parts to `out`.
    pub(crate) fn write_set_cookie(&self, out: &mut String) {
        write(self, &mut |piece| out.push_str(piece));
    }
}

fn write(parts: &Parts<'_>, put: &mut impl FnMut(&str)) {
    put(parts.name);
    put("=");
    put(parts.value);
    if let Some(path) = parts.path {
        put("; Path=");
        put(path);
    }
    if let Some(domain) = parts.domain {
        put("; Domain=");
        put(domain);
    }
    if let Some(seconds) = parts.max_age {
        put("; Max-Age=");
        put(itoa::Buffer::new().format(seconds));
    }
    if parts.delete {
        put(DELETED);
    }
    if parts.secure {
        put("; Secure");
    }
    if parts.http_only {
        put("; HttpOnly");
    }
    if let Some(same_site) = parts.same_site {
        put("; SameSite=");
        put(same_site.as_str());
    }
    if parts.partitioned {
        put("; Partitioned");
    }
}
