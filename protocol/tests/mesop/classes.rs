//! Cookie classes: their JSON, their names, and how they are read.

use apply_cookies_protocol::mesop::for_tests::write_python_json;
use apply_cookies_protocol::mesop::{MesopKeys, MesopValueCodec, relayout};
use apply_cookies_protocol::{
    ClassCodec, ClassError, CookieClass, CookieHeader, KeyRing, KeyRingError, Protection, Secret,
    UnixMillis, UnreadableReason,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{cases, differences, is_refused, keys, text};

#[derive(Serialize)]
struct Laid {
    t: &'static str,
    n: (),
    b: bool,
    i: u64,
    list: Vec<Option<char>>,
}

#[test]
fn json_is_laid_out_as_by_python() {
    differences::check(
        "json_layout",
        cases("json_layout").iter().map(|case| {
            // Their own text gives the order of keys, which a value here does not keep.
            let written = text(&case["cookieclass_json"]);
            let same = relayout(text(&case["token_json"])) == written
                && serde_json::from_str::<Value>(written).is_ok();
            (written.to_owned(), same)
        }),
    );
    let floats = json!({"f": 1e100, "g": 0.1, "h": 1.0, "i": -0.0, "j": 1e-7});
    assert_eq!(
        write_python_json(&floats).unwrap(),
        r#"{"f": 1e+100, "g": 0.1, "h": 1.0, "i": -0.0, "j": 1e-07}"#,
    );
    let laid = Laid {
        t: "héllo \u{7f}\u{1f600}",
        n: (),
        b: true,
        i: 1_000_000_000_000_000_000,
        list: vec![Some('é'), None],
    };
    assert_eq!(
        write_python_json(&laid).unwrap(),
        r#"{"t": "h\u00e9llo \u007f\ud83d\ude00", "n": null, "b": true, "i": 1000000000000000000, "list": ["\u00e9", null]}"#,
    );
}

/// The class of the vectors.
#[derive(Serialize, Deserialize, Default)]
struct Public {
    #[serde(default)]
    username: String,
    #[serde(default)]
    n: i64,
}

#[test]
fn every_class_is_read_as_by_mesop() {
    differences::check(
        "cookieclass_read",
        cases("cookieclass_read").iter().map(|case| {
            let protection = match text(&case["protection"]) {
                "plain" => Protection::Plain,
                "signed" => Protection::Signed,
                _ => Protection::Encrypted,
            };
            let name = text(&case["cookie_name"]);
            let codec = MesopValueCodec::new(&keys(case), name, protection).unwrap();
            let header = CookieHeader::new([text(&case["cookie_header"]).as_bytes()]);
            let at = UnixMillis::from_secs(1_800_000_000).unwrap();
            let read = codec
                .decode_from(&header, at)
                .and_then(|opened| opened.json::<Public>());
            let decoded = &case["decoded"];
            let same = match read {
                Ok(value) => serde_json::to_value(value).unwrap() == *decoded,
                // Reads as default, whether Mesop does so or crashes.
                Err(_) => is_refused(decoded) || *decoded == case["defaults"],
            };
            (text(&case["what"]).to_owned(), same)
        }),
    );
}

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
const OF_MESOP: &str = "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs";

fn ring() -> KeyRing {
    KeyRing::new(&Secret::new(SECRET).unwrap(), &[]).unwrap()
}

fn ring_with_mesop() -> KeyRing {
    ring()
        .with_mesop(MesopKeys::new(&Secret::from_mesop(OF_MESOP).unwrap()))
        .unwrap()
}

#[derive(CookieClass, Serialize, Deserialize, Debug, PartialEq)]
#[cookie(encrypted, max_age = "1h", profile = "mesop")]
struct SignIn {
    user: String,
    n: f64,
}

#[derive(CookieClass, Serialize, Deserialize, Debug, PartialEq)]
#[cookie(signed, profile = "mesop", name = "sign_in")]
struct Signed {
    user: String,
}

#[derive(CookieClass, Serialize, Deserialize, Debug, PartialEq)]
#[cookie(profile = "mesop")]
struct Theme {
    name: String,
}

#[test]
fn a_class_of_this_profile_is_written_and_read_with_the_keys_of_the_app() {
    let now = UnixMillis::from_secs(1_760_000_000).unwrap();
    let codec = ClassCodec::<SignIn>::new(&ring_with_mesop()).unwrap();
    let value = SignIn {
        user: "ada é".to_owned(),
        n: 1e-7,
    };
    let line = codec.set(&value, now, [4; 16]).unwrap().to_set_cookie();
    assert!(line.starts_with("sign_in=gAAAAA"), "{line}");
    assert!(line.contains("; Max-Age=3600"));
    let sent = line.split(';').next().unwrap().as_bytes();
    let header = CookieHeader::new([sent]);
    let read = codec.read(&header, now).unwrap();
    assert_eq!(*read, value);
    assert_eq!(read.expires_at(), Some(now.plus(3_600_000)));
    let ended = codec.read(&header, now.plus(3_600_000)).unwrap_err();
    assert_eq!(ended.reason(), UnreadableReason::Expired);
    // Rewritten, it ends when it would have ended.
    let again = codec.reissue(&read, now.plus(600_000), [5; 16]).unwrap();
    assert!(again.to_set_cookie().contains("; Max-Age=3000"));

    // What Mesop writes for the same class, by the low-level codec: any layout, any order.
    let keys = MesopKeys::new(&Secret::from_mesop(OF_MESOP).unwrap());
    let theirs = MesopValueCodec::new(&keys, "sign_in", Protection::Encrypted).unwrap();
    let stamp = apply_cookies_protocol::Stamp::new(now, [6; 16]);
    let text = theirs
        .encode(r#"{"n": 2, "extra": [1], "user": "bob"}"#, &stamp)
        .unwrap();
    assert_eq!(codec.decode(text.as_bytes(), now).unwrap().user, "bob");
    let signed = ClassCodec::<Signed>::new(&ring_with_mesop()).unwrap();
    let operation = signed
        .set(
            &Signed {
                user: "ada".to_owned(),
            },
            now,
            [7; 16],
        )
        .unwrap();
    // By itsdangerous: URLSafeSerializer(secret, salt="mesop-cookie-sign_in").
    let line = operation.to_set_cookie();
    assert!(
        line.starts_with("sign_in=IntcInVzZXJcIjogXCJhZGFcIn0i."),
        "{line}"
    );
}

#[test]
fn a_plain_class_is_read_and_its_writing_refused_with_what_to_do() {
    let now = UnixMillis::from_secs(1_760_000_000).unwrap();
    let codec = ClassCodec::<Theme>::new(&ring_with_mesop()).unwrap();
    let header = CookieHeader::new([br#"theme="{\"name\": \"dark\054 please\"}""#.as_slice()]);
    let theme = codec.read(&header, now).unwrap().into_inner();
    assert_eq!(theme.name, "dark, please");
    let error = codec.set(&theme, now, [4; 16]).unwrap_err();
    assert_eq!(error, ClassError::QuotedByMesop);
    assert!(error.to_string().contains("`signed` or `encrypted`"));
    assert!(codec.delete().is_ok());
}

#[test]
fn a_ring_without_the_keys_of_the_app_and_a_secret_in_both_profiles_are_refused() {
    let error = ClassCodec::<SignIn>::new(&ring()).unwrap_err();
    assert_eq!(error, ClassError::NoMesopKeys);
    assert!(error.to_string().contains("with_mesop"));
    for secret in [SECRET, &format!("{SECRET}\n")] {
        let keys = MesopKeys::new(&Secret::from_mesop(secret).unwrap());
        assert_eq!(
            ring().with_mesop(keys).unwrap_err(),
            KeyRingError::SecretOfMesop
        );
    }
    let previous = KeyRing::new(
        &Secret::new(SECRET).unwrap(),
        &[Secret::new(OF_MESOP).unwrap()],
    );
    let keys = MesopKeys::new(&Secret::from_mesop(OF_MESOP).unwrap());
    assert_eq!(
        previous.unwrap().with_mesop(keys).unwrap_err(),
        KeyRingError::SecretOfMesop
    );
}

#[test]
fn weak_secrets_of_an_app_are_refused_too() {
    for weak in [
        "",
        "s",
        "short",
        &"a".repeat(64),
        &"ab".repeat(32),
        "change-me-change-me-please-now-1234",
    ] {
        assert!(Secret::from_mesop(weak).is_err(), "{weak}");
    }
    assert!(Secret::from_mesop("public-secret-0123456789abcdef0123456789abcdef").is_ok());
}
