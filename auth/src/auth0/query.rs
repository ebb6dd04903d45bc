//! Which users are listed.

/// The most characters that are searched for.
const TEXT_MAX: usize = 100;
/// The fewest characters for which Auth0 looks at the ends of names.
const SUFFIX_MIN: usize = 3;

/// Which users to list, and which page of them.
///
/// ```
/// use apply_cookies_auth::auth0::Query;
///
/// let query = Query::text("ada").page(1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    lucene: Option<String>,
    page: u32,
}

impl Query {
    /// Everybody.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// People whose e-mail address, name or nickname begins with this text, or whose name ends with
    /// it, whatever the case. Nothing in the text is an operator: all of Lucene's signs are escaped.
    #[must_use]
    pub fn text(text: &str) -> Self {
        let text = text.trim();
        let shown = text.chars().filter(|c| !c.is_control()).take(TEXT_MAX);
        let mut escaped = String::new();
        let mut length = 0;
        // These two cannot be escaped at all.
        for char in shown.filter(|c| !matches!(c, '<' | '>')) {
            if char.is_ascii() && !char.is_ascii_alphanumeric() || char.is_whitespace() {
                escaped.push('\\');
            }
            escaped.push(char);
            length += 1;
        }
        if length == 0 {
            return Self::all();
        }
        let fields = ["email", "name", "given_name", "family_name", "nickname"];
        let mut terms = fields.map(|field| format!("{field}:{escaped}*")).to_vec();
        if length >= SUFFIX_MIN {
            terms.push(format!("name:*{escaped}"));
        }
        Self {
            lucene: Some(terms.join(" OR ")),
            page: 0,
        }
    }

    /// This page, counted from 0. Auth0 gives out the first 1,000 users of a list and no more.
    #[must_use]
    pub const fn page(mut self, page: u32) -> Self {
        self.page = page;
        self
    }

    pub(super) fn lucene(&self) -> Option<&str> {
        self.lucene.as_deref()
    }

    pub(super) const fn number(&self) -> u32 {
        self.page
    }
}
