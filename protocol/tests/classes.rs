//! The promise of a cookie class: values that were written are read, and nothing else is.

#![allow(
    clippy::items_after_statements,
    reason = "a class stands beside the assertion that it is for"
)]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use apply_cookies_protocol::{
    Class, ClassCodec, ClassError, CookieClass, CookieHeader, Field, KeyRing, Operation,
    Protection, ReadCookie, Rule, Scheme, Secret, SetCookie, Stamp, UnixMillis, Unreadable,
    UnreadableReason as Reason, ValueCodec,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use support::{OTHER_SECRET, SECRET};

const NOW: u64 = 1_800_000_000_000;

#[derive(CookieClass, Serialize, Deserialize, Debug, PartialEq, Default, Clone)]
#[cookie(encrypted, max_age = "1h", same_site = "Strict")]
struct Session {
    username: String,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(CookieClass, Serialize, Deserialize, Debug, PartialEq, Default)]
#[cookie(signed, name = "session", prefix = "host", max_age = 60)]
struct Signed {
    n: f64,
}

#[derive(CookieClass, Serialize, Deserialize, Debug, PartialEq)]
#[cookie(
    path = "/app",
    domain = "app.example",
    secure = false,
    http_only = false,
    same_site = "Lax"
)]
struct ThemeChoice {
    dark: bool,
    size: Option<u8>,
}

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

fn ring_of(current: &str, previous: &[&str]) -> KeyRing {
    let secret = |text: &str| Secret::new(text).unwrap();
    let previous: Vec<Secret> = previous.iter().map(|text| secret(text)).collect();
    KeyRing::new(&secret(current), &previous).unwrap()
}

fn ring() -> KeyRing {
    ring_of(SECRET, &[])
}

fn codec<C: CookieClass>() -> ClassCodec<C> {
    ClassCodec::new(&ring()).unwrap()
}

fn set<C: CookieClass>(value: &C) -> Operation<'static> {
    codec().set(value, at(NOW), [7; 16]).unwrap()
}

/// `name=value`, as the browser sends it back.
fn sent(operation: &Operation<'_>) -> String {
    let line = operation.to_set_cookie();
    line.split(';').next().unwrap().to_owned()
}

fn value(operation: &Operation<'_>) -> String {
    sent(operation).split_once('=').unwrap().1.to_owned()
}

fn read<C: CookieClass>(header: &str, now: u64) -> Result<ReadCookie<C>, Unreadable> {
    codec().read(&CookieHeader::new([header.as_bytes()]), at(now))
}

fn reason<C: CookieClass>(header: &str) -> Reason {
    read::<C>(header, NOW).expect_err(header).reason()
}

/// A value under the protection of a class, made from bytes that its type may not be able to hold.
fn forged_by_us<C: CookieClass>(bytes: &[u8]) -> String {
    let codec = ValueCodec::new(&ring(), C::CLASS.name(), C::CLASS.protection()).unwrap();
    let text = codec.encode(bytes, &Stamp::new(at(NOW), [9; 16]));
    format!("{}={text}", C::CLASS.name())
}

/// Like `forged_by_us`, with an end, as a class with an age writes it.
fn with_end<C: CookieClass>(bytes: &[u8], end: u64) -> String {
    let codec = ValueCodec::new(&ring(), C::CLASS.name(), C::CLASS.protection()).unwrap();
    let stamp = Stamp::new(at(NOW), [9; 16]).expires_at(at(end));
    format!("{}={}", C::CLASS.name(), codec.encode(bytes, &stamp))
}

fn session() -> Session {
    Session {
        username: "ada; é \"%\" \\".to_owned(),
        roles: vec!["admin".to_owned()],
    }
}

#[test]
fn what_is_written_is_read_at_every_protection() {
    let cookies = [
        sent(&set(&session())),
        sent(&set(&Signed { n: -0.5 })),
        sent(&set(&ThemeChoice {
            dark: true,
            size: None,
        })),
    ];
    let header = cookies.join("; ");
    assert_eq!(*read::<Session>(&header, NOW).unwrap(), session());
    assert_eq!(*read::<Signed>(&header, NOW).unwrap(), Signed { n: -0.5 });
    assert!(read::<ThemeChoice>(&header, NOW).unwrap().dark);
}

#[test]
fn the_attributes_are_those_of_the_class() {
    let line = |operation: &Operation<'_>| {
        let line = operation.to_set_cookie();
        line.split_once("; ").unwrap().1.to_owned()
    };
    assert_eq!(
        line(&set(&session())),
        "Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict"
    );
    let theme = set(&ThemeChoice {
        dark: true,
        size: Some(3),
    });
    assert_eq!(
        theme.to_set_cookie(),
        "theme_choice={%22dark%22:true%2C%22size%22:3}; Path=/app; Domain=app.example; SameSite=Lax"
    );
    let gone = codec::<ThemeChoice>().delete().unwrap();
    assert_eq!(
        gone.to_set_cookie(),
        "theme_choice=; Path=/app; Domain=app.example; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly"
    );
    assert_eq!(gone.key(), theme.key());
    assert_eq!(gone.key(), ThemeChoice::CLASS.key(Scheme::Https));
    assert_eq!(Signed::CLASS.name(), "__Host-session");
}

#[test]
fn a_value_ends_with_its_age_also_for_a_client_that_keeps_it() {
    let cookie = sent(&set(&session()));
    assert!(read::<Session>(&cookie, NOW + 3_599_999).is_ok());
    assert_eq!(
        read::<Session>(&cookie, NOW + 3_600_000)
            .unwrap_err()
            .reason(),
        Reason::Expired
    );
    assert_eq!(
        read::<Session>(&cookie, NOW).unwrap().expires_at(),
        Some(at(NOW + 3_600_000))
    );
}

#[test]
fn a_value_under_another_name_class_or_protection_is_refused() {
    #[derive(CookieClass, Serialize, Deserialize)]
    #[cookie(encrypted)]
    struct Other {
        username: String,
    }
    #[derive(CookieClass, Serialize, Deserialize)]
    #[cookie(signed, name = "session")]
    struct SignedSession {
        username: String,
    }
    #[derive(CookieClass, Serialize, Deserialize)]
    #[cookie(name = "session")]
    struct PlainSession {
        username: String,
    }
    let stolen = value(&set(&session()));
    assert_eq!(reason::<Other>(&format!("other={stolen}")), Reason::Forged);
    assert_eq!(
        reason::<SignedSession>(&format!("session={stolen}")),
        Reason::Malformed
    );
    // Nor by exchanging the prefix.
    let renamed = stolen.replacen("ce1.", "cs1.", 1);
    assert_eq!(
        reason::<SignedSession>(&format!("session={renamed}")),
        Reason::Forged
    );
    // A plain value never passes for a protected one.
    assert_eq!(
        reason::<PlainSession>(&format!("session={stolen}")),
        Reason::NotJson
    );
    assert_eq!(
        reason::<Session>("session={%22username%22:%22admin%22}"),
        Reason::Malformed
    );
}

#[test]
fn json_that_the_class_cannot_hold_reads_as_absent_and_says_where() {
    let deep = format!("{}{}", "[".repeat(3000), "]".repeat(3000));
    let bomb = format!(r#"{{"username":{}"#, "[".repeat(2800));
    for (json, reason, field) in [
        (r#"{"username":5}"#, Reason::WrongType, Some("username")),
        (r#"{"username":null}"#, Reason::WrongType, Some("username")),
        (
            r#"{"username":"a","roles":["b",1]}"#,
            Reason::WrongType,
            Some("roles[1]"),
        ),
        (
            r#"{"username":"a","roles":{}}"#,
            Reason::WrongType,
            Some("roles"),
        ),
        (r#"{"roles":[]}"#, Reason::WrongType, None),
        ("null", Reason::WrongType, None),
        ("true", Reason::WrongType, None),
        ("5", Reason::WrongType, None),
        (r#""a""#, Reason::WrongType, None),
        (r#"["a",[]]"#, Reason::WrongType, None),
        ("[]", Reason::WrongType, None),
        (
            r#"{"username":"a","username":"b"}"#,
            Reason::DuplicateKey,
            None,
        ),
        (
            r#"{"username":"a","\u0075sername":"b"}"#,
            Reason::DuplicateKey,
            None,
        ),
        (
            r#"{"username":"a","x":{"y":1,"y":2}}"#,
            Reason::DuplicateKey,
            None,
        ),
        (r#"{"username":NaN}"#, Reason::NotJson, None),
        (r#"{"username":1e400}"#, Reason::NotJson, None),
        (r#"{"username":"a"}x"#, Reason::NotJson, None),
        (r#"{"username":"a""#, Reason::NotJson, None),
        (r"{'username':'a'}", Reason::NotJson, None),
        ("", Reason::NotJson, None),
        ("\u{feff}{}", Reason::NotJson, None),
        (&bomb, Reason::TooDeep, None),
        (
            r#"{"username":"a","x":[[[[[[[[1]]]]]]]]}"#,
            Reason::TooDeep,
            None,
        ),
    ] {
        let cookie = with_end::<Session>(json.as_bytes(), NOW + 1);
        let error = read::<Session>(&cookie, NOW).expect_err(json);
        assert_eq!(error.reason(), reason, "{json}");
        assert_eq!(error.field(), field, "{json}");
    }
    let plain = format!("theme_choice={deep}");
    assert_eq!(reason::<ThemeChoice>(&plain), Reason::TooLong);
    let plain = format!("theme_choice={}", &deep[..4000]);
    assert_eq!(reason::<ThemeChoice>(&plain), Reason::TooDeep);
    let not_text = with_end::<Session>(b"{\"username\":\"\xff\"}", NOW + 1);
    assert_eq!(reason::<Session>(&not_text), Reason::NotJson);
}

#[test]
fn space_around_json_is_no_fault() {
    let cookie = with_end::<Session>(b" {\"username\" : \"ada\"}\n ", NOW + 1);
    assert_eq!(read::<Session>(&cookie, NOW).unwrap().username, "ada");
}

#[test]
fn nothing_of_a_value_is_in_the_reason_either() {
    #[derive(CookieClass, Serialize, Deserialize)]
    #[cookie(signed)]
    struct Scores {
        by_name: BTreeMap<String, Vec<u8>>,
    }
    let json = br#"{"by_name":{"hunter2":["x"]}}"#;
    let error = read::<Scores>(&forged_by_us::<Scores>(json), NOW).unwrap_err();
    assert_eq!(error.field(), Some("by_name"));
    assert!(!format!("{error} {error:?}").contains("hunter2"));

    #[derive(CookieClass, Serialize, Deserialize)]
    #[cookie(signed)]
    struct Open {
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }
    let error = read::<Open>(&forged_by_us::<Open>(br#"{"hunter2":"x"}"#), NOW).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn unknown_fields_are_ignored_and_missing_ones_take_their_default() {
    let cookie = with_end::<Session>(br#"{"username":"ada","later":[{"a":1}]}"#, NOW + 1);
    let session = read::<Session>(&cookie, NOW).unwrap();
    assert_eq!(session.username, "ada");
    assert_eq!(session.roles, [""; 0]);
    assert_eq!(session.expires_at(), Some(at(NOW + 1)));
}

#[test]
fn none_and_two_cookies_of_the_name_are_told_apart() {
    let cookie = sent(&set(&session()));
    assert_eq!(reason::<Session>("a=b"), Reason::Absent);
    assert_eq!(
        reason::<Session>(&format!("{cookie}; {cookie}")),
        Reason::Duplicate
    );
    for spelling in ["%73ession=", "\u{2000}session=", "SESSION=", "session ="] {
        let forged = cookie.replacen("session=", spelling, 1);
        assert_eq!(reason::<Session>(&forged), Reason::Absent, "{spelling}");
        assert!(read::<Session>(&format!("{forged}; {cookie}"), NOW).is_ok());
    }
}

#[test]
fn a_value_that_could_not_be_read_back_is_refused_when_written() {
    #[derive(CookieClass, Serialize, Deserialize)]
    struct Nested {
        inner: serde_json::Value,
    }
    #[derive(CookieClass, Deserialize)]
    struct Contradiction {
        #[allow(dead_code)]
        a: u8,
    }
    impl Serialize for Contradiction {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str("a string")
        }
    }
    fn refused<C: CookieClass>(value: &C) -> Reason {
        match codec().set(value, at(NOW), [7; 16]) {
            Err(ClassError::Unreadable(why)) => why.reason(),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused(&Signed { n: f64::NAN }), Reason::WrongType);
    assert_eq!(refused(&Signed { n: f64::INFINITY }), Reason::WrongType);
    assert_eq!(refused(&Contradiction { a: 1 }), Reason::WrongType);
    #[derive(CookieClass, Serialize, Deserialize)]
    #[cookie(encrypted)]
    struct Hidden {
        n: f64,
    }
    assert_eq!(refused(&Hidden { n: f64::NAN }), Reason::WrongType);
    // The outermost object counts, so seven lists are the most.
    let deepest = |lists: usize| {
        let json = format!("{{\"inner\":{}{}}}", "[".repeat(lists), "]".repeat(lists));
        serde_json::from_str::<Nested>(&json).unwrap()
    };
    assert!(codec().set(&deepest(7), at(NOW), [7; 16]).is_ok());
    assert_eq!(refused(&deepest(8)), Reason::TooDeep);
}

#[test]
fn a_cookie_that_is_too_large_is_refused_with_the_sizes() {
    let session = |length: usize| Session {
        username: "x".repeat(length),
        roles: Vec::new(),
    };
    let write = |length| codec().set(&session(length), at(NOW), [7; 16]);
    let (mut most, mut too_many) = (0, 4096);
    while too_many - most > 1 {
        let middle = usize::midpoint(most, too_many);
        if write(middle).is_ok() {
            most = middle;
        } else {
            too_many = middle;
        }
    }
    let size = sent(&write(most).unwrap()).len() - "=".len();
    assert!((4070..=4096).contains(&size), "{size}");
    let Err(ClassError::Invalid(error)) = write(too_many) else {
        panic!("not refused");
    };
    assert_eq!(error.field(), Field::Value);
    let Rule::TooLong { actual, max } = error.rule() else {
        panic!("{error}");
    };
    assert!(actual > max && max == 4096);
    assert_eq!(
        error.to_string(),
        format!(
            "value: {actual} bytes are too many, at most 4096 fit (of name and encoded value together)"
        )
    );
}

#[test]
fn a_value_of_a_previous_key_is_read_and_can_be_written_anew() {
    let old = ClassCodec::<Session>::new(&ring_of(OTHER_SECRET, &[])).unwrap();
    let new = ClassCodec::<Session>::new(&ring_of(SECRET, &[OTHER_SECRET])).unwrap();
    let cookie = sent(&old.set(&session(), at(NOW), [1; 16]).unwrap());
    let header = CookieHeader::new([cookie.as_bytes()]);

    let read = new.read(&header, at(NOW + 600_000)).unwrap();
    assert_eq!(*read, session());
    assert!(read.is_under_previous_key());

    let again = new.reissue(&read, at(NOW + 600_500), [2; 16]).unwrap();
    // The end stays: a rotation extends nothing.
    assert!(again.to_set_cookie().contains("; Max-Age=2999; "));
    let cookie = sent(&again);
    let header = CookieHeader::new([cookie.as_bytes()]);
    let read = codec::<Session>().read(&header, at(NOW + 600_500)).unwrap();
    assert_eq!(*read, session());
    assert!(!read.is_under_previous_key());
    assert_eq!(read.expires_at(), Some(at(NOW + 3_600_000)));

    // Less than a second before the end nothing is written that would delete a newer cookie.
    let late = new.reissue(&read, at(NOW + 3_599_001), [2; 16]);
    assert!(matches!(late, Err(ClassError::Unreadable(why)) if why.reason() == Reason::Expired));
    assert!(new.reissue(&read, at(NOW + 3_599_000), [2; 16]).is_ok());

    // Written by a clock that is ahead: the age is the class's, which may be the longest there is.
    let ahead = sent(&old.set(&session(), at(NOW + 5_000), [1; 16]).unwrap());
    let read = new
        .read(&CookieHeader::new([ahead.as_bytes()]), at(NOW))
        .unwrap();
    let again = new.reissue(&read, at(NOW), [2; 16]).unwrap();
    assert!(again.to_set_cookie().contains("; Max-Age=3600; "));

    // Once the old key has left the ring, so have its cookies.
    let error = codec::<Session>()
        .decode(
            value(&old.set(&session(), at(NOW), [1; 16]).unwrap()).as_bytes(),
            at(NOW),
        )
        .unwrap_err();
    assert_eq!(error.reason(), Reason::UnknownKey);
}

#[test]
fn a_shorter_age_holds_for_values_that_are_out_already() {
    let json = br#"{"username":"ada"}"#;
    let within = with_end::<Session>(json, NOW + 3_605_000);
    assert!(read::<Session>(&within, NOW).is_ok());
    for cookie in [
        with_end::<Session>(json, NOW + 3_605_001),
        forged_by_us::<Session>(json),
    ] {
        assert_eq!(reason::<Session>(&cookie), Reason::Expired);
    }
}

#[test]
fn an_age_counts_in_whole_seconds() {
    #[derive(Serialize, Deserialize)]
    struct ByHand {}
    impl CookieClass for ByHand {
        const CLASS: Class =
            Class::new("by_hand", Protection::Signed).max_age(Duration::from_millis(1999));
    }
    let operation = set(&ByHand {});
    assert!(operation.to_set_cookie().contains("; Max-Age=1; "));
    let cookie = sent(&operation);
    assert!(read::<ByHand>(&cookie, NOW + 999).is_ok());
    assert!(read::<ByHand>(&cookie, NOW + 1000).is_err());
}

#[test]
fn attributes_that_few_classes_have() {
    #[derive(CookieClass, Serialize, Deserialize)]
    #[cookie(partitioned, prefix = "host", path = "/", same_site = "None")]
    struct r#Match {
        r#type: u8,
    }
    let operation = set(&r#Match { r#type: 1 });
    assert_eq!(
        operation.to_set_cookie(),
        "__Host-match={%22type%22:1}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
    );
    let gone = codec::<r#Match>().delete().unwrap();
    assert!(gone.to_set_cookie().ends_with("; Partitioned"));
    // Endless values are written anew with the class's age, or none.
    let read = read::<r#Match>(&sent(&operation), NOW).unwrap();
    let again = codec().reissue(&read, at(NOW), [1; 16]).unwrap();
    assert_eq!(again, operation);
}

#[test]
fn a_plain_value_starts_its_age_anew_when_written_anew() {
    #[derive(CookieClass, Serialize, Deserialize)]
    #[cookie(max_age = "1h")]
    struct Theme {
        dark: bool,
    }
    let read = read::<Theme>("theme={%22dark%22:true}", NOW).unwrap();
    let again = codec().reissue(&read, at(NOW), [1; 16]).unwrap();
    assert!(again.to_set_cookie().contains("; Max-Age=3600; "));
}

#[test]
fn one_buffer_serves_many_values() {
    let codec = ValueCodec::plain("a").unwrap();
    let mut buffer = Vec::new();
    for value in ["first and long", "second", ""] {
        let text = codec.encode(value.as_bytes(), &Stamp::new(at(NOW), [0; 16]));
        let opened = codec.decode(text.as_bytes(), at(NOW), &mut buffer).unwrap();
        assert_eq!(opened.bytes(), value.as_bytes());
    }
    let twice = CookieHeader::new([b"a=1; a=2".as_slice()]);
    let error = codec.decode_from(&twice, at(NOW), &mut buffer).unwrap_err();
    assert_eq!(error.reason(), Reason::Duplicate);
}

#[test]
fn nothing_of_a_value_is_shown() {
    let secret = Session {
        username: "hunter2".to_owned(),
        roles: Vec::new(),
    };
    let operation = set(&secret);
    let text = value(&operation);
    let read = read::<Session>(&sent(&operation), NOW).unwrap();
    let mut buffer = Vec::new();
    let low = ValueCodec::new(&ring(), "session", Protection::Encrypted).unwrap();
    let opened = low.decode(text.as_bytes(), at(NOW), &mut buffer).unwrap();
    let wrong = with_end::<Session>(br#"{"username":"a","roles":"hunter2"}"#, NOW + 1);
    let error = codec::<Session>()
        .read(&CookieHeader::new([wrong.as_bytes()]), at(NOW))
        .unwrap_err();
    let shown = format!("{read:?} {opened:?} {operation:?} {low:?} {error:?} {error}");
    assert!(
        !shown.contains("hunter2") && !shown.contains(&text),
        "{shown}"
    );
}

fn protection() -> impl Strategy<Value = Protection> {
    prop_oneof![
        Just(Protection::Plain),
        Just(Protection::Signed),
        Just(Protection::Encrypted)
    ]
}

proptest! {
    #[test]
    fn any_bytes_come_back_from_a_value(
        protection in protection(), name in "[a-z_]{1,20}",
        bytes in proptest::collection::vec(any::<u8>(), 0..600), iv: [u8; 16],
    ) {
        let codec = ValueCodec::new(&ring(), name.clone(), protection).unwrap();
        let text = codec.encode(&bytes, &Stamp::new(at(NOW), iv).expires_at(at(NOW + 1)));
        prop_assert!(Operation::try_from(SetCookie::new(name, text.clone())).is_ok());
        let mut buffer = Vec::new();
        let opened = codec.decode(text.as_bytes(), at(NOW), &mut buffer).unwrap();
        prop_assert_eq!(opened.bytes(), &bytes);
    }

    #[test]
    fn one_character_changed_anywhere_is_refused(
        encrypted: bool, bytes in proptest::collection::vec(any::<u8>(), 0..60),
        at_index in any::<prop::sample::Index>(), other in "[ -~]",
    ) {
        let protection = if encrypted { Protection::Encrypted } else { Protection::Signed };
        let codec = ValueCodec::new(&ring(), "a", protection).unwrap();
        let text = codec.encode(&bytes, &Stamp::new(at(NOW), [3; 16]));
        let index = at_index.index(text.len());
        prop_assume!(text[index..=index] != other);
        let mut changed = text.clone();
        changed.replace_range(index..=index, &other);
        let mut buffer = Vec::new();
        prop_assert!(codec.decode(changed.as_bytes(), at(NOW), &mut buffer).is_err());
        for length in 0..text.len() {
            let mut buffer = Vec::new();
            let cut = &text.as_bytes()[..length];
            prop_assert!(codec.decode(cut, at(NOW), &mut buffer).is_err());
        }
    }

    #[test]
    fn any_float_comes_back_to_the_bit(n: f64, unit in 0.0..1.0_f64) {
        for n in [n, unit] {
            let read = read::<Signed>(&sent(&set(&Signed { n })), NOW).unwrap();
            prop_assert_eq!(read.n.to_bits(), n.to_bits());
        }
    }

    #[test]
    fn any_session_comes_back(username: String, roles: Vec<String>) {
        let session = Session { username, roles };
        match codec().set(&session, at(NOW), [7; 16]) {
            Ok(operation) => {
                let read = read::<Session>(&sent(&operation), NOW).unwrap();
                prop_assert_eq!(&*read, &session);
            }
            Err(error) => prop_assert!(matches!(error, ClassError::Invalid(_)), "{}", error),
        }
    }

    #[test]
    fn any_bytes_in_a_cookie_are_read_without_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200), json in "[\\[\\]{}\":,a-c0-9.eE+ n-]{0,60}",
    ) {
        for bytes in [&bytes[..], json.as_bytes()] {
            let header = [b"session=", bytes].concat();
            let header = CookieHeader::new([&header[..]]);
            let _ = codec::<Session>().read(&header, at(NOW));
            let header = with_end::<Session>(bytes, NOW + 1);
            let _ = read::<Session>(&header, NOW);
            let _ = codec::<ThemeChoice>().decode(bytes, at(NOW));
        }
    }
}

#[test]
fn names_that_browsers_drop_have_no_codec() {
    let long = "n".repeat(70_000);
    for name in ["", "a b", "__Host-apply-cookies", "%5F%5FHost-x", &long] {
        assert!(ValueCodec::new(&ring(), name, Protection::Signed).is_err());
        assert!(ValueCodec::plain(name).is_err());
    }
}
