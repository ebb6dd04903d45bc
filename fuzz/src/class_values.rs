//! Values: one that was made here comes back, only under its own name and within its time; nothing
//! else passes for it; and no JSON makes a class panic.

use std::sync::LazyLock;

use apply_cookies_protocol::{
    ClassCodec, CookieClass, Protection, Stamp, UnreadableReason, ValueCodec,
};
use arbitrary::Arbitrary;
use serde::{Deserialize, Serialize};

use crate::Damage;
use crate::ring::{NOW, RING};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    protection: u8,
    iv: [u8; 16],
    lifetime: Option<u16>,
    damage: Damage,
    text: &'a [u8],
    value: &'a [u8],
}

#[derive(CookieClass, Serialize, Deserialize, Debug, PartialEq)]
#[cookie(encrypted)]
struct Session {
    username: String,
    #[serde(default)]
    roles: Vec<String>,
    balance: Option<i64>,
    #[serde(default)]
    ratio: f64,
    #[serde(flatten)]
    rest: std::collections::BTreeMap<String, serde_json::Value>,
}

const PROTECTIONS: [Protection; 3] = [Protection::Plain, Protection::Signed, Protection::Encrypted];

fn codecs(name: &str) -> [ValueCodec; 3] {
    PROTECTIONS.map(|protection| ValueCodec::new(&RING, name, protection).expect("good name"))
}

static CODECS: LazyLock<[ValueCodec; 3]> = LazyLock::new(|| codecs("session"));
static OTHERS: LazyLock<[ValueCodec; 3]> = LazyLock::new(|| codecs("sessions"));
static SESSION: LazyLock<ClassCodec<Session>> =
    LazyLock::new(|| ClassCodec::new(&RING).expect("good name"));

pub fn class_values(data: &[u8]) {
    let Some(input) = crate::input::<Input<'_>>(data) else {
        return;
    };
    let index = usize::from(input.protection) % 3;
    let (codec, other) = (&CODECS[index], &OTHERS[index]);
    let plain = codec.protection() == Protection::Plain;
    let mut buffer = Vec::new();

    // Any text.
    match codec.decode(input.text, NOW, &mut buffer) {
        Ok(opened) => {
            assert!(plain, "not made here");
            let again = codec.encode(opened.bytes(), &Stamp::new(NOW, input.iv));
            let mut buffer = Vec::new();
            if let Ok(reopened) = codec.decode(again.as_bytes(), NOW, &mut buffer) {
                assert_eq!(reopened.bytes(), opened.bytes());
            }
        }
        Err(error) => assert!(!plain || input.text.contains(&b'%') || too_long(&error)),
    }

    // Any value.
    let mut stamp = Stamp::new(NOW, input.iv);
    let end = input.lifetime.map(|age| NOW.plus(age.into()));
    if let Some(end) = end {
        stamp = stamp.expires_at(end);
    }
    let text = codec.encode(input.value, &stamp);
    let mut buffer = Vec::new();
    match codec.decode(text.as_bytes(), NOW, &mut buffer) {
        Ok(opened) => assert_eq!(opened.bytes(), input.value),
        Err(error) if end == Some(NOW) && !plain => {
            assert!(too_long(&error) || error.reason() == UnreadableReason::Expired);
        }
        Err(error) => assert!(too_long(&error), "{error}"),
    }
    if !plain {
        let mut buffer = Vec::new();
        assert!(other.decode(text.as_bytes(), NOW, &mut buffer).is_err());
        let mut damaged = text.clone().into_bytes();
        input.damage.apply(&mut damaged);
        let opens = codec.decode(&damaged, NOW, &mut buffer).is_ok();
        assert!(!opens || damaged == text.as_bytes());
    }

    // The value as a class.
    let text = CODECS[2].encode(input.value, &Stamp::new(NOW, input.iv));
    if let Ok(session) = SESSION.decode(text.as_bytes(), NOW)
        && let Ok(operation) = SESSION.set(&session, NOW, input.iv)
    {
        let line = operation.to_set_cookie();
        let pair = line.split(';').next().expect("a pair");
        let value = pair.strip_prefix("session=").expect("its name");
        let again = SESSION.decode(value.as_bytes(), NOW).expect("made here");
        assert_eq!(*again, *session);
    }
}

fn too_long(error: &apply_cookies_protocol::Unreadable) -> bool {
    error.reason() == UnreadableReason::TooLong
}
