//! A token made here opens with the same content, and has one text; with one byte changed, or any
//! other bytes under its key id, it does not open.

use apply_cookies_protocol::{
    Binding, BindingCookie, Lifetime, Nonce, Sealing, StoreScope, TokenHeader, UntrustedToken, seal,
};
use arbitrary::Arbitrary;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Damage;
use crate::draft::{Draft, batch};
use crate::ring::{NOW, RING};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    iv: Option<[u8; 16]>,
    nonce: [u8; 16],
    scope: Option<[u8; 16]>,
    bound: bool,
    barrier: bool,
    lifetime: u32,
    damage: Damage,
    forged: &'a [u8],
    drafts: Vec<Draft<'a>>,
}

pub fn opening(data: &[u8]) {
    let Some(input) = crate::input::<Input<'_>>(data) else {
        return;
    };
    let ordinary = Draft {
        delete: false,
        name: "session",
        value: "8f14e45f",
        path: Some("/"),
        domain: None,
        max_age: None,
        secure: true,
        http_only: true,
        partitioned: false,
        same_site: None,
    };
    let batch = batch(&input.drafts)
        .or_else(|| batch(&[ordinary]))
        .expect("one is good");
    let lifetime = Lifetime::from_millis(input.lifetime.into()).unwrap_or_default();
    let mut header = TokenHeader::new(Nonce::from_random(input.nonce), NOW, lifetime);
    header.scope = input.scope.map(StoreScope::from_random);
    header.barrier = input.barrier;
    if input.bound {
        header.binding = Some(Binding::new(&RING, &BindingCookie::from_random([1; 32])));
    }
    let sealing = match input.iv {
        Some(iv) => Sealing::Encrypted { iv },
        None => Sealing::Signed,
    };
    let token = seal(&RING, sealing, &header, &batch);

    let mut buffer = Vec::new();
    let opened = UntrustedToken::new(token.as_str())
        .open(&RING, &mut buffer)
        .expect("made here");
    assert_eq!(opened.header().expires_at, header.expires_at);
    assert_eq!(
        seal(&RING, sealing, opened.header(), &batch).as_str(),
        token.as_str()
    );
    assert!(opened.check_time(NOW).is_ok());

    let (prefix, text) = token.as_str().split_at("e1.".len());
    let bytes = URL_SAFE_NO_PAD.decode(text).expect("made here");
    let opens = |bytes: &[u8]| {
        let text = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes));
        let mut buffer = Vec::new();
        UntrustedToken::new(&text).open(&RING, &mut buffer).is_ok()
    };
    let mut damaged = bytes.clone();
    input.damage.apply(&mut damaged);
    assert_eq!(opens(&damaged), damaged == bytes);
    let forged = [&bytes[..4], input.forged].concat();
    assert_eq!(opens(&forged), forged == bytes);
    // The other seal does not accept it either.
    let other = if prefix == "e1." { "s1." } else { "e1." };
    let mut buffer = Vec::new();
    assert!(
        UntrustedToken::new(&format!("{other}{text}"))
            .open(&RING, &mut buffer)
            .is_err()
    );
}
