//! The name of a class that does not give one: the type's name in snake case, by Mesop's rule, so
//! that classes on both sides find the same cookie.

/// Two passes, each from left to right: an underscore before a capital that lower-case letters
/// follow, unless it is the first character; then one between a lower-case letter or digit and a
/// capital. Then everything in lower case. (Capitals and letters are ASCII.)
pub(crate) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut words = Vec::with_capacity(chars.len() + 4);
    let mut at = 0;
    while at < chars.len() {
        words.push(chars[at]);
        at += 1;
        let capital = chars.get(at).is_some_and(char::is_ascii_uppercase);
        if capital && chars.get(at + 1).is_some_and(char::is_ascii_lowercase) {
            words.extend(['_', chars[at]]);
            at += 1;
            // A match never overlaps the one before it: the letter that ends a word does not
            // begin the next one.
            while let Some(letter) = chars.get(at).filter(|char| char.is_ascii_lowercase()) {
                words.push(*letter);
                at += 1;
            }
        }
    }
    let mut snake = String::with_capacity(words.len() + 4);
    let mut earlier = None;
    for char in words {
        let after_word =
            earlier.is_some_and(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if after_word && char.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(char);
        earlier = Some(char);
    }
    snake.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_mesop_gives() {
        for (name, snake) in [
            ("SessionCookie", "session_cookie"),
            ("HTTPServer", "http_server"),
            ("ABC", "abc"),
            ("userID", "user_id"),
            ("User_Name", "user__name"),
            ("JWT2Token", "jwt2_token"),
            ("XMLHttpRequest", "xml_http_request"),
            ("A", "a"),
            ("already_snake", "already_snake"),
            ("Foo1Bar", "foo1_bar"),
            ("MyHTTPServer2", "my_http_server2"),
            ("éCookie", "é_cookie"),
            // From the same two expressions, run in Python.
            ("AbCdEf", "ab_cd_ef"),
            ("Foo1BAR", "foo1_bar"),
            ("AbcAbcAbc", "abc_abc_abc"),
            ("XAbcX", "x_abc_x"),
            ("aB", "a_b"),
            ("ABcD", "a_bc_d"),
            ("", ""),
        ] {
            assert_eq!(snake_case(name), snake, "{name}");
        }
    }
}
