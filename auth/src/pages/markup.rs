//! HTML under construction.

/// HTML. What is not a literal of this crate can only be added as text, and is escaped.
#[derive(Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Adds HTML that stands in the source.
    pub(super) fn raw(&mut self, html: &'static str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    /// Adds text, for an element or for an attribute in double quotes.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for char in text.chars() {
            match char {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // HTML has no way to write the others.
                '\t' | '\n' => self.0.push(char),
                char if char.is_control() => self.0.push(char::REPLACEMENT_CHARACTER),
                char => self.0.push(char),
            }
        }
        self
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let mut markup = Markup::default();
        markup.raw("<b title=\"").text("\" onclick='x'").raw("\">");
        markup.text("</b><script>&amp;\0\u{202e}");
        assert_eq!(
            markup.into_string(),
            "<b title=\"&quot; onclick=&#39;x&#39;\">&lt;/b&gt;&lt;script&gt;&amp;amp;\u{fffd}\u{202e}"
        );
    }
}
