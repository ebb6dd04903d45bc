//! Whatever operations pass the checks: their token opens, says the same, and has one text.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use apply_cookies_protocol::{
    Batch, DeleteCookie, KeyRing, Lifetime, Nonce, Operation, SameSite, Sealing, Secret, SetCookie,
    TokenHeader, UnixMillis, UntrustedToken, seal,
};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let secret = Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").expect("strong");
    KeyRing::new(&secret, &[]).expect("one key")
});

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    operations: Vec<Draft<'a>>,
    nonce: [u8; 16],
    iv: Option<[u8; 16]>,
    issued_at: u32,
}

#[derive(Arbitrary, Debug)]
struct Draft<'a> {
    delete: bool,
    name: &'a str,
    value: &'a str,
    path: Option<&'a str>,
    domain: Option<&'a str>,
    max_age: Option<u32>,
    flags: [bool; 3],
    same_site: Option<bool>,
}

impl<'a> Draft<'a> {
    fn check(self) -> Option<Operation<'a>> {
        let [secure, http_only, partitioned] = self.flags;
        if self.delete {
            let mut draft = DeleteCookie::new(self.name)
                .secure(secure)
                .partitioned(partitioned);
            if let Some(path) = self.path {
                draft = draft.path(path);
            }
            if let Some(domain) = self.domain {
                draft = draft.domain(domain);
            }
            return draft.try_into().ok();
        }
        let same_site = self
            .same_site
            .map(|lax| if lax { SameSite::Lax } else { SameSite::None });
        let mut draft = SetCookie::new(self.name, self.value)
            .secure(secure)
            .http_only(http_only)
            .partitioned(partitioned)
            .same_site(same_site);
        draft = match self.path {
            Some(path) => draft.path(path),
            None => draft.without_path(),
        };
        if let Some(domain) = self.domain {
            draft = draft.domain(domain);
        }
        if let Some(age) = self.max_age {
            draft = draft.max_age(Duration::from_secs(age.into()));
        }
        draft.try_into().ok()
    }
}

fuzz_target!(|input: Input<'_>| {
    let mut checked = input.operations.into_iter().filter_map(Draft::check);
    let Some(first) = checked.next() else { return };
    let mut batch = Batch::new(first);
    for operation in checked {
        let _ = batch.push(operation);
    }
    let issued_at = UnixMillis::from_secs(input.issued_at.into()).expect("before 9999");
    let nonce = Nonce::from_random(input.nonce);
    let header = TokenHeader::new(nonce, issued_at, Lifetime::default());
    let sealing = match input.iv {
        Some(iv) => Sealing::Encrypted { iv },
        None => Sealing::Signed,
    };
    let token = seal(&RING, sealing, &header, &batch);
    let mut buffer = Vec::new();
    let opened = UntrustedToken::new(token.as_str())
        .open(&RING, &mut buffer)
        .expect("made here");
    let operations: Vec<_> = opened.operations().map(Result::unwrap).collect();
    assert_eq!(operations, batch.operations());
    assert_eq!(
        seal(&RING, sealing, opened.header(), &batch).as_str(),
        token.as_str()
    );
    for operation in batch.operations() {
        let line = operation.to_set_cookie();
        assert!(line.bytes().all(|byte| matches!(byte, 0x20..=0x7E)));
        assert_eq!(operation.line_len(), line.len() + "Set-Cookie: \r\n".len());
    }
});
