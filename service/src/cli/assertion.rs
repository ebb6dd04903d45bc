//! `assertion`: in development, what a proxy that signs would put into its header.
//!
//! The key is in a file of the developer's own. `SignedHeader::trust_local_key` reads its public half
//! there: the file is a JWK set (RFC 7517 §5) with the private half beside the keys, under a name that
//! readers of sets ignore.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use apply_cookies::Clock;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::args::assertion::AssertionArgs;
use super::lines;
use crate::refused::Refused;

const KEY_ID: &str = "apply-cookies-assertion";

#[derive(Serialize, Deserialize)]
struct KeyFile {
    keys: Value,
    pkcs8: String,
}

pub(super) fn run(args: &AssertionArgs) -> Result<(), Refused> {
    let key = match read(&args.key)? {
        Some(key) => key,
        None => make(&args.key)?,
    };
    let now = Clock::system().now().get() / 1000;
    let email = &args.email;
    let subject = format!("accounts.google.com:{email}");
    let mut claims = json!({
        "iss": args.issuer,
        "aud": args.audience,
        "sub": args.subject.as_ref().unwrap_or(&subject),
        "email": email,
        "iat": now,
        "exp": now + u64::from(args.lasts),
    });
    let company = email.split_once('@').map(|(_, domain)| domain);
    if let Some(company) = company.filter(|domain| *domain != "gmail.com") {
        claims["hd"] = company.into();
    }
    for (name, value) in &args.claims {
        claims[name] = value.clone();
    }
    lines::print(&sign(&key, &claims)?)
}

fn sign(key: &EcdsaKeyPair, claims: &Value) -> Result<String, Refused> {
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": KEY_ID });
    let [header, claims] = [&header, claims].map(|part| BASE64URL.encode(part.to_string()));
    let signed = format!("{header}.{claims}");
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes());
    let signature = signature.map_err(|_| "the key does not sign")?;
    Ok(format!("{signed}.{}", BASE64URL.encode(signature)))
}

/// The key in a file; `None` if there is no file.
fn read(path: &Path) -> Result<Option<EcdsaKeyPair>, Refused> {
    let refuse = |why: &str| Refused::from(format!("{}: {why}", path.display()));
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refuse(&error.to_string())),
    };
    let file: KeyFile = serde_json::from_slice(&text).map_err(|_| refuse("it is not a key"))?;
    let pkcs8 = BASE64URL.decode(file.pkcs8).unwrap_or_default();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8);
    key.map(Some).map_err(|_| refuse("it is not a key"))
}

/// A new key, in a file that only its owner reads.
fn make(path: &Path) -> Result<EcdsaKeyPair, Refused> {
    let refuse = |why: String| Refused::from(format!("{}: {why}", path.display()));
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let key = key.map_err(|_| "no key was made")?;
    let pkcs8 = key.to_pkcs8v1().map_err(|_| "no key was made")?;
    // Uncompressed: a 4, and then both coordinates (SEC 1 §2.3.3).
    let point = key.public_key().as_ref().get(1..).unwrap_or_default();
    let (x, y) = point.split_at(point.len() / 2);
    let file = KeyFile {
        keys: json!([{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID,
            "x": BASE64URL.encode(x), "y": BASE64URL.encode(y),
        }]),
        pkcs8: BASE64URL.encode(pkcs8.as_ref()),
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options
        .open(path)
        .map_err(|error| refuse(error.to_string()))?;
    let text = serde_json::to_string(&file)?;
    writeln!(out, "{text}").map_err(|error| refuse(error.to_string()))?;
    eprintln!(
        "made a key in {}; trust it with SignedHeader::trust_local_key",
        path.display()
    );
    Ok(key)
}
