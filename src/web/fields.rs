//! A framework's header map, as much of it as is needed here.

use std::fmt;

use bytes::Bytes;

/// A framework's header map. Names are lower case.
pub trait Fields {
    /// The values of all fields of this name, in order.
    fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> + Clone;

    /// Whether there is a field whose name is chosen.
    fn any_name(&self, chosen: impl Fn(&str) -> bool) -> bool;

    /// Replaces all fields of this name with one.
    fn set(&mut self, name: &'static str, value: Bytes);

    /// Adds a field.
    fn append(&mut self, name: &'static str, value: Bytes);

    /// Removes all fields whose names are chosen.
    fn remove_each(&mut self, chosen: impl Fn(&str) -> bool);

    /// Removes all fields of this name.
    fn remove(&mut self, name: &'static str) {
        self.remove_each(|one| one == name);
    }
}

/// Implements [`Fields`] for a framework's header map, except [`Fields::all`], which differs.
#[allow(unused_macros, reason = "adapters are features")]
macro_rules! header_map {
    ($map:ty, $name:ty, $value:ty, $($all:tt)*) => {
        impl crate::web::Fields for $map {
            $($all)*

            fn any_name(&self, chosen: impl Fn(&str) -> bool) -> bool {
                self.keys().any(|name| chosen(name.as_str()))
            }

            fn set(&mut self, name: &'static str, value: bytes::Bytes) {
                if let Some(value) = field_value(name, value) {
                    self.insert(field_name(name), value);
                }
            }

            fn append(&mut self, name: &'static str, value: bytes::Bytes) {
                if let Some(value) = field_value(name, value) {
                    Self::append(self, field_name(name), value);
                }
            }

            fn remove_each(&mut self, chosen: impl Fn(&str) -> bool) {
                let names = self.keys().filter(|name| chosen(name.as_str()));
                for name in names.cloned().collect::<Vec<_>>() {
                    Self::remove(self, name);
                }
            }
        }

        /// Those of every redemption are made by the compiler: parsing one takes 20 ns.
        #[inline]
        fn field_name(name: &'static str) -> $name {
            match name {
                "cache-control" => const { <$name>::from_static("cache-control") },
                "content-length" => const { <$name>::from_static("content-length") },
                "content-type" => const { <$name>::from_static("content-type") },
                "cookie" => const { <$name>::from_static("cookie") },
                "origin" => const { <$name>::from_static("origin") },
                "sec-fetch-site" => const { <$name>::from_static("sec-fetch-site") },
                "set-cookie" => const { <$name>::from_static("set-cookie") },
                _ => <$name>::from_static(name),
            }
        }

        fn field_value(name: &'static str, value: bytes::Bytes) -> Option<$value> {
            let value = <$value>::from_maybe_shared(value);
            if value.is_err() {
                // Not reached: operations are visible ASCII by construction.
                tracing::error!(name, "not a field value; the field is lost");
            }
            value.ok()
        }
    };
}
#[allow(unused_imports, reason = "adapters are features")]
pub(crate) use header_map;

/// A request without its body.
#[expect(clippy::exhaustive_structs, reason = "adapters make it")]
pub struct Asked<'r, F> {
    /// The method, as it was sent.
    pub method: &'r str,
    /// The path, without the query. In a nested router, the part not matched yet.
    pub path: &'r str,
    /// The header fields.
    pub fields: &'r F,
}

// The fields hold the browser's cookies.
impl<F> fmt::Debug for Asked<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl<F> Clone for Asked<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Asked<'_, F> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_request_shows_no_cookie() {
        let asked = Asked {
            method: "GET",
            path: "/",
            fields: &["session=8f14e45f"],
        };
        let text = format!("{asked:?}");
        assert!(text.contains("GET"), "{text}");
        assert!(!text.contains("8f14e45f"), "{text}");
    }
}
