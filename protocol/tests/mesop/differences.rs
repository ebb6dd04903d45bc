//! The cases that are deliberately answered differently from Python. Only these reasons are
//! allowed. (That a payload on which Python crashes is refused is a rule of the tests, not a case.)

use Reason::{
    BrowserDrops, CanonicalBase64, NoInjection, NotJson, OneOfAName, Skew, StrictName, WrongType,
};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason {
    /// A cookie that browsers drop, or a header that servers do not send.
    BrowserDrops,
    /// One text for one value: no padding, no other alphabet, no unused bits, no line end.
    CanonicalBase64,
    /// A name or a domain that adds attributes.
    NoInjection,
    /// `Infinity` is not JSON, so no value that contains it is written or read.
    NotJson,
    /// Two cookies of one name: neither is taken.
    OneOfAName,
    /// Clocks may differ by five seconds.
    Skew,
    /// A name is its exact bytes followed by an equals sign, and one that RFC 9110 allows.
    StrictName,
    /// A value that the class cannot hold reads as absent.
    WrongType,
}

/// File, number of the case in it, reason.
const LIST: [(&str, usize, Reason); 22] = [
    ("apply_tokens", 25, Skew),            // 1 s in the future
    ("apply_tokens", 48, CanonicalBase64), // "=" behind the signature
    ("apply_tokens", 50, CanonicalBase64), // unused bits of the signature
    ("apply_tokens", 69, CanonicalBase64), // "==" behind the payload
    ("cookie_header", 3, StrictName),      // "kc = 3"
    ("cookie_header", 4, StrictName),      // "ka"
    ("cookie_header", 5, StrictName),      // "ka;kb=11"
    ("cookie_header", 14, OneOfAName),     // "ka=11; ka=22"
    ("cookie_header", 24, StrictName),     // "ka = \"x\" ; kb"
    ("cookie_header", 34, StrictName),     // "é=2" in Latin-1
    ("cookieclass_read", 3, WrongType),
    ("cookieclass_read", 12, WrongType),
    ("cookieclass_read", 21, WrongType),
    ("encrypted_values", 26, CanonicalBase64), // standard alphabet
    ("encrypted_values", 28, CanonicalBase64), // line end
    ("json_layout", 3, NotJson),
    ("set_cookie", 19, BrowserDrops), // raw 0x1A
    ("set_cookie", 20, BrowserDrops), // raw 0x1F
    ("set_cookie", 40, NoInjection),  // domain "a;b"
    ("set_cookie", 47, StrictName),   // name "é"
    ("set_cookie", 48, StrictName),   // name "a b"
    ("set_cookie", 49, StrictName),   // name ""
];

/// Checks that exactly the cases of the list are answered differently from Python.
pub(crate) fn check(file: &str, answers: impl IntoIterator<Item = (String, bool)>) {
    let mut wrong = Vec::new();
    for (number, (name, same)) in answers.into_iter().enumerate() {
        let listed = LIST
            .iter()
            .find(|(of, case, _)| *of == file && *case == number);
        match (same, listed) {
            (true, None) | (false, Some(_)) => {}
            (false, None) => wrong.push(format!("{file} {number} ({name}): answered differently")),
            (true, Some((.., reason))) => {
                wrong.push(format!(
                    "{file} {number} ({name}): as Python, yet {reason:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
