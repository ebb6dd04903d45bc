use apply_cookies::replay::Subject;
use apply_cookies::{ApplyCookies, SameSite, Secrets, SetCookie};

use super::*;

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
        id: [1; 16],
        since: at(0),
        end: at(43_200_000),
        written: at(5),
        scope: Some([2; 16]),
        binding: [3; 16],
        credential: Some(Credential::from_bytes([4; 16])),
        at_provider: None,
        who,
    }
}

fn cookie() -> SessionCookie {
    SessionCookie::new(&cookies(), SameSite::Lax).unwrap()
}

#[test]
fn a_session_comes_back_as_it_was_and_only_to_its_browser_and_in_its_time() {
    let (cookie, session) = (cookie(), session());
    let sent = cookie.write(&session, session.end).unwrap();
    let read = |binding, now| {
        let field = format!("a=b; {}={}", sent.name(), sent.value());
        cookie.read([field.as_bytes()].into_iter(), binding, now)
    };
    let back = read(Some([3; 16]), at(10)).unwrap();
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
    assert_eq!(
        read(Some([9; 16]), at(10)).unwrap_err(),
        Unread::OtherBrowser
    );
    assert_eq!(read(None, at(10)).unwrap_err(), Unread::OtherBrowser);
    assert_eq!(
        read(Some([3; 16]), session.end).unwrap_err(),
        Unread::Unreadable
    );
    let idle = cookie.write(&session, at(60_000)).unwrap();
    let idle = cookie.decode(idle.value().as_bytes(), Some([3; 16]), at(60_000));
    assert_eq!(idle.unwrap_err(), Unread::Unreadable);
}

#[test]
fn what_does_not_fit_is_refused_with_the_part_that_is_too_large() {
    let mut session = session();
    session.who = session.who.with_claim("groups", "x".repeat(4_000));
    let refused = cookie().write(&session, session.end).unwrap_err();
    assert!(refused.size > COOKIE_MAX);
    assert_eq!(refused.largest, "the claim `groups`");
    let roles = (0..500).map(|number| format!("role-{number}"));
    session.who = self::session().who.with_roles(roles);
    let refused = cookie().write(&session, session.end).unwrap_err();
    assert_eq!(refused.largest, "`roles`");
}

#[test]
fn the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let session = session();
    let cookie: SetCookie<'_> = cookie().write(&session, session.end).unwrap();
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
    assert!(!line.contains("ada"));
}

/// Stores keep these for as long as the longest session.
#[test]
fn digests_of_subjects_never_change() {
    let keys = SubjectKeys::new(&cookies()).unwrap();
    let mut session = session();
    session.at_provider = Some("s-1".to_owned());
    let digests: Vec<String> = keys
        .of(&session)
        .iter()
        .map(|subject| {
            let kind = match subject {
                Subject::Absolute(_) => "absolute",
                Subject::Timed(_) => "timed",
            };
            let bytes = subject.digest().to_bytes();
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            format!("{kind} {}", digits.collect::<String>())
        })
        .collect();
    assert_eq!(digests, EXPECTED);
}

/// Made in Python, from the text of the rule alone.
const EXPECTED: [&str; 4] = [
    "absolute d2be5a2321a27d5935cb242f2ff8b099",
    "timed ff0c26cc77042e82e421eac158b074bb",
    "timed 940a1eb0e8992b094dd24de5b8e3df8d",
    "absolute 85b52efb250cba7c965a63d0b8283244",
];

#[test]
fn two_previous_secrets_are_one_too_many() {
    let secrets = |previous: &[&str]| {
        let secrets = Secrets::new(SECRET).unwrap();
        let mut previous = previous.iter();
        previous
            .try_fold(secrets, |secrets, one| secrets.previous(one))
            .unwrap()
    };
    let one = Secrets::generate();
    let two = Secrets::generate();
    let keys = |secrets| {
        let cookies = ApplyCookies::builder(secrets).origin("https://app.example");
        SubjectKeys::new(&cookies.build().unwrap())
    };
    assert_eq!(
        keys(secrets(&[&one]))
            .unwrap()
            .of(&session())
            .iter()
            .count(),
        6
    );
    assert!(keys(secrets(&[&one, &two])).is_err());
}
