//! Words of texts that stand where a secret should be put.

use zeroize::Zeroizing;

use super::drawn::is_written;

/// Words that no secret contains, wherever they stand and whatever separates their letters.
#[rustfmt::skip]
const MARKS: [&str; 47] = [
    "addyoursecret", "applycookies", "changeit", "changeme", "changethis", "correcthorse",
    "defaultkey", "defaultsecret", "development", "devsecret", "donotcommit", "donotuse",
    "dummykey", "dummysecret", "enteryour", "example", "fakesecret", "fillmein", "generateme",
    "insecure", "insertyour", "keyhere", "keyvault", "letmein", "localhost", "loremipsum",
    "mysecret", "notasecret", "notsecret", "password", "placeholder", "production", "putyour",
    "qwertyui", "redacted", "replaceme", "replacethis", "replacewith", "samplekey",
    "secrethere", "secretkey", "secretsmanager", "supersecret", "testsecret", "topsecret",
    "yourkey", "yoursecret",
];

/// Words of the sentences that placeholders are. A text that they cover by half is one.
/// In order, so that those with the same first letter are together.
#[rustfmt::skip]
const WORDS: [&str; 183] = [
    "abc", "add", "admin", "after", "any", "app", "application", "apps", "are", "at", "auth",
    "bad", "bar", "base", "bash", "basic", "baz", "be", "before", "bit", "bits", "byte",
    "bytes", "change", "char", "characters", "chars", "commit", "common", "company", "config",
    "cookie", "cookies", "core", "correct", "default", "define", "delete", "demo", "deploy",
    "deployment", "dev", "do", "dummy", "edit", "encrypt", "encryption", "enter", "env",
    "environment", "ever", "fake", "file", "fill", "fixme", "foo", "for", "four", "from",
    "generate", "generated", "get", "git", "good", "hello", "here", "hex", "host", "hunter",
    "ignore", "in", "insert", "invalid", "is", "it", "just", "jwt", "key", "keys", "later",
    "least", "letters", "like", "live", "local", "long", "longer", "make", "me", "min",
    "minimum", "must", "my", "name", "need", "needs", "never", "new", "no", "none", "not",
    "now", "null", "of", "old", "on", "one", "only", "or", "our", "own", "pass", "passphrase",
    "passwd", "path", "phrase", "please", "private", "prod", "project", "public", "put", "qux",
    "random", "real", "really", "release", "remove", "replace", "root", "run", "safe", "sample",
    "secret", "secrets", "secure", "server", "service", "session", "set", "shared", "should",
    "sign", "signing", "site", "some", "staging", "string", "strong", "super", "tbd", "temp",
    "temporary", "test", "testing", "tests", "that", "the", "thirty", "this", "three", "to",
    "todo", "token", "true", "two", "unsafe", "unset", "use", "user", "value", "var",
    "variable", "very", "web", "will", "with", "world", "xxx", "xyz", "you", "your", "zero",
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
    let marked = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| ["todo", "TODO", "Todo", "fixme", "FIXME"].contains(&word));
    covered * 2 >= letters.len().max(1) || marked || is_name_of_variable(text)
}

/// `NAME_OF_A_VARIABLE`. A passphrase is not written so.
fn is_name_of_variable(text: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    text.contains('_') && text.bytes().all(is_one) && is_written(text)
}

/// The letters and digits alone, in lower case.
fn letters(text: &str) -> Zeroizing<String> {
    let letters = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    Zeroizing::new(letters)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_words_are_in_order() {
        assert!(super::WORDS.is_sorted());
    }
}
