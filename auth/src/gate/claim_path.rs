//! Where a claim is, and which texts it holds.

use serde_json::{Map, Value};

/// The way to a claim: keys, from the outermost object inwards.
///
/// `["realm_access", "roles"]` is a key within a claim, and `["https://app.example/claims/roles"]`
/// one claim with dots and slashes in its name. A single text with separators could not tell them
/// apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath {
    keys: Vec<String>,
    split_spaces: bool,
}

impl ClaimPath {
    /// The claim under these keys.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item: Into<String>>) -> Self {
        Self {
            keys: keys.into_iter().map(Into::into).collect(),
            split_spaces: false,
        }
    }

    /// Reads one text as several, separated by spaces, as in OAuth's `scope`. Without this, `"a b"`
    /// is one role with a space in it.
    #[must_use]
    pub const fn split_spaces(mut self) -> Self {
        self.split_spaces = true;
        self
    }

    /// The value there, if there is one.
    #[must_use]
    pub fn value<'c>(&self, claims: &'c Map<String, Value>) -> Option<&'c Value> {
        let (first, rest) = self.keys.split_first()?;
        rest.iter()
            .try_fold(claims.get(first)?, |value, key| value.as_object()?.get(key))
    }

    /// The texts there: none if the claim is absent or `null`.
    ///
    /// # Errors
    ///
    /// If the claim is neither a text nor an array of texts. What a provider means by a number or
    /// an object is not for us to guess.
    pub fn texts(&self, claims: &Map<String, Value>) -> Result<Vec<String>, WrongClaim> {
        let wrong = || WrongClaim {
            path: self.keys.join(" → "),
        };
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(wrong);
        match self.value(claims) {
            // Go writes `null` for an empty list.
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::String(text)) if self.split_spaces => {
                let parts = text.split(' ').filter(|part| !part.is_empty());
                Ok(parts.map(str::to_owned).collect())
            }
            Some(one @ Value::String(_)) => Ok(vec![text(one)?]),
            Some(Value::Array(several)) => several.iter().map(text).collect(),
            Some(_) => Err(wrong()),
        }
    }
}

/// Keys, from the outermost object inwards.
impl<K: Into<String>, const N: usize> From<[K; N]> for ClaimPath {
    fn from(keys: [K; N]) -> Self {
        Self::new(keys)
    }
}

/// A claim that is neither a text nor an array of texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claim {path} is neither a text nor an array of texts")]
pub struct WrongClaim {
    path: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(path: &ClaimPath, claims: &Value) -> Option<Vec<String>> {
        path.texts(claims.as_object().unwrap()).ok()
    }

    #[test]
    fn a_path_is_keys_and_never_a_text_with_separators() {
        let claims = json!({
            "realm_access": { "roles": ["a"] },
            "realm_access.roles": ["b"],
            "https://app.example/claims/roles": "c",
        });
        let read = |keys: &[&str]| texts(&ClaimPath::new(keys.to_vec()), &claims).unwrap();
        assert_eq!(read(&["realm_access", "roles"]), ["a"]);
        assert_eq!(read(&["realm_access.roles"]), ["b"]);
        assert_eq!(read(&["https://app.example/claims/roles"]), ["c"]);
        assert!(read(&["realm_access", "groups"]).is_empty());
        assert!(read(&["realm_access", "roles", "0"]).is_empty());
        assert!(read(&[]).is_empty());
    }

    #[test]
    fn a_text_or_an_array_of_texts_is_read_and_nothing_else() {
        let path = ClaimPath::new(["roles"]);
        let read = |roles: Value| texts(&path, &json!({ "roles": roles }));
        assert_eq!(read(json!("site admin")).unwrap(), ["site admin"]);
        assert_eq!(read(json!(["a", "b c"])).unwrap(), ["a", "b c"]);
        assert_eq!(read(json!([])).unwrap(), [""; 0]);
        assert_eq!(read(json!(null)).unwrap(), [""; 0]);
        for wrong in [
            json!(true),
            json!(1),
            json!({ "admin": true }),
            json!(["a", 1]),
            json!(["a", null]),
            json!([["a"]]),
        ] {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn spaces_split_only_where_it_is_asked_for() {
        let path = ClaimPath::new(["scope"]).split_spaces();
        let read = |scope: Value| texts(&path, &json!({ "scope": scope })).unwrap();
        assert_eq!(read(json!(" read  write ")), ["read", "write"]);
        assert_eq!(read(json!(["a b"])), ["a b"]);
    }
}
