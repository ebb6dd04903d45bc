//! Hashes that werkzeug has made. `tests/werkzeug/run` makes 500 new ones; without it, those that are
//! kept beside it are verified.

use apply_cookies_auth::{HashError, Password, PasswordHash};

#[derive(Debug)]
struct Made {
    password: String,
    wrong: String,
    hash: String,
}

fn made() -> Vec<Made> {
    let path = std::env::var_os("WERKZEUG_HASHES").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/tests/werkzeug/hashes.jsonl").into(),
        std::path::PathBuf::from,
    );
    let text = std::fs::read_to_string(path).unwrap();
    let made = text.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| line[name].as_str().unwrap().to_owned();
        Made {
            password: field("password"),
            wrong: field("wrong"),
            hash: field("hash"),
        }
    });
    made.collect()
}

#[test]
fn the_right_password_is_right_and_every_other_is_wrong() {
    let (mut right, mut wrong) = (0, 0);
    let made = made();
    for one in &made {
        let hash = PasswordHash::parse(&one.hash).unwrap();
        assert_eq!(hash.to_text(), one.hash);
        let is_right = |text: &str| hash.verify(&Password::new(text).unwrap());
        right += usize::from(is_right(&one.password));
        wrong += usize::from(!is_right(&one.wrong));
    }
    println!("{} hashes: {right} right, {wrong} wrong", made.len());
    assert!(made.len() >= 20);
    assert_eq!((right, wrong), (made.len(), made.len()));
}

#[test]
fn a_changed_hash_is_refused_or_has_another_password() {
    for one in made()
        .iter()
        .filter(|one| {
            [":128:", ":sha256:9"]
                .iter()
                .any(|cost| one.hash.contains(cost))
        })
        .take(6)
    {
        let password = Password::new(&*one.password).unwrap();
        for at in (0..one.hash.len()).rev().take(40).chain(0..12) {
            let mut text = one.hash.clone().into_bytes();
            text[at] = if text[at] == b'1' { b'2' } else { b'1' };
            let text = String::from_utf8(text).unwrap();
            if let Ok(hash) = PasswordHash::parse(&text) {
                assert!(!hash.verify(&password), "{text}");
            }
            let cut = &one.hash[..at];
            assert!(PasswordHash::parse(cut).is_err(), "{cut}");
        }
    }
}

#[test]
fn costs_out_of_bounds_are_refused() {
    let (salt, d64, d32) = ("abcdefgh", "00".repeat(64), "00".repeat(32));
    let scrypt = |cost: &str| PasswordHash::parse(&format!("scrypt:{cost}${salt}${d64}")).err();
    let pbkdf2 = |cost: &str| PasswordHash::parse(&format!("pbkdf2:{cost}${salt}${d32}")).err();
    let argon2 = |cost: &str| {
        let (salt, digest) = ("c2FsdHNhbHQ", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        PasswordHash::parse(&format!("$argon2id$v=19${cost}${salt}${digest}")).err()
    };
    for good in [
        scrypt("131072:8:4"),
        scrypt("2:1:1"),
        pbkdf2("sha256:2000000"),
        pbkdf2("sha256:1"),
    ] {
        assert_eq!(good, None);
    }
    for good in [
        "m=19456,t=2,p=1",
        "m=131072,t=8,p=16",
        "m=65536,t=3,p=4",
        "m=65536,t=16,p=1",
        "m=8,t=1,p=1",
    ] {
        assert_eq!(argon2(good), None, "{good}");
    }
    let bounds = Some(HashError::Parameters);
    for bad in [
        "262144:8:1",
        "1:8:1",
        "0:8:1",
        "1000:8:1",
        "1024:9:1",
        "1024:0:1",
        "1024:8:5",
        "1024:8:0",
        "+1024:8:1",
        "01024:8:1",
        "1024:8:",
        "1024:8:1$a",
        "99999999999:8:1",
        "4294967296:8:1",
    ] {
        assert_eq!(scrypt(bad), bounds, "{bad}");
    }
    for bad in [
        "sha256:2000001",
        "sha256:0",
        "sha256:",
        "sha256:-1",
        "sha256:1e3",
    ] {
        assert_eq!(pbkdf2(bad), bounds, "{bad}");
    }
    for bad in [
        "m=131073,t=1,p=1",
        "m=131072,t=9,p=1",
        "m=7,t=1,p=1",
        "m=8,t=17,p=1",
        "m=8,t=0,p=1",
        "m=15,t=1,p=2",
        "m=65536,t=1,p=17",
        "t=2,m=19456,p=1",
        "m=19456,t=2",
        "m=19456,t=2,p=1,keyid=a",
        "m=019456,t=2,p=1",
        "m=4294967295,t=4294967295,p=1",
    ] {
        assert_eq!(argon2(bad), bounds, "{bad}");
    }
}

#[test]
fn other_hashes_and_broken_ones_are_refused() {
    let (salt, d64) = ("abcdefgh", "00".repeat(64));
    for other in [
        "",
        "hunter2",
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        "md5$salt$00",
        "scrypt$salt$00",
        "pbkdf2:sha256$salt$00",
        "pbkdf2:sha1:1000$salt$00",
        "pbkdf2:sha512:1000$salt$00",
        "plain:1:1:1$salt$00",
        "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=16$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
    ] {
        assert_eq!(
            PasswordHash::parse(other).err(),
            Some(HashError::Algorithm),
            "{other}"
        );
    }
    let malformed = Some(HashError::Malformed);
    for other in [
        format!("scrypt:2:1:1${salt}${}", "00".repeat(63)),
        format!("scrypt:2:1:1${salt}${}", "0A".repeat(64)),
        format!("scrypt:2:1:1${salt}${}0", "00".repeat(63)),
        format!("scrypt:2:1:1$${d64}"),
        format!("scrypt:2:1:1$caf\u{E9}${d64}"),
        format!("pbkdf2:sha256:1${salt}${d64}"),
        format!("scrypt:2:1:1${salt}${}", "00".repeat(300)),
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHR$AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAA".to_owned(),
    ] {
        assert_eq!(PasswordHash::parse(&other).err(), malformed, "{other}");
    }
}
