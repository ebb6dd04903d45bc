//! Stored hashes: what is read is written again as it was, has parameters within bounds, and shows
//! nothing. Cheap ones are verified.

use apply_cookies_auth::{Parameters, Password, PasswordHash};

pub fn hashes(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // Whole, and behind starts that few inputs would find.
    for start in [
        "",
        "scrypt:2:1:1$",
        "pbkdf2:sha256:1$",
        "$argon2id$v=19$m=8,t=1,p=1$",
    ] {
        check(&format!("{start}{text}"));
    }
}

fn check(text: &str) {
    let hash = match PasswordHash::parse(text) {
        Ok(hash) => hash,
        Err(error) => {
            assert!(error.to_string().len() < 120);
            return;
        }
    };
    assert_eq!(hash.to_text(), text, "one spelling");
    assert!(format!("{hash:?}").len() < 80);
    let parameters = hash.parameters();
    // 128 MiB, and what scrypt has beside its table.
    assert!(parameters.memory() <= (128 << 20) + 128 * 8 * 5);
    let is_cheap = match parameters {
        Parameters::Scrypt { log_n, .. } => log_n <= 4,
        Parameters::Pbkdf2 { iterations, .. } => iterations <= 16,
        Parameters::Argon2id {
            memory_kib, passes, ..
        } => memory_kib <= 64 && passes <= 2,
        _ => false,
    };
    if is_cheap {
        let password = Password::new("a password that no input has the hash of").unwrap();
        assert!(!hash.verify(&password));
    }
}
