use apply_cookies::protocol::Purpose;
use apply_cookies::replay::Subject;
use apply_cookies::{ApplyCookies, SameSite, Secrets, SetCookie};

use super::cookie::COOKIE_MAX;
use super::*;
use crate::identity::AtProvider;

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(1_800_000_000_000 + millis).unwrap()
}

fn cookies() -> ApplyCookies {
    let builder = ApplyCookies::builder(Secrets::new(SECRET).unwrap());
    builder.origin("https://app.example").build().unwrap()
}

fn session() -> Session {
    let who = Identity::new("password", "ada").unwrap();
    let who = who
        .with_email("ada@example.com", true)
        .with_name("Ada")
        .with_roles(["admin"])
        .with_claim("department", "engines");
    Session {
        id: Bytes([1; 16]),
        since: at(0),
        end: at(43_200_000),
        written: at(5),
        scope: Some(Bytes([2; 16])),
        binding: Bytes([3; 16]),
        credential: Some(Bytes([4; 16])),
        who,
    }
}

fn session_at_provider() -> Session {
    let who = Identity::new("google", "ada").unwrap();
    let there = AtProvider {
        sid: Some("s-1".to_owned()),
        auth_time: Some(1_799_999_000),
        acr: Some("mfa".to_owned()),
        vault: None,
    };
    Session {
        credential: None,
        who: who.with_session_at_provider(there),
        ..session()
    }
}

fn cookie() -> SessionCookie {
    SessionCookie::new(&cookies(), SameSite::Lax, None).unwrap()
}

#[test]
fn a_session_comes_back_as_it_was_and_only_to_its_browser_and_in_its_time() {
    let (cookie, session) = (cookie(), session());
    let sent = cookie.write(&session).unwrap();
    let read = |binding, now| {
        let field = format!("a=b; {}={}", sent.name(), sent.value());
        cookie.read([field.as_bytes()].into_iter(), binding, now)
    };
    let back = read([3; 16], at(10)).unwrap();
    assert_eq!(
        (back.id, back.since, back.end),
        (session.id, session.since, session.end)
    );
    assert_eq!((back.written, back.scope), (session.written, session.scope));
    assert_eq!(back.credential, session.credential);
    assert_eq!(
        (back.who.name(), back.who.roles()),
        ("Ada", &["admin".to_owned()][..])
    );
    assert_eq!(back.who.claim("department").unwrap(), "engines");
    assert!(back.who.email_verified());
    assert!(read([9; 16], at(10)).is_none());
    assert!(read([3; 16], session.end).is_none());
    let idle = Some(std::time::Duration::from_secs(60));
    let idle = SessionCookie::new(&cookies(), SameSite::Lax, idle).unwrap();
    let sent = idle.write(&session).unwrap();
    let read = |now| idle.decode(sent.value().as_bytes(), [3; 16], now);
    assert!(read(at(60_004)).is_some() && read(at(60_005)).is_none());
}

/// Browsers keep these.
#[test]
fn what_a_cookie_has_never_changes() {
    let text = serde_json::to_string(&session()).unwrap();
    assert_eq!(text, IN_COOKIE);
    let back: Session = serde_json::from_str(IN_COOKIE).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), IN_COOKIE);
    let text = serde_json::to_string(&session_at_provider()).unwrap();
    assert!(text.ends_with(AT_PROVIDER), "{text}");
    let back: Session = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
    assert_eq!(back.who.auth_time(), UnixMillis::from_secs(1_799_999_000));
    for broken in [
        IN_COOKIE.replace("AQEBAQEBAQEBAQEBAQEBAQ", "AQEBAQ"),
        IN_COOKIE.replace("1800000000005", "18000000000051800000"),
        IN_COOKIE.replace("\"bind\"", "\"bound\""),
    ] {
        assert!(serde_json::from_str::<Session>(&broken).is_err());
    }
}

const IN_COOKIE: &str = r#"{"sid":"AQEBAQEBAQEBAQEBAQEBAQ","since":1800000000000,"end":1800043200000,"at":1800000000005,"scope":"AgICAgICAgICAgICAgICAg","bind":"AwMDAwMDAwMDAwMDAwMDAw","cred":"BAQEBAQEBAQEBAQEBAQEBA","who":{"p":"password","sub":"ada","email":"ada@example.com","ev":true,"name":"Ada","roles":["admin"],"claims":{"department":"engines"}}}"#;

const AT_PROVIDER: &str =
    r#""who":{"p":"google","sub":"ada","psid":"s-1","auth_time":1799999000,"acr":"mfa"}}"#;

#[test]
fn what_does_not_fit_is_refused_with_the_part_that_is_too_large() {
    let mut session = session();
    session.who = session.who.with_claim("groups", "x".repeat(4_000));
    let refused = cookie().write(&session).unwrap_err();
    assert!(refused.size > COOKIE_MAX);
    assert_eq!(refused.largest, "the claim `groups`");
    let roles = (0..500).map(|number| format!("role-{number}"));
    session.who = self::session().who.with_roles(roles);
    let refused = cookie().write(&session).unwrap_err();
    assert_eq!(refused.largest, "`roles`");
}

#[test]
fn the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let session = session();
    let cookie: SetCookie<'_> = cookie().write(&session).unwrap();
    let line = cookies()
        .classes()
        .operation(cookie)
        .unwrap()
        .to_set_cookie();
    let (_, attributes) = line.split_once("; ").unwrap();
    assert_eq!(
        attributes,
        "Path=/; Max-Age=43200; Secure; HttpOnly; SameSite=Lax"
    );
    assert!(line.starts_with("__Host-signed-in="));
    // Too long to stand in a sealed text by chance, and as it would be in base64.
    assert!(!line.contains("example.com") && !line.contains("ZXhhbXBsZS5jb2"));
}

/// Stores keep these for as long as the longest session.
#[test]
fn digests_of_subjects_never_change() {
    let keys = cookies().purpose_keys(Purpose::Revocation, "");
    let mut unnamed = session_at_provider();
    unnamed.who = (unnamed.who).with_session_at_provider(AtProvider::default());
    let sessions = [session(), session_at_provider(), unnamed];
    let digests = sessions.map(|one| one.check(&keys).subjects);
    let digests = digests.iter().flat_map(Subjects::iter).map(|subject| {
        let kind = match subject {
            Subject::Absolute(_) => "absolute",
            Subject::Timed(_) => "timed",
        };
        let bytes = subject.digest().to_bytes();
        let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
        format!("{kind} {}", digits.collect::<String>())
    });
    assert_eq!(digests.collect::<Vec<_>>(), EXPECTED);
}

/// Of each the id, the binding, and digests made in Python from the text of the rule alone.
const EXPECTED: [&str; 11] = [
    "absolute 01010101010101010101010101010101",
    "timed 03030303030303030303030303030303",
    "timed 940a1eb0e8992b094dd24de5b8e3df8d",
    "absolute 01010101010101010101010101010101",
    "timed 03030303030303030303030303030303",
    "timed d586b128f7c9d72203f6425bb2dd5b3a",
    "absolute e5cabddd6feefd6399f3791dcf3a80bc",
    "absolute 01010101010101010101010101010101",
    "timed 03030303030303030303030303030303",
    "timed d586b128f7c9d72203f6425bb2dd5b3a",
    "timed 2916a70b0cfa3e8ff2d03ea79eb69bef",
];

#[test]
fn five_previous_secrets_fit_into_a_look_up() {
    let mut secrets = Secrets::new(SECRET).unwrap();
    for _ in 0..5 {
        secrets = secrets.previous(&Secrets::generate()).unwrap();
    }
    let keys = secrets.purpose_keys(Purpose::Revocation, "");
    assert_eq!(keys.len(), KEYS_MAX);
    let subjects = session_at_provider().check(&keys).subjects;
    assert_eq!(subjects.iter().count(), Subjects::MAX);
}
