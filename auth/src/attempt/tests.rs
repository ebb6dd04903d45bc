use apply_cookies::{ApplyCookies, Secrets};

use super::*;

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(1_800_000_000_000 + millis).unwrap()
}

fn attempts(secrets: Secrets) -> Attempts {
    let builder = ApplyCookies::builder(secrets).origin("https://app.example");
    Attempts::new(&builder.build().unwrap()).unwrap()
}

fn ours() -> Attempts {
    attempts(Secrets::new(SECRET).unwrap())
}

fn begin(attempts: &Attempts, now: UnixMillis) -> Begun {
    attempts.begin(Attempt::with("google", now), now).unwrap()
}

fn sent(begun: &Begun) -> String {
    format!("{}={}", begun.cookie.name(), begun.cookie.value())
}

fn proved(attempts: &Attempts, state: &str, field: &str) -> Option<Proof> {
    let attempt = attempts.open(state, at(5)).unwrap();
    attempts.prove(&attempt, [field.as_bytes()].into_iter())
}

#[test]
fn an_attempt_is_proved_by_its_own_cookie_alone() {
    let attempts = ours();
    let (one, other) = (begin(&attempts, at(0)), begin(&attempts, at(0)));
    assert!(one.cookie.name().starts_with("__Host-sign-in-"));
    assert_eq!(sent(&one).len(), 67);
    let proof = proved(&attempts, &one.state, &sent(&one)).unwrap();
    assert_eq!(*proof.verifier, *one.proof.verifier);
    assert_eq!(*proof.nonce, *one.proof.nonce);
    assert!(proof.claim == one.proof.claim && proof.claim != other.proof.claim);
    assert_eq!((proof.verifier.len(), proof.challenge().len()), (43, 43));
    let doubled = format!("{}; {0}", sent(&one));
    let renamed = format!("{}={}", one.cookie.name(), other.cookie.value());
    let cut = sent(&one)[..60].to_owned();
    for field in ["", &sent(&other), &doubled, &renamed, &cut] {
        assert!(proved(&attempts, &one.state, field).is_none(), "{field}");
    }
}

#[test]
fn a_state_is_opened_by_its_deployment_alone_and_outlives_a_rotation_of_the_secret() {
    let begun = begin(&ours(), at(0));
    let rotated = Secrets::random().previous(SECRET).unwrap();
    let proof = proved(&attempts(rotated), &begun.state, &sent(&begun)).unwrap();
    assert_eq!(*proof.verifier, *begun.proof.verifier);
    let state = &begun.state;
    assert!(attempts(Secrets::random()).open(state, at(0)).is_none());
    for at_byte in 0..state.len() {
        let mut bytes = state.clone().into_bytes();
        bytes[at_byte] = if bytes[at_byte] == b'A' { b'B' } else { b'A' };
        let broken = String::from_utf8(bytes).unwrap();
        assert!(ours().open(&broken, at(0)).is_none(), "{at_byte}");
    }
    assert!(!state.contains("google") && !state.contains("Z29vZ2xl"));
}

#[test]
fn the_longest_state_fits_into_an_address_and_what_is_longer_goes_to_the_front_page() {
    let attempts = ours();
    let mut attempt = Attempt::with(&"p".repeat(64), at(0));
    let id = Some(crate::session::Bytes([9; 16]));
    (attempt.claims, attempt.revocations) = (id, id);
    (attempt.binding, attempt.popup) = (id, id);
    attempt.had = id;
    attempt.to = "/".repeat(900);
    let begun = attempts.begin(attempt.clone(), at(0)).unwrap();
    assert!(begun.state.len() <= STATE_MAX, "{}", begun.state.len());
    let opened = attempts.open(&begun.state, at(0)).unwrap();
    assert_eq!((opened.to.len(), opened.restarts), (900, 0));
    attempt.to = "/".repeat(1024);
    attempt.step_up.acr = vec!["a".repeat(512)];
    let begun = attempts.begin(attempt.clone(), at(0)).unwrap();
    assert!(begun.state.len() <= STATE_MAX);
    assert_eq!(attempts.open(&begun.state, at(0)).unwrap().to, "");
    attempt.step_up.acr = vec!["a".repeat(1_500)];
    assert!(attempts.begin(attempt, at(0)).is_none());
}

#[test]
fn of_twenty_attempts_the_oldest_goes_and_what_is_not_known_to_be_young_goes_first() {
    let attempts = ours();
    let mut begun: Vec<_> = (0..19).rev().map(|n| begin(&attempts, at(n))).collect();
    let excess = |begun: &[Begun], more: &str, now| {
        let field = begun.iter().map(sent).collect::<Vec<_>>().join("; ");
        let field = format!("a=b; {field}{more}");
        attempts.in_excess([field.as_bytes()].into_iter(), now)
    };
    assert!(excess(&begun, "", at(30)).is_empty());
    let planted = "; __Host-sign-in-AAAAAAAA=AAAA; __Host-sign-in-1=x; __Host-sign-in-toolong99=x";
    assert_eq!(excess(&begun, planted, at(30)), ["__Host-sign-in-AAAAAAAA"]);
    begun.insert(7, begin(&attempts, at(20)));
    let oldest = begun.last().unwrap().cookie.name().to_owned();
    assert_eq!(excess(&begun, "", at(30)), [oldest]);
    let old = begin(&attempts, at(0).minus(ATTEMPT_MS + 60_000));
    let name = old.cookie.name().to_owned();
    begun[3] = old;
    assert_eq!(excess(&begun, "", at(30)), [name]);
}
