//! The vectors that go with SPEC.md: every file in `vectors/` is run, and a file that is not
//! understood is a failure. `UPDATE_VECTORS=1` rewrites them.

#![allow(
    clippy::disallowed_methods,
    reason = "the codec has no I/O; its tests read files"
)]
#![allow(clippy::too_many_lines, reason = "tables of cases")]

mod batches;
mod bindings;
mod cases;
mod edges;
mod fields;
mod frames;
mod keys;
mod near;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
mod values;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use apply_cookies_protocol::{
    AfterApply, AuthenticToken, Binding, BindingCookie, BindingPolicy, Grant, InvalidReason,
    KeyRing, Lifetime, Nonce, RefusedToken, SameOriginPath, Sealing, Secret, StoreScope,
    TokenHeader, UnixMillis, UntrustedToken, VerifiedToken, parse_batch, seal,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

#[test]
fn every_vector_is_answered_as_it_says() {
    let mut seen = 0;
    for file in ours() {
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        let vector: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let parts: Vec<&str> = name.split(['/', '\\']).collect();
        match parts[..] {
            ["accept", _] => accept(&name, &vector),
            ["reject", reason, _] => reject(&name, reason, &vector),
            ["batches.json"] => each(&vector, 90, batches::check),
            ["keys.json"] => each(&vector, 20, keys::check),
            ["values.json"] => each(&vector, 110, values::check),
            ["cookie-header.json"] => each(&vector, 50, fields::check_cookie_header),
            ["secrets.json"] => each(&vector, 100, secrets::check),
            ["set-cookie.json"] => each(&vector, 60, fields::check_set_cookie),
            // What answers these is in the crate `apply-cookies`.
            ["bindings.json" | "frames.json"] => {}
            _ => panic!("{name} is in no folder that this test knows"),
        }
        seen += 1;
    }
    assert!(seen > 190, "only {seen} vectors were found");
}

/// Checks each case of a table, which must have kept its cases.
fn each(table: &Value, fewest: usize, check: impl Fn(&Value)) {
    let cases = table["cases"].as_array().unwrap();
    assert!(cases.len() >= fewest, "only {} cases", cases.len());
    cases.iter().for_each(check);
}

#[test]
fn the_files_are_those_that_the_cases_below_describe() {
    let tables = vec![
        ("batches".to_owned(), batches::table()),
        ("bindings".to_owned(), bindings::table()),
        ("frames".to_owned(), frames::table()),
        ("keys".to_owned(), keys::table()),
        ("values".to_owned(), values::table()),
        ("cookie-header".to_owned(), fields::cookie_header()),
        ("set-cookie".to_owned(), fields::set_cookie()),
        ("secrets".to_owned(), secrets::table()),
    ];
    let cases: BTreeMap<PathBuf, String> = [cases::all(), edges::all(), near::all(), tables]
        .concat()
        .into_iter()
        .map(|(name, vector)| {
            let text = serde_json::to_string_pretty(&vector).unwrap() + "\n";
            (root().join(name).with_extension("json"), text)
        })
        .collect();
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        for (file, text) in &cases {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
    }
    let on_disk = ours();
    assert_eq!(on_disk, cases.keys().cloned().collect::<Vec<_>>());
    for (file, text) in cases {
        assert_eq!(
            fs::read_to_string(&file).unwrap(),
            text,
            "{}",
            file.display()
        );
    }
}

/// Whoever uses the feature `vectors` has every file.
#[test]
fn the_files_are_those_that_the_feature_exports() {
    let mut source = concat!(
        "//! Written by `UPDATE_VECTORS=1 cargo test -p apply-cookies-protocol --test vectors`.\n\n",
        "/// Each file's path below `vectors/`, and its text.\n#[rustfmt::skip]\n",
        "pub const FILES: &[(&str, &str)] = &[\n",
    )
    .to_owned();
    for file in ours() {
        let parts: Vec<_> = file.strip_prefix(root()).unwrap().iter().collect();
        let path = parts.join(std::ffi::OsStr::new("/"));
        let path = path.to_str().unwrap();
        writeln!(
            source,
            "    ({path:?}, include_str!(\"../../vectors/{path}\")),"
        )
        .unwrap();
    }
    source += "];\n";
    let list = root().join("../src/vectors/files.rs");
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        fs::write(&list, &source).unwrap();
    }
    assert_eq!(fs::read_to_string(list).unwrap(), source);
}

/// All but those that Python has made: tests/mesop runs them.
fn ours() -> Vec<PathBuf> {
    let theirs = root().join("mesop");
    let mut found = files(&root());
    found.retain(|file| !file.starts_with(&theirs));
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

struct Inputs {
    ring: KeyRing,
    now: UnixMillis,
    cookie: Option<BindingCookie>,
    binding_required: bool,
}

impl Inputs {
    fn verify<'b>(&self, token: AuthenticToken<'b>) -> Result<VerifiedToken<'b>, RefusedToken> {
        let policy = if self.binding_required {
            BindingPolicy::Required
        } else {
            BindingPolicy::Optional
        };
        token.verify(self.now, policy, self.cookie.as_ref())
    }
}

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

/// The ring of a vector.
fn ring(vector: &Value) -> KeyRing {
    let secret = |text: &Value| Secret::new(text.as_str().unwrap()).unwrap();
    let previous: Vec<Secret> = vector["previous_secrets"]
        .as_array()
        .unwrap()
        .iter()
        .map(secret)
        .collect();
    KeyRing::new(&secret(&vector["secret"]), &previous).unwrap()
}

fn inputs(vector: &Value) -> Inputs {
    Inputs {
        ring: ring(vector),
        now: at(vector["now"].as_u64().unwrap()),
        cookie: vector["binding_cookie"]
            .as_str()
            .and_then(|text| BindingCookie::parse(text.as_bytes())),
        binding_required: vector["binding_required"].as_bool().unwrap(),
    }
}

fn accept(name: &str, vector: &Value) {
    let inputs = inputs(vector);
    let mut buffer = Vec::new();
    let token = UntrustedToken::new(vector["token"].as_str().unwrap())
        .open(&inputs.ring, &mut buffer)
        .unwrap_or_else(|error| panic!("{name}: {:?}", error.reason()));
    let expected = &vector["opened"];
    let header = token.header();
    assert_eq!(token.seal().as_str(), expected["seal"], "{name}");
    assert_eq!(
        header.nonce.to_text(),
        expected["nonce"].as_str().unwrap(),
        "{name}"
    );
    assert_eq!(header.issued_at.get(), expected["issued_at"], "{name}");
    assert_eq!(header.expires_at.get(), expected["expires_at"], "{name}");
    assert_eq!(header.barrier, expected["barrier"], "{name}");
    assert_eq!(header.binding.is_some(), expected["bound"], "{name}");
    let scope = header.scope.map(StoreScope::to_text);
    assert_eq!(json!(scope), expected["scope"], "{name}");
    let then = serde_json::to_value(&header.then).unwrap();
    assert_eq!(then, expected["then"], "{name}");
    let operations: Vec<_> = token.operations().map(Result::unwrap).collect();
    assert_eq!(
        &serde_json::to_value(operations).unwrap(),
        &expected["operations"],
        "{name}"
    );
    let prepared = inputs
        .verify(token)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
        .prepare()
        .unwrap();
    let text = vector["token"].as_str().unwrap().to_owned();
    assert!(seal_described(vector).contains(&text), "{name}");
    let lines: Vec<Value> = prepared
        .release(Grant::First)
        .iter()
        .map(Value::from)
        .collect();
    assert_eq!(Value::from(lines), vector["set_cookie"], "{name}");
}

/// What the vector describes, sealed under each of its secrets.
fn seal_described(vector: &Value) -> Vec<String> {
    fn bytes<const N: usize>(text: &Value) -> Option<[u8; N]> {
        let bytes = URL_SAFE_NO_PAD.decode(text.as_str()?).unwrap();
        Some(bytes.try_into().unwrap())
    }
    let opened = &vector["opened"];
    let issued_at = opened["issued_at"].as_u64().unwrap();
    let lifetime = opened["expires_at"].as_u64().unwrap() - issued_at;
    let mut header = TokenHeader::new(
        Nonce::from_random(bytes(&opened["nonce"]).unwrap()),
        at(issued_at),
        Lifetime::from_millis(lifetime).unwrap(),
    );
    header.scope = bytes(&opened["scope"]).map(StoreScope::from_random);
    header.barrier = opened["barrier"].as_bool().unwrap();
    header.then = match &opened["then"] {
        Value::Null => None,
        Value::String(name) if name == "reconnect" => Some(AfterApply::Reconnect),
        Value::String(name) if name == "reload" => Some(AfterApply::Reload),
        go => {
            let path = go["go"].as_str().unwrap();
            Some(AfterApply::GoTo(SameOriginPath::parse(path).unwrap()))
        }
    };
    let sealing = bytes(&vector["iv"]).map_or(Sealing::Signed, |iv| Sealing::Encrypted { iv });
    let batch = parse_batch(&json!({"operations": opened["operations"]}).to_string()).unwrap();
    let previous = vector["previous_secrets"].as_array().unwrap();
    let secrets = previous.iter().chain([&vector["secret"]]);
    secrets
        .map(|secret| {
            let ring = ring(&json!({"secret": secret, "previous_secrets": []}));
            let cookie = inputs(vector).cookie.filter(|_| opened["bound"] == true);
            header.binding = cookie.map(|cookie| Binding::new(&ring, &cookie));
            seal(&ring, sealing, &header, &batch).into_string()
        })
        .collect()
}

fn reject(name: &str, reason: &str, vector: &Value) {
    let inputs = inputs(vector);
    let mut buffer = Vec::new();
    let text = vector["token"].as_str().unwrap();
    let opened = UntrustedToken::new(text).open(&inputs.ring, &mut buffer);
    let invalid = match reason {
        "too-long" => Some(InvalidReason::TooLong),
        "version" => Some(InvalidReason::Version),
        "form" => Some(InvalidReason::Form),
        "key" => Some(InvalidReason::KeyId),
        "forged" => Some(InvalidReason::Mac),
        "payload" => Some(InvalidReason::Payload),
        "cannot-emit" => Some(InvalidReason::CannotEmit),
        _ => None,
    };
    let refused = match reason {
        "expired" => Some(RefusedToken::Expired),
        "not-yet-valid" => Some(RefusedToken::NotYetValid),
        "wrong-browser" => Some(RefusedToken::WrongBrowser),
        _ => None,
    };
    match (opened, invalid, refused) {
        (Err(error), Some(reason), None) => assert_eq!(error.reason(), reason, "{name}"),
        (Ok(token), Some(InvalidReason::CannotEmit), None) => {
            let verified = inputs.verify(token).unwrap();
            let error = verified.prepare().expect_err(name);
            assert_eq!(error.reason(), InvalidReason::CannotEmit, "{name}");
        }
        (Ok(token), None, Some(refused)) => {
            assert_eq!(inputs.verify(token).unwrap_err(), refused, "{name}");
        }
        (Ok(_), ..) => panic!("{name} was opened"),
        (Err(error), ..) => panic!("{name}: {:?}", error.reason()),
    }
}
