//! The promises of tokens, as laws.

mod support;

use apply_cookies_protocol::{
    AfterApply, Batch, Binding, BindingCookie, BindingPolicy, Grant, KeyRing, Lifetime, Nonce,
    RefusedToken, SameOriginPath, Seal, Sealing, Secret, SetCookie, StoreScope, Token, TokenHeader,
    UnixMillis, UntrustedToken, limits, seal,
};
use proptest::prelude::*;
use support::{OTHER_SECRET, SECRET, batch, browser, other_ring, ring};

const NOW: u64 = 1_795_000_000_000;

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

fn sealing() -> impl Strategy<Value = Sealing> {
    prop_oneof![
        Just(Sealing::Signed),
        any::<[u8; 16]>().prop_map(|iv| Sealing::Encrypted { iv }),
    ]
}

prop_compose! {
    fn header()(
        nonce: [u8; 16],
        issued_at in 0..limits::UNIX_MILLIS_MAX - limits::LIFETIME_MAX_MS,
        lifetime in 1..=limits::LIFETIME_MAX_MS,
        scope: Option<[u8; 16]>,
        bound: bool,
        barrier: bool,
        then in proptest::option::of(0..3),
    ) -> TokenHeader<'static> {
        let lifetime = Lifetime::from_millis(lifetime).unwrap();
        let mut header = TokenHeader::new(Nonce::from_random(nonce), at(issued_at), lifetime);
        header.scope = scope.map(StoreScope::from_random);
        header.binding = bound.then(|| Binding::new(&ring(), &browser(1)));
        header.barrier = barrier;
        header.then = then.map(|kind| match kind {
            0 => AfterApply::Reconnect,
            1 => AfterApply::Reload,
            _ => AfterApply::GoTo(SameOriginPath::parse("/inbox?n=1").unwrap()),
        });
        header
    }
}

fn opens(text: &str) -> bool {
    UntrustedToken::new(text)
        .open(&ring(), &mut Vec::new())
        .is_ok()
}

/// A small token, bound to browser 1.
fn token(sealing: Sealing) -> Token {
    let batch = Batch::new(SetCookie::new("session", "8f14e45f").try_into().unwrap());
    let mut header = TokenHeader::new(Nonce::from_random([3; 16]), at(NOW), Lifetime::default());
    header.binding = Some(Binding::new(&ring(), &browser(1)));
    seal(&ring(), sealing, &header, &batch)
}

proptest! {
    #[test]
    fn opening_undoes_sealing(sealing in sealing(), header in header(), batch in batch()) {
        let token = seal(&ring(), sealing, &header, &batch);
        let (ring, mut buffer) = (ring(), Vec::new());
        let opened = UntrustedToken::new(token.as_str()).open(&ring, &mut buffer).unwrap();
        let operations: Vec<_> = opened.operations().map(Result::unwrap).collect();
        prop_assert_eq!(operations, batch.operations());
        prop_assert_eq!(format!("{:?}", opened.header()), format!("{header:?}"));
        prop_assert_eq!(&opened.header().then, &header.then);
        prop_assert_eq!(opened.header().nonce, header.nonce);

        // Sealing again what was read gives the same text: there is one encoding.
        let again = seal(&ring, sealing, opened.header(), &batch);
        prop_assert_eq!(again.as_str(), token.as_str());
    }

    #[test]
    fn every_token_fits_into_the_limit(sealing in sealing(), header in header(), batch in batch()) {
        let token = seal(&ring(), sealing, &header, &batch);
        prop_assert!(token.as_str().len() <= limits::TOKEN_TEXT_MAX);
        prop_assert!(token.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
    }

    #[test]
    fn released_lines_are_those_of_the_operations(sealing in sealing(), header in header(), batch in batch()) {
        let token = seal(&ring(), sealing, &header, &batch);
        let (ring, mut buffer) = (ring(), Vec::new());
        let opened = UntrustedToken::new(token.as_str()).open(&ring, &mut buffer).unwrap();
        let now = header.issued_at;
        let prepared = opened.verify(now, BindingPolicy::Optional, Some(&browser(1))).unwrap().prepare().unwrap();
        let lines = prepared.release(Grant::First);
        let expected: Vec<String> = batch.operations().iter().map(apply_cookies_protocol::Operation::to_set_cookie).collect();
        prop_assert_eq!(lines.iter().collect::<Vec<_>>(), expected.iter().map(String::as_str).collect::<Vec<_>>());
        let (text, ranges) = lines.into_parts();
        prop_assert_eq!(ranges.into_iter().map(|r| text[r].to_owned()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn text_that_was_not_made_here_never_opens(text in "[es]1\\.[A-Za-z0-9_-]{0,400}") {
        prop_assert!(!opens(&text));
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in any::<String>()) {
        prop_assert!(!opens(&text));
    }

    /// Authentic tokens of any bytes: only a holder of the key can make them, and even then
    /// nothing panics and nothing odd is emitted.
    #[test]
    fn any_payload_under_a_good_seal_is_read_or_refused(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        let keys = support::raw::RawKeys::of(SECRET);
        for text in [keys.signed(&payload), keys.encrypted(1, [1; 16], &payload)] {
            let (ring, mut buffer) = (ring(), Vec::new());
            if let Ok(opened) = UntrustedToken::new(&text).open(&ring, &mut buffer) {
                opened.operations().for_each(drop);
            }
        }
    }
}

#[test]
fn any_one_bit_flipped_is_refused() {
    for sealing in [Sealing::Signed, Sealing::Encrypted { iv: [9; 16] }] {
        let good = token(sealing);
        assert!(opens(good.as_str()));
        for at in 0..good.as_str().len() {
            for bit in 0..8 {
                let mut bytes = good.as_str().as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                if let Ok(text) = String::from_utf8(bytes) {
                    assert!(!opens(&text), "byte {at}, bit {bit}");
                }
            }
        }
    }
}

#[test]
fn any_one_bit_flipped_under_the_base64_is_refused() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    for sealing in [Sealing::Signed, Sealing::Encrypted { iv: [9; 16] }] {
        let good = token(sealing);
        let (prefix, body) = good.as_str().split_at(3);
        let body = URL_SAFE_NO_PAD.decode(body).unwrap();
        for bit in 0..body.len() * 8 {
            let mut flipped = body.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let text = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(flipped));
            assert!(!opens(&text), "bit {bit}");
        }
    }
}

#[test]
fn a_token_has_one_text() {
    let good = token(Sealing::Signed);
    let text = good.as_str();
    for other in [
        format!("{text}="),
        format!("{text}=="),
        format!(" {text}"),
        format!("{text}\n"),
        format!("{text}."),
        text.replacen('.', "..", 1),
        text.replacen("s1.", "S1.", 1),
        text.replacen("s1.", "e1.", 1),
        text.replacen("s1.", "s2.", 1),
        text.replacen("s1.", "", 1),
        text[..text.len() - 1].to_owned(),
    ] {
        assert!(!opens(&other));
    }
}

#[test]
fn time_is_judged_to_the_millisecond() {
    let check = |now: u64| {
        let token = token(Sealing::Signed);
        let (ring, mut buffer) = (ring(), Vec::new());
        let opened = UntrustedToken::new(token.as_str())
            .open(&ring, &mut buffer)
            .unwrap();
        opened.check_time(at(now))
    };
    assert_eq!(check(NOW), Ok(()));
    assert_eq!(check(NOW + 59_999), Ok(()));
    assert_eq!(check(NOW + 60_000), Err(RefusedToken::Expired));
    assert_eq!(check(NOW - limits::SKEW_MS), Ok(()));
    assert_eq!(
        check(NOW - limits::SKEW_MS - 1),
        Err(RefusedToken::NotYetValid)
    );
}

#[test]
fn a_bound_token_is_for_its_browser_alone() {
    let verify = |bound: bool, policy: BindingPolicy, browser_cookie: Option<&BindingCookie>| {
        let batch = Batch::new(SetCookie::new("a", "b").try_into().unwrap());
        let mut header =
            TokenHeader::new(Nonce::from_random([3; 16]), at(NOW), Lifetime::default());
        header.binding = bound.then(|| Binding::new(&ring(), &browser(1)));
        let token = seal(&ring(), Sealing::Signed, &header, &batch);
        let (ring, mut buffer) = (ring(), Vec::new());
        let opened = UntrustedToken::new(token.as_str())
            .open(&ring, &mut buffer)
            .unwrap();
        opened.verify(at(NOW), policy, browser_cookie).is_ok()
    };
    let (mine, other) = (browser(1), browser(2));
    assert!(verify(true, BindingPolicy::Required, Some(&mine)));
    assert!(verify(true, BindingPolicy::Optional, Some(&mine)));
    assert!(!verify(true, BindingPolicy::Required, Some(&other)));
    assert!(!verify(true, BindingPolicy::Optional, Some(&other)));
    assert!(!verify(true, BindingPolicy::Required, None));
    assert!(!verify(true, BindingPolicy::Optional, None));
    assert!(!verify(false, BindingPolicy::Required, Some(&mine)));
    assert!(!verify(false, BindingPolicy::Required, None));
    assert!(verify(false, BindingPolicy::Optional, Some(&mine)));
    assert!(verify(false, BindingPolicy::Optional, None));
}

#[test]
fn the_newest_key_seals_and_the_others_verify() {
    let secret = |text| Secret::new(text).unwrap();
    let rotated = KeyRing::new(&secret(OTHER_SECRET), &[secret(SECRET)]).unwrap();
    let open = |ring: &KeyRing, text: &str| {
        UntrustedToken::new(text)
            .open(ring, &mut Vec::new())
            .is_ok()
    };
    let batch = Batch::new(SetCookie::new("a", "b").try_into().unwrap());
    let header = TokenHeader::new(Nonce::from_random([3; 16]), at(NOW), Lifetime::default());
    for sealing in [Sealing::Signed, Sealing::Encrypted { iv: [9; 16] }] {
        let old = seal(&ring(), sealing, &header, &batch);
        let new = seal(&rotated, sealing, &header, &batch);
        assert!(open(&rotated, old.as_str()));
        assert!(open(&rotated, new.as_str()));
        assert!(
            open(&other_ring(), new.as_str()),
            "sealed with the newest key"
        );
        assert!(!open(&ring(), new.as_str()));
        assert!(!open(&other_ring(), old.as_str()));
    }
    assert!(KeyRing::new(&secret(SECRET), &[secret(SECRET)]).is_err());
}

#[test]
fn a_bound_token_survives_a_rotation() {
    let secret = |text| Secret::new(text).unwrap();
    let rotated = KeyRing::new(&secret(OTHER_SECRET), &[secret(SECRET)]).unwrap();
    let old = token(Sealing::Signed);
    let mut buffer = Vec::new();
    let opened = UntrustedToken::new(old.as_str())
        .open(&rotated, &mut buffer)
        .unwrap();
    assert!(
        opened
            .verify(at(NOW), BindingPolicy::Required, Some(&browser(1)))
            .is_ok()
    );
}

#[test]
fn nothing_prints_what_it_must_not() {
    let token = token(Sealing::Encrypted { iv: [9; 16] });
    let ring = ring();
    let mut buffer = Vec::new();
    let opened = UntrustedToken::new(token.as_str())
        .open(&ring, &mut buffer)
        .unwrap();
    let printed = [
        format!("{token:?} {token}"),
        format!("{:?}", UntrustedToken::new(token.as_str())),
        format!(
            "{opened:?} {:?} {:?}",
            opened.header(),
            opened.operations().collect::<Vec<_>>()
        ),
        format!("{ring:?} {:?} {:?}", Secret::new(SECRET), browser(1)),
        format!(
            "{:?}",
            opened
                .verify(at(NOW), BindingPolicy::Required, Some(&browser(1)))
                .unwrap()
        ),
    ]
    .join("\n");
    for secret in [
        token.as_str(),
        &token.as_str()[10..30],
        "8f14e45f",
        SECRET,
        &browser(1).to_text(),
    ] {
        assert!(!printed.contains(secret), "{printed}");
    }
    assert!(printed.contains("token#"));
}

#[test]
fn one_prefix_is_one_seal() {
    for (sealing, prefix, kind) in [
        (Sealing::Signed, "s1.", Seal::Signed),
        (Sealing::Encrypted { iv: [9; 16] }, "e1.", Seal::Encrypted),
    ] {
        let token = token(sealing);
        assert!(token.as_str().starts_with(prefix));
        let (ring, mut buffer) = (ring(), Vec::new());
        assert_eq!(
            UntrustedToken::new(token.as_str())
                .open(&ring, &mut buffer)
                .unwrap()
                .seal(),
            kind
        );
    }
}
