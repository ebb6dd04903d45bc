//! Words of texts that stand where a secret should be put.

use zeroize::Zeroizing;

use super::drawn::is_written;

/// Words that no secret contains, wherever they stand and whatever separates their letters.
#[rustfmt::skip]
const MARKS: [&str; 35] = [
    "1qaz2wsx", "applycookies", "changeit", "changeme", "changethis", "correcthorse",
    "defaultsecret", "devsecret", "donotcommit", "donotuse", "dummysecret", "example", "fakesecret",
    "insecure", "keyhere", "letmein", "loremipsum", "mysecret", "notasecret", "notsecret",
    "password", "placeholder", "quickbrown", "qwertyui", "redacted", "replaceme", "replacethis",
    "replacewith", "secrethere", "secretkey", "supersecret", "testsecret", "topsecret", "yourkey",
    "yoursecret",
];

/// Words of the sentences that placeholders are. A text that they cover by half is one.
/// In order, so that those with the same first letter are together.
#[rustfmt::skip]
const WORDS: [&str; 126] = [
    "admin", "after", "application", "at", "auth", "bad", "bar", "base", "baz", "be", "before",
    "bytes", "change", "characters", "commit", "config", "cookie", "default", "define", "demo",
    "deploy", "deployment", "dev", "dummy", "encryption", "enter", "environment", "fake", "file",
    "fixme", "foo", "for", "from", "generate", "git", "good", "hello", "here", "ignore", "in",
    "insert", "invalid", "is", "it", "just", "jwt", "key", "later", "least", "live", "local",
    "long", "longer", "me", "minimum", "must", "my", "name", "needs", "never", "new", "no", "none",
    "not", "now", "null", "of", "on", "one", "openssl", "or", "our", "own", "passphrase", "path",
    "please", "private", "production", "project", "put", "qux", "rand", "random", "real", "release",
    "remove", "replace", "safe", "sample", "secret", "secure", "server", "service", "session",
    "set", "shared", "signing", "some", "staging", "string", "strong", "super", "tbd", "temporary",
    "test", "that", "the", "thirty", "this", "to", "todo", "token", "two", "unsafe", "unset", "use",
    "user", "value", "variable", "very", "web", "will", "with", "world", "xxx", "your",
];

/// Whether the text contains one of the words that no secret contains.
pub(super) fn has_mark(text: &str) -> bool {
    let letters = letters(text);
    MARKS.iter().any(|mark| letters.contains(mark))
}

/// Whether the text is a note to whoever should set the secret.
pub(super) fn is_note(text: &str) -> bool {
    let letters = letters(text);
    let (mut covered, mut rest) = (0, &letters[..]);
    while !rest.is_empty() {
        // The longest word that the rest starts with.
        let initial = &rest[..1];
        let from = WORDS.partition_point(|word| &word[..1] < initial);
        let same_initial = WORDS[from..]
            .iter()
            .take_while(|word| word.starts_with(initial));
        let word = same_initial.filter(|word| rest.starts_with(**word));
        let length = word.map(|word| word.len()).max().unwrap_or(0);
        covered += length;
        rest = &rest[length.max(1)..];
    }
    // Random texts of marks have few letters, so few that a short word or two are half of them.
    let is_sentence = covered >= 12 && covered * 2 >= letters.len();
    let first = text.split(|c: char| !c.is_ascii_alphanumeric()).next();
    let is_task =
        first.is_some_and(|word| ["todo", "TODO", "Todo", "fixme", "FIXME"].contains(&word));
    is_sentence || is_task || is_name_of_variable(text)
}

/// `NAME_OF_A_VARIABLE`. A passphrase is not written so.
fn is_name_of_variable(text: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    text.contains('_') && text.bytes().all(is_one) && is_written(text)
}

/// The letters and digits alone, in lower case.
pub(super) fn letters(text: &str) -> Zeroizing<String> {
    let letters = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    Zeroizing::new(letters)
}

#[cfg(test)]
mod tests {
    use super::{MARKS, WORDS, letters};

    #[test]
    fn the_words_are_in_order() {
        assert!(WORDS.is_sorted());
    }

    /// No word that no vector needs, so that the lists do not grow by guesses.
    #[test]
    fn every_word_is_in_a_vector() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../vectors/secrets.json")).unwrap();
        let cases = vectors["cases"].as_array().unwrap().iter();
        let placeholders: Vec<_> = cases
            .filter(|case| case["refused"] == "placeholder")
            .map(|case| letters(case["text"].as_str().unwrap()))
            .collect();
        let is_unused = |word: &&&str| !placeholders.iter().any(|text| text.contains(**word));
        let unused: Vec<_> = MARKS.iter().chain(&WORDS).filter(is_unused).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }
}
