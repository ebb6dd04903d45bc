//! Words of texts that stand where a secret should be put.

use zeroize::Zeroizing;

/// Words that no secret contains, wherever they stand and whatever separates their letters.
pub(crate) const MARKS: [&str; 47] = [
    "addyoursecret",
    "applycookies",
    "changeit",
    "changeme",
    "changethis",
    "correcthorse",
    "defaultkey",
    "defaultsecret",
    "development",
    "devsecret",
    "donotcommit",
    "donotuse",
    "dummykey",
    "dummysecret",
    "enteryour",
    "example",
    "fakesecret",
    "fillmein",
    "generateme",
    "insecure",
    "insertyour",
    "keyhere",
    "keyvault",
    "letmein",
    "localhost",
    "loremipsum",
    "mysecret",
    "notasecret",
    "notsecret",
    "password",
    "placeholder",
    "production",
    "putyour",
    "qwertyui",
    "redacted",
    "replaceme",
    "replacethis",
    "replacewith",
    "samplekey",
    "secrethere",
    "secretkey",
    "secretsmanager",
    "supersecret",
    "testsecret",
    "topsecret",
    "yourkey",
    "yoursecret",
];

/// Words of the sentences that placeholders are. A text that they cover by half is one.
pub(crate) const WORDS: &str = "abc add admin after any app application apps are at auth bad bar base \
    bash basic baz be before bit bits bytes byte change char characters chars commit common company \
    config cookie cookies core correct default define delete demo deploy deployment dev do dummy edit \
    encrypt encryption enter env environment ever fake file fill fixme foo for four from generate \
    generated get git good hello here hex host hunter ignore in insert invalid is it jwt just key \
    keys later least letters like live local long longer make me min minimum must my name need needs \
    never new no none not now null of old on one only or our own pass passphrase passwd path phrase \
    please private prod project public put qux random real really release remove replace root run \
    safe sample secret secrets secure server service session set shared should sign signing site some \
    staging strong string super tbd temp temporary test testing tests that the thirty this three to todo \
    token true two unsafe unset use user value var variable very web will with world xxx xyz you your \
    zero";

/// Whether the text contains one of the words that no secret contains.
pub(super) fn has_mark(text: &str) -> bool {
    let letters = letters(text);
    MARKS.iter().any(|mark| letters.contains(mark))
}

/// Whether the text is a note to whoever should set the secret.
pub(super) fn is_note(text: &str) -> bool {
    let letters = letters(text);
    let mut words: Vec<&str> = WORDS.split_whitespace().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let (mut covered, mut rest) = (0, &letters[..]);
    while !rest.is_empty() {
        let word = words.iter().find(|word| rest.starts_with(**word));
        let length = word.map_or(1, |word| word.len());
        covered += word.map_or(0, |word| word.len());
        rest = &rest[length..];
    }
    let marked = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| ["todo", "TODO", "Todo", "fixme", "FIXME"].contains(&word));
    covered * 2 >= letters.len().max(1) || marked
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
