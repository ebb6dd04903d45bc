//! Minting without a request: an `Issuer`'s tokens contain what it was asked for.

use apply_cookies::protocol::{
    AfterApply, Batch, BindingCookie, BindingPolicy, KeyRing, Lifetime, UntrustedToken,
};
use apply_cookies::{Clock, Issuer, MintOptions, Minted, Seal, Secrets, SetCookie, UnixMillis};

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
const NOW: u64 = 1_795_000_000_000;

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

fn issuer() -> Issuer {
    Issuer::new(Secrets::new(SECRET).unwrap())
        .unwrap()
        .clock(Clock::from_fn(|| at(NOW)))
}

fn ring() -> KeyRing {
    Secrets::new(SECRET).unwrap().into_ring().unwrap()
}

fn batch() -> Batch<'static> {
    Batch::new(SetCookie::new("export", "ready").try_into().unwrap())
}

fn mint(issuer: &Issuer, options: &MintOptions<'_>) -> Minted {
    issuer.mint(&batch(), None, options)
}

#[test]
fn a_token_is_encrypted_and_lives_for_a_minute() {
    let minted = mint(&issuer(), &MintOptions::default());
    assert!(minted.token().as_str().starts_with("e1."));
    assert_eq!(minted.issued_at(), at(NOW));
    assert_eq!(minted.expires_at(), at(NOW + 60_000));
    assert!(!minted.is_barrier());
    assert_eq!(minted.id(), minted.token().id());
    assert!(!format!("{minted:?}").contains(minted.token().as_str()));
}

#[test]
fn seal_and_lifetime_are_those_of_the_issuer() {
    let issuer = issuer()
        .seal(Seal::Signed)
        .lifetime(Lifetime::from_millis(5_000).unwrap())
        .unwrap();
    let minted = mint(&issuer, &MintOptions::default());
    assert!(minted.token().as_str().starts_with("s1."));
    assert_eq!(minted.expires_at(), at(NOW + 5_000));
}

#[test]
fn a_token_is_for_the_browser_of_its_binding() {
    let [own, other] = [1, 2].map(|n| BindingCookie::from_random([n; 32]));
    let token = issuer().mint(&batch(), Some(&own), &MintOptions::default());
    let token = token.into_token().into_string();
    let verified_as = |browser: Option<&BindingCookie>| {
        let (ring, mut buffer) = (ring(), Vec::new());
        let opened = UntrustedToken::new(&token).open(&ring, &mut buffer);
        let verified = opened
            .unwrap()
            .verify(at(NOW), BindingPolicy::Required, browser);
        verified.is_ok()
    };
    assert!(verified_as(Some(&own)));
    assert!(!verified_as(Some(&other)));
    assert!(!verified_as(None));
}

#[test]
fn a_token_minted_after_a_barrier_is_younger() {
    let issuer = issuer();
    let barrier = mint(&issuer, &MintOptions::default().barrier());
    assert!(barrier.is_barrier());
    let later = MintOptions::default().after(barrier.issued_at());
    assert_eq!(mint(&issuer, &later).issued_at(), at(NOW + 1));
    // Time has moved on by itself.
    let long_ago = MintOptions::default().after(at(NOW - 1_000));
    assert_eq!(mint(&issuer, &long_ago).issued_at(), at(NOW));
}

#[test]
fn the_action_travels_sealed() {
    let minted = mint(&issuer(), &MintOptions::default().then(AfterApply::Reload));
    let (ring, mut buffer) = (ring(), Vec::new());
    let opened = UntrustedToken::new(minted.token().as_str()).open(&ring, &mut buffer);
    assert_eq!(opened.unwrap().header().then, Some(AfterApply::Reload));
}

#[test]
fn generated_secrets_are_random_and_pass_their_own_check() {
    let [one, other] = [(); 2].map(|()| Secrets::generate());
    assert_ne!(one, other);
    assert!(Secrets::new(&one).is_ok());
    let foreign = Issuer::new(Secrets::random()).unwrap();
    let token = mint(&foreign, &MintOptions::default()).into_token();
    let (ring, mut buffer) = (ring(), Vec::new());
    assert!(
        UntrustedToken::new(token.as_str())
            .open(&ring, &mut buffer)
            .is_err()
    );
}
