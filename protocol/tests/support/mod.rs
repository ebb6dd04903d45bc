//! What several tests share: generators, and a second sealer that follows SPEC.md by hand.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

pub mod browser;
pub mod raw;

use apply_cookies_protocol::{
    Batch, BindingCookie, DeleteCookie, KeyRing, Operation, SameSite, Secret, SetCookie,
};
use proptest::prelude::*;

pub const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
pub const OTHER_SECRET: &str = "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs";

pub fn ring() -> KeyRing {
    KeyRing::new(&Secret::new(SECRET).unwrap(), &[]).unwrap()
}

pub fn other_ring() -> KeyRing {
    KeyRing::new(&Secret::new(OTHER_SECRET).unwrap(), &[]).unwrap()
}

pub fn browser(n: u8) -> BindingCookie {
    BindingCookie::from_random([n; 32])
}

/// Any operation that the rules allow.
pub fn operation() -> impl Strategy<Value = Operation<'static>> {
    prop_oneof![4 => set().prop_map(|draft| draft.try_into().unwrap()),
                1 => delete().prop_map(|draft| draft.try_into().unwrap())]
}

/// From one to twenty operations on different cookies, within the limit of bytes.
pub fn batch() -> impl Strategy<Value = Batch<'static>> {
    proptest::collection::vec(operation(), 1..25).prop_map(|operations| {
        let mut operations = operations.into_iter();
        let mut batch = Batch::new(operations.next().unwrap());
        for operation in operations {
            // What does not fit, or is a duplicate, is left out.
            let _ = batch.push(operation);
        }
        batch
    })
}

fn name() -> impl Strategy<Value = String> {
    "(__Host-|__Secure-|__http-|__hOsT-Http-)?[A-Za-z0-9!#$&'*+.^_`|~-]{1,20}"
        .prop_filter("ours", |name| {
            !name.to_lowercase().contains("apply-cookies")
        })
}

fn path() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        Just(Some("/".to_owned())),
        "/[!-:<-~]{0,40}".prop_map(Some),
    ]
}

fn domain() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        3 => Just(None),
        1 => "[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?\\.[a-z]{2,6}".prop_map(Some),
    ]
}

fn set() -> impl Strategy<Value = SetCookie<'static>> {
    (
        name(),
        "[!#-+\\--:<-\\[\\]-~]{0,60}",
        path(),
        domain(),
        proptest::option::of(0..=34_560_000_u64),
        any::<[bool; 3]>(),
        prop_oneof![
            Just(None),
            Just(Some(SameSite::Strict)),
            Just(Some(SameSite::Lax)),
            Just(Some(SameSite::None)),
        ],
    )
        .prop_map(|(name, value, path, domain, age, flags, same_site)| {
            let lower = name.to_lowercase();
            let host = lower.starts_with("__host-");
            let prefixed = host || lower.starts_with("__secure-") || lower.starts_with("__http-");
            let [secure, http_only, partitioned] = flags;
            let mut draft = SetCookie::new(name, value)
                .secure(secure || prefixed || partitioned || same_site == Some(SameSite::None))
                .http_only(http_only || lower.contains("http-"))
                .same_site(same_site)
                .partitioned(partitioned);
            draft = match path {
                _ if host => draft.path("/"),
                Some(path) => draft.path(path),
                None => draft.without_path(),
            };
            if let (Some(domain), false) = (domain, host) {
                draft = draft.domain(domain);
            }
            if let Some(age) = age {
                draft = draft.max_age(std::time::Duration::from_secs(age));
            }
            draft
        })
}

fn delete() -> impl Strategy<Value = DeleteCookie<'static>> {
    (name(), path(), domain(), any::<[bool; 2]>()).prop_map(
        |(name, path, domain, [secure, partitioned])| {
            let lower = name.to_lowercase();
            let host = lower.starts_with("__host-");
            let prefixed = host || lower.starts_with("__secure-") || lower.starts_with("__http-");
            let mut draft = DeleteCookie::new(name)
                .secure(secure || prefixed || partitioned)
                .partitioned(partitioned);
            draft = match path {
                _ if host => draft.path("/"),
                Some(path) => draft.path(path),
                None => draft.without_path(),
            };
            if let (Some(domain), false) = (domain, host) {
                draft = draft.domain(domain);
            }
            draft
        },
    )
}
