//! `keys.json`: what is derived from a secret (SPEC §2).

use apply_cookies_protocol::{KeyRing, KeyRingError, Secret, WeakSecret};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::support::raw::RawKeys;
use crate::support::{OTHER_SECRET, SECRET};

/// 32 bytes: the shortest.
const SHORTEST: &str = "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aR";
const LONG: &str = "grüne Ameisen zählen 47 Wolken über dem Hafen";

pub(crate) fn table() -> Value {
    let case = |comment: &str, secret: &str, previous: &[&str], name: &str| json!({ "comment": comment, "secret": secret, "previous_secrets": previous, "name": name });
    let good = |comment: &str, secret: &str, root: &str, name: &str| {
        let named = RawKeys::named(root, name);
        let keys: Map<String, Value> = named
            .into_iter()
            .map(|(info, key)| (info, json!(URL_SAFE_NO_PAD.encode(key))))
            .collect();
        let mut case = case(comment, secret, &[], name);
        case["keys"] = json!(keys);
        case
    };
    let bad = |comment: &str, secret: &str, previous: &[&str], refused: &str| {
        let mut case = case(comment, secret, previous, "session");
        case["refused"] = json!(refused);
        case
    };
    let mut rotated = good(
        "with previous keys, the current one's",
        SECRET,
        SECRET,
        "session",
    );
    rotated["previous_secrets"] = json!([OTHER_SECRET, SHORTEST]);
    json!({
        "comment": "keys of a root secret (SPEC §2), by their info behind apply-cookies/v1/",
        "cases": [
            good("every key", SECRET, SECRET, "session"),
            good("a secret of 32 bytes", SHORTEST, SHORTEST, "session"),
            good("a secret of characters of two bytes", LONG, LONG, "session"),
            good("another cookie", SECRET, SECRET, "__Host-theme"),
            good("a cookie whose name has every mark", SECRET, SECRET, "!#$%&'*+-.^_`|~"),
            good("a name that makes the info longer than 1024 bytes", SECRET, SECRET, &"n".repeat(1200)),
            good("a line end is not part of the secret", &format!("{SECRET}\n"), SECRET, "session"),
            good("as Windows has it", &format!("{SECRET}\r\n"), SECRET, "session"),
            good("one line end is not, a second is", &format!("{SECRET}\n\n"), &format!("{SECRET}\n"), "session"),
            good("a carriage return alone is", &format!("{SECRET}\r"), &format!("{SECRET}\r"), "session"),
            good("a line end in front is", &format!("\n{SECRET}"), &format!("\n{SECRET}"), "session"),
            good("blanks are", &format!(" {SECRET} "), &format!(" {SECRET} "), "session"),
            good("a byte order mark is", &format!("\u{feff}{SECRET}"), &format!("\u{feff}{SECRET}"), "session"),
            rotated,
            bad("empty", "", &[], "too-short"),
            bad("31 bytes", &SHORTEST[1..], &[], "too-short"),
            bad("31 bytes and a line end", &format!("{}\n", &SHORTEST[1..]), &[], "too-short"),
            bad("31 bytes and a line end of two", &format!("{}\r\n", &SHORTEST[1..]), &[], "too-short"),
            bad("a previous one of 31 bytes", SECRET, &[&SHORTEST[1..]], "too-short"),
            bad("the current one as a previous one", SECRET, &[OTHER_SECRET, SECRET], "same-key-id"),
            bad("the current one with a line end", SECRET, &[&format!("{SECRET}\n")], "same-key-id"),
            bad("a previous one twice", SECRET, &[OTHER_SECRET, OTHER_SECRET], "same-key-id"),
        ],
    })
}

pub(crate) fn check(case: &Value) {
    let comment = &case["comment"];
    let secret = |text: &Value| Secret::new(text.as_str().unwrap());
    let previous = case["previous_secrets"].as_array().unwrap();
    let ring = secret(&case["secret"]).and_then(|current| {
        let previous = previous.iter().map(secret).collect::<Result<Vec<_>, _>>()?;
        Ok(KeyRing::new(&current, &previous))
    });
    match (ring, case["refused"].as_str()) {
        (Err(WeakSecret::TooShort { .. }), Some("too-short"))
        | (Ok(Err(KeyRingError::SameKeyId)), Some("same-key-id")) => {}
        (Ok(Ok(ring)), None) => check_keys(case, &ring),
        (ring, _) => panic!("{comment}: {ring:?}"),
    }
}

fn check_keys(case: &Value, ring: &KeyRing) {
    let keys = case["keys"].as_object().unwrap();
    let id = URL_SAFE_NO_PAD
        .decode(keys["key-id//"].as_str().unwrap())
        .unwrap();
    let id = u32::from_be_bytes(id.try_into().unwrap());
    assert_eq!(
        ring.current_id().to_string(),
        format!("{id:08x}"),
        "{}",
        case["comment"]
    );
    #[cfg(feature = "vectors")]
    {
        let derived = apply_cookies_protocol::vectors::keys(ring, case["name"].as_str().unwrap());
        let derived: Map<String, Value> = derived
            .into_iter()
            .map(|(info, key)| (info, json!(URL_SAFE_NO_PAD.encode(key))))
            .collect();
        assert_eq!(&derived, keys, "{}", case["comment"]);
    }
}
