//! Forged tokens: each is one change to a token that verifies in the same test, and is refused for that
//! change.

#![expect(clippy::too_many_lines, reason = "tables")]

use std::collections::HashMap;

use serde_json::{Value, json};

use super::signer::{
    ED25519, P256, P256_NEXT, P384, RSA, RSA_NEXT, TestKey, base64url, key_set, sign_with_secret,
    signed,
};
use super::{GOOD, verify};

/// An ordinary header and ordinary claims.
const HEADER: &str = r#"{"alg":"ES256","typ":"JWT","kid":"p256"}"#;
const CLAIMS: &str =
    r#"{"iss":"https://id.example","sub":"ada","aud":"app","exp":1700000300,"iat":1699999990}"#;

/// The change, its token, and what the log says.
type Forged = (String, String, &'static str);

/// Checks that each is refused for its reason by a set of this key, which verifies what is not forged.
async fn none_passes(key: TestKey, good: &str, forged: Vec<Forged>) -> usize {
    none_passes_set(&[key.jwk()], good, forged).await
}

async fn none_passes_set(set: &[Value], good: &str, forged: Vec<Forged>) -> usize {
    verify(set, good).await.unwrap();
    for (change, token, why) in &forged {
        assert_ne!(token, good, "{change}");
        match verify(set, token).await {
            Ok(_) => panic!("accepted: {change}"),
            Err(error) => assert!(error.to_string().contains(why), "{change}: {error}"),
        }
    }
    forged.len()
}

fn good() -> String {
    P256.sign("ES256", HEADER, CLAIMS)
}

#[tokio::test]
async fn the_form() {
    let good = good();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!()
    };
    let three = "three parts";
    let base64 = "base64url";
    #[rustfmt::skip]
    let mut forged: Vec<Forged> = [
        ("nothing", String::new(), three),
        ("a dot", ".".into(), three),
        ("two dots", "..".into(), three),
        ("three dots", "...".into(), three),
        ("one part", header.into(), three),
        ("no signature", format!("{header}.{claims}"), three),
        ("an empty signature", format!("{header}.{claims}."), three),
        ("no header", format!(".{claims}.{signature}"), three),
        ("no claims", format!("{header}..{signature}"), three),
        ("a part before", format!(".{good}"), three),
        ("a part after", format!("{good}."), three),
        ("four parts", format!("{good}.{signature}"), three),
        ("five parts, as encrypted tokens have", format!("{good}.{claims}.{header}"), three),
        ("header and claims swapped", format!("{claims}.{header}.{signature}"), "algorithm"),
        ("claims in place of the signature", format!("{header}.{claims}.{claims}"), "signature"),
        ("the signature in front", format!("{signature}.{header}.{claims}"), "JSON"),
        ("a comma for a dot", good.replacen('.', ",", 1), three),
        ("a space for a dot", good.replacen('.', " ", 1), three),
        ("dots as %2E", good.replace('.', "%2E"), three),
        ("a space before", format!(" {good}"), base64),
        ("a space after", format!("{good} "), base64),
        ("a line end after", format!("{good}\n"), base64),
        ("a NUL after", format!("{good}\0"), base64),
        ("a scheme before", format!("Bearer {good}"), base64),
        ("quotes around", format!("\"{good}\""), base64),
        ("a byte order mark", format!("\u{FEFF}{good}"), base64),
        ("a letter from another script", good.replacen('e', "\u{435}", 1), base64),
        ("more than 16 KiB", format!("{good}{}", "A".repeat(16 * 1024)), "16 KiB"),
        ("the form in JSON", format!(r#"{{"protected":"{header}","payload":"{claims}","signature":"{signature}"}}"#), three),
        ("a signature that is cut by one", good[..good.len() - 1].into(), base64),
        ("a signature that is cut by four", good[..good.len() - 4].into(), ""),
        ("half a signature", good[..good.len() - 43].into(), ""),
        ("the signature twice", format!("{good}{signature}"), "signature"),
    ]
    .map(|(change, token, why)| (change.to_owned(), token, why))
    .into();
    for (place, name) in ["header", "claims", "signature"].into_iter().enumerate() {
        let with = |part: String| {
            let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            parts[place] = part;
            parts.join(".")
        };
        let part = parts[place];
        // Padding belongs to another encoding, whatever its length.
        for padding in ["=", "=="] {
            let change = format!("{padding} behind the {name}");
            forged.push((change, with(format!("{part}{padding}")), base64));
        }
        forged.push((
            format!("a line break inside the {name}"),
            with(format!("{}\n{}", &part[..8], &part[8..])),
            base64,
        ));
        for other in ["+", "/", "%2B", ",", "~", "\u{e9}"] {
            let change = format!("{other} inside the {name}");
            forged.push((change, with(format!("{other}{}", &part[1..])), base64));
        }
        forged.push((
            format!("a letter more in the {name}"),
            with(format!("{part}A")),
            "",
        ));
    }
    assert!(none_passes(P256, &good, forged).await >= 60);
}

#[tokio::test]
async fn one_text_for_one_token() {
    // Lengths that leave two and four bits over in the last character of each part.
    for (header, claims) in [
        (r#"{"alg":"ES256","kid":"p256"}"#, r#"{"sub":"a"}"#),
        (r#"{"alg":"ES256","kid":"p256" }"#, r#"{"sub":"ad"}"#),
    ] {
        let good = P256.sign("ES256", header, claims);
        let forged = good.split('.').enumerate().flat_map(|(place, part)| {
            let last = part.chars().last().unwrap();
            let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let value = alphabet.find(last).unwrap();
            // The same bytes for a careless reader.
            let unused = match part.len() % 4 {
                2 => 16,
                3 => 4,
                _ => 1,
            };
            let good = &good;
            let twins = (1..unused).map(move |bits| {
                let twin = &alphabet[value + bits..=value + bits];
                let mut parts: Vec<String> = good.split('.').map(str::to_owned).collect();
                parts[place] = format!("{}{twin}", &part[..part.len() - 1]);
                (
                    format!("part {place}, bits {bits}"),
                    parts.join("."),
                    "base64url",
                )
            });
            twins.collect::<Vec<Forged>>()
        });
        assert!(none_passes(P256, &good, forged.collect()).await >= 15);
    }
}

#[tokio::test]
async fn the_header() {
    let (alg, brings) = (
        "the algorithm is not one of those allowed",
        "the header has",
    );
    let own = json!({"alg": "ES256", "typ": "JWT", "kid": "p256", "jwk": P256_NEXT.jwk()});
    #[rustfmt::skip]
    let mut headers: Vec<(&str, String, &str)> = vec![
        ("no alg", r#"{"typ":"JWT","kid":"p256"}"#.into(), alg),
        ("alg null", HEADER.replace(r#""ES256""#, "null"), "alg is not a text"),
        ("alg a number", HEADER.replace(r#""ES256""#, "256"), "alg is not a text"),
        ("alg a list", HEADER.replace(r#""ES256""#, r#"["ES256"]"#), "alg is not a text"),
        ("Alg", HEADER.replace("alg", "Alg"), alg),
        ("typ of an access token", HEADER.replace("JWT", "at+jwt"), "typ"),
        ("typ of a logout token", HEADER.replace("JWT", "logout+jwt"), "typ"),
        ("typ with a space", HEADER.replace("JWT", "JWT "), "typ"),
        ("typ as a media type", HEADER.replace("JWT", "text/plain"), "typ"),
        ("typ of encrypted tokens", HEADER.replace("JWT", "JOSE"), "typ"),
        ("typ null", HEADER.replace(r#""JWT""#, "null"), "typ is not a text"),
        ("typ a list", HEADER.replace(r#""JWT""#, r#"["JWT"]"#), "typ is not a text"),
        ("another kid", HEADER.replace("p256", "p257"), "no key has the token's kid"),
        ("kid in capitals", HEADER.replace("p256", "P256"), "no key has the token's kid"),
        ("kid with a space", HEADER.replace("p256", "p256 "), "no key has the token's kid"),
        ("kid with a NUL", HEADER.replace("p256", r"p256\u0000"), "no key has the token's kid"),
        ("an empty kid", HEADER.replace("p256", ""), "no key has the token's kid"),
        ("kid a path", HEADER.replace("p256", "../../dev/null"), "no key has the token's kid"),
        ("kid null", HEADER.replace(r#""p256""#, "null"), "kid is not a text"),
        ("kid a number", HEADER.replace(r#""p256""#, "256"), "kid is not a text"),
        ("kid a list", HEADER.replace(r#""p256""#, r#"["p256"]"#), "kid is not a text"),
        ("a key of its own", own.to_string(), brings),
    ];
    let names = [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "HS256",
        "HS384",
        "HS512",
        "PS384",
        "PS512",
        "ES512",
        "ES256K",
        "es256",
        "ES256 ",
        "Es256",
        "RSA-OAEP",
        "dir",
        "A256GCM",
        "RS1",
        "ES25\u{FF16}",
    ];
    for name in names {
        headers.push(("another algorithm", HEADER.replace("ES256", name), alg));
    }
    for (name, value) in [
        ("crit", "[]"),
        ("crit", r#"["exp"]"#),
        ("crit", "null"),
        ("b64", "true"),
        ("b64", "false"),
        ("jku", r#""https://evil.example/keys""#),
        ("jku", r#""""#),
        ("jwk", "{}"),
        ("jwk", "null"),
        ("x5u", r#""https://evil.example/cert""#),
        ("x5c", "[]"),
        ("x5c", r#"["MIIB"]"#),
        // However the name is written.
        (r"cri\u0074", "[]"),
        (r"\u006awk", "{}"),
    ] {
        let header = HEADER.replace('}', &format!(r#","{name}":{value}}}"#));
        headers.push(("a parameter", header, brings));
    }
    let forged = headers.into_iter().map(|(change, header, why)| {
        let token = P256.sign("ES256", &header, CLAIMS);
        (format!("{change}: {header}"), token, why)
    });
    assert!(none_passes(P256, &good(), forged.collect()).await >= 50);
}

/// Texts that are not JSON, or that two readers read differently, made of an object that ends with `}`.
fn not_strict(object: &str) -> Vec<(&'static str, Vec<u8>)> {
    let with = |more: &str| object.replace('}', &format!(",{more}}}"));
    let deep = |depth: usize| {
        with(&format!(
            r#""x":{}1{}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        ))
    };
    let first = object[1..].split(',').next().unwrap();
    let name = first.split('"').nth(1).unwrap();
    let escaped = format!(r"\u{:04x}{}", u32::from(name.as_bytes()[0]), &name[1..]);
    #[rustfmt::skip]
    let twice: Vec<(&'static str, String)> = vec![
        ("a name twice, with one value", with(first)),
        ("a name twice, with another value last", with(&format!(r#""{name}":"none""#))),
        ("a name twice, with another value first", object.replacen('{', &format!(r#"{{"{name}":"none","#), 1)),
        ("a name twice, null", with(&format!(r#""{name}":null"#))),
        ("a name twice, escaped", with(&format!(r#""{escaped}":"none""#))),
        ("a name twice, escaped first", object.replacen('{', &format!(r#"{{"{escaped}":"none","#), 1)),
        ("a name twice that nobody reads", with(r#""x":1,"x":1"#)),
        ("a name twice inside", with(r#""x":{"a":1,"a":1}"#)),
        ("a name twice inside, escaped", with(r#""x":{"a":1,"\u0061":1}"#)),
        ("a name twice inside a list", with(r#""x":[1,{"a":{"b":1,"b":2}}]"#)),
        ("an empty name twice", with(r#""":1,"":2"#)),
    ];
    #[rustfmt::skip]
    let texts: Vec<(&'static str, String)> = vec![
        ("nothing", " ".into()),
        ("a list", format!("[{object}]")),
        ("a text", format!("{:?}", "alg")),
        ("a number", "1".into()),
        ("null", "null".into()),
        ("true", "true".into()),
        ("two objects", format!("{object}{object}")),
        ("something behind", format!("{object}x")),
        ("a NUL behind", format!("{object}\0")),
        ("a comma too many", object.replace('}', ",}")),
        ("no end", object.replace('}', "")),
        ("a byte order mark", format!("\u{FEFF}{object}")),
        ("a comment", format!("/**/{object}")),
        ("single quotes", object.replace('"', "'")),
        ("names without quotes", object.replace(&format!("\"{name}\""), name)),
        ("NaN", with(r#""x":NaN"#)),
        ("Infinity", with(r#""x":Infinity"#)),
        ("a number that is too large", with(r#""x":1e400"#)),
        ("a number with a zero in front", with(r#""x":01"#)),
        ("a number with a plus", with(r#""x":+1"#)),
        ("a hexadecimal number", with(r#""x":0x1"#)),
        ("a number without its end", with(r#""x":1."#)),
        ("half a surrogate", with(r#""x":"\ud800""#)),
        ("half a surrogate as a name", with(r#""\udc00":1"#)),
        ("a control character", with("\"x\":\"\u{1}\"")),
        ("a line end in a text", with("\"x\":\"\n\"")),
        ("an unknown escape", with(r#""x":"\x41""#)),
        ("nested nine deep", deep(8)),
        ("nested 1,000 deep", deep(1_000)),
        ("nested 5,000 deep", deep(5_000)),
        ("open 5,000 deep", "[".repeat(5_000)),
        ("another encoding", object.chars().flat_map(|c| [c, '\0']).collect()),
    ];
    #[rustfmt::skip]
    let bytes: Vec<(&'static str, Vec<u8>)> = vec![
        ("invalid UTF-8", [with(r#""x":"#).as_bytes(), b"\xff"].concat()),
        (
            "invalid UTF-8 in a text",
            with(r#""x":"?""#)
                .replace('?', "\u{1}")
                .into_bytes()
                .into_iter()
                .map(|byte| if byte == 1 { 0xC0 } else { byte })
                .collect(),
        ),
        (
            "a surrogate in UTF-8",
            with(r#""x":"?""#)
                .into_bytes()
                .into_iter()
                .flat_map(|byte| {
                    if byte == b'?' {
                        vec![0xED, 0xA0, 0x80]
                    } else {
                        vec![byte]
                    }
                })
                .collect(),
        ),
    ];
    let of_text = |(change, text): (&'static str, String)| (change, text.into_bytes());
    let texts = twice.into_iter().chain(texts).map(of_text);
    texts.chain(bytes).collect()
}

#[tokio::test]
async fn the_header_as_json() {
    let forged = not_strict(HEADER).into_iter().map(|(change, header)| {
        let signed = format!("{}.{}", base64url(header), base64url(CLAIMS));
        let signature = P256.signature("ES256", signed.as_bytes());
        let token = format!("{signed}.{}", base64url(signature));
        (format!("header: {change}"), token, "")
    });
    assert!(none_passes(P256, &good(), forged.collect()).await >= 46);
}

#[tokio::test]
async fn the_claims_as_json() {
    let forged = not_strict(CLAIMS).into_iter().map(|(change, claims)| {
        let token = P256.sign("ES256", HEADER, claims);
        (format!("claims: {change}"), token, "")
    });
    assert!(none_passes(P256, &good(), forged.collect()).await >= 46);
}

#[tokio::test]
async fn the_algorithm_of_another_key() {
    let mut count = 0;
    for (algorithm, key) in GOOD {
        let good = key.token(algorithm, &json!({"sub": "ada"}));
        let others = GOOD.iter().filter(|(other, _)| *other != algorithm);
        let forged = others.map(|(other, other_key)| {
            let header = json!({"alg": other, "kid": key.id}).to_string();
            let signed = signed(&header, "{}");
            let signature = key.signature(algorithm, signed.as_bytes());
            let token = format!("{signed}.{}", base64url(signature));
            let same_kind = key.id == other_key.id;
            let why = if same_kind {
                "the signature is wrong"
            } else {
                "the key is not for this algorithm"
            };
            (format!("{algorithm} said to be {other}"), token, why)
        });
        count += none_passes(key, &good, forged.collect()).await;
    }
    assert_eq!(count, 42);
}

#[tokio::test]
async fn the_signature() {
    let mut count = 0;
    for (algorithm, key) in GOOD {
        let header = json!({"alg": algorithm, "kid": key.id}).to_string();
        let good = key.sign(algorithm, &header, CLAIMS);
        let signed = signed(&header, CLAIMS);
        let right = key.signature(algorithm, signed.as_bytes());
        let length = right.len();
        let flipped = |place: usize, bit: u8| {
            let mut bytes = right.clone();
            bytes[place] ^= bit;
            bytes
        };
        let mut changes = vec![
            ("the first bit", flipped(0, 0x80)),
            ("a bit in the middle", flipped(length / 2, 1)),
            ("the last bit", flipped(length - 1, 1)),
            ("one byte", vec![0]),
            ("zeros", vec![0; length]),
            ("ones", vec![0xFF; length]),
            ("one and zeros", [vec![0; length - 1], vec![1]].concat()),
            ("a byte too few", right[..length - 1].to_vec()),
            ("half of it", right[..length / 2].to_vec()),
            ("a zero in front", [&[0], &*right].concat()),
            ("a zero behind", [&*right, &[0]].concat()),
            ("twice", right.repeat(2)),
            ("backwards", right.iter().rev().copied().collect()),
            (
                "of other claims",
                key.signature(algorithm, format!("{signed}A").as_bytes()),
            ),
            (
                "of the header alone",
                key.signature(algorithm, header.as_bytes()),
            ),
            ("of the bytes", key.signature(algorithm, CLAIMS.as_bytes())),
            ("of nothing", key.signature(algorithm, b"")),
        ];
        let half = length / 2;
        if algorithm.starts_with("ES") {
            changes.extend([
                ("of X.509 (DER)", der(&right)),
                ("r zero", [&vec![0; half], &right[half..]].concat()),
                ("s zero", [&right[..half], &vec![0; half]].concat()),
                ("r and s swapped", [&right[half..], &right[..half]].concat()),
            ]);
        }
        if algorithm == "EdDSA" {
            changes.push(("s plus the order of the group", plus_order(&right)));
        }
        let forged = changes.into_iter().map(|(change, signature)| {
            let token = format!("{signed}.{}", base64url(signature));
            (
                format!("{algorithm}: {change}"),
                token,
                "the signature is wrong",
            )
        });
        count += none_passes(key, &good, forged.collect()).await;
    }
    assert!(count >= 120);
}

/// The two numbers of an ECDSA signature as X.509 writes them.
fn der(signature: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let sign = vec![0; usize::from(bytes[zeros] >= 0x80)];
        let bytes = [&*sign, &bytes[zeros..]].concat();
        [&[2, u8::try_from(bytes.len()).unwrap()], &*bytes].concat()
    };
    let (r, s) = signature.split_at(signature.len() / 2);
    let numbers = [number(r), number(s)].concat();
    [&[0x30, u8::try_from(numbers.len()).unwrap()], &*numbers].concat()
}

/// The same signature in another spelling, which RFC 8032 §5.1.7 refuses.
fn plus_order(signature: &[u8]) -> Vec<u8> {
    // 2^252 + 27742317777372353535851937790883648493, the lowest byte first.
    let order = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut bytes = signature.to_vec();
    let mut carry = 0;
    for (byte, more) in bytes[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + more + carry;
        *byte = u8::try_from(sum & 0xFF).unwrap();
        carry = sum >> 8;
    }
    bytes
}

#[tokio::test]
async fn a_key_of_somebody_else() {
    for (algorithm, key, other) in [
        ("RS256", RSA, RSA_NEXT),
        ("PS256", RSA, RSA_NEXT),
        ("ES256", P256, P256_NEXT),
    ] {
        let claims = json!({"sub": "ada"});
        let good = key.token(algorithm, &claims);
        let header = json!({"alg": algorithm, "kid": key.id}).to_string();
        let forged = vec![
            (
                "with the right kid".to_owned(),
                other.sign(algorithm, &header, CLAIMS),
                "the signature is wrong",
            ),
            (
                "with its own kid".to_owned(),
                other.token(algorithm, &claims),
                "no key has the token's kid",
            ),
        ];
        none_passes(key, &good, forged).await;
    }
}

#[tokio::test]
async fn the_public_key_as_a_shared_secret() {
    let header = |alg: &str| format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"rsa"}}"#);
    let good = RSA.sign("RS256", &header("RS256"), CLAIMS);
    let jwk = RSA.jwk();
    let text = |name: &str| jwk[name].as_str().unwrap().to_owned();
    let secrets = [
        text("n").into_bytes(),
        crate::jws::base64url(&text("n")).unwrap(),
        jwk.to_string().into_bytes(),
        key_set(&[RSA.jwk()]).into_bytes(),
        b"rsa".to_vec(),
        b"\0".to_vec(),
    ];
    let mut forged: Vec<Forged> = Vec::new();
    for (place, secret) in secrets.iter().enumerate() {
        let token = sign_with_secret(secret, &header("HS256"), CLAIMS);
        forged.push((format!("secret {place}"), token, "the algorithm is not one"));
        let token = sign_with_secret(secret, &header("RS256"), CLAIMS);
        forged.push((
            format!("secret {place}, said to be RS256"),
            token,
            "the signature is wrong",
        ));
    }
    assert_eq!(none_passes(RSA, &good, forged).await, 12);
}

/// OpenSSL has signed this, which nothing else here would with so short a key.
#[tokio::test]
async fn a_key_of_1024_bits() {
    let modulus = "wS5ED6vGlHtxG5KgD_3EalaA7IlIBk7gY3tW1vF_miY0VBJlROTv7lsqYTfPkXUNbI1ANrgBUvz9ptUSBwh1hXyq5M5f7MgeNt6BQFIjNXVpJgJoAInG14gdMr6FWjOgx9IgdKwJHtFfeEV3qxrCi7ctSTjCYibB8f0Po9rjd18";
    let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYS0xMDI0In0.e30.GMmF5LxjpJWCoRMX2l_qTQcg-aTYbV8LQ1scSjrpXKlqtbSavPR5hWkL8y6e_KUW7uV380xTnI17qZDOA3p7Qvv4dQY7STa5xayhqmmEMZcFJ_tR8r4afLTSA62hFTJ14o8pAjgQ8UcZD9057G8NAC2Gc6SBcjOWFmzItApntHs";
    let jwk = json!({"kty": "RSA", "kid": "rsa-1024", "e": "AQAB", "n": modulus});
    let error = verify(&[jwk], token).await.unwrap_err();
    assert!(
        error.to_string().contains("no key has the token's kid"),
        "{error}"
    );
}

/// Each key is one change to a key that verifies.
#[tokio::test]
async fn the_key() {
    let but = |key: TestKey, name: &str, value: Value| {
        let mut jwk = key.jwk();
        jwk[name] = value;
        jwk
    };
    let without = |key: TestKey, name: &str| {
        let mut jwk = key.jwk();
        jwk.as_object_mut().unwrap().remove(name);
        jwk
    };
    let longer = |key: TestKey, name: &str, more: &[u8], front: bool| {
        let bytes = crate::jws::base64url(key.jwk()[name].as_str().unwrap()).unwrap();
        let bytes = if front {
            [more, &bytes].concat()
        } else {
            [&bytes, more].concat()
        };
        but(key, name, base64url(bytes).into())
    };
    let x = |key: TestKey| key.jwk()["x"].clone();
    let padded = |key: TestKey, name: &str| format!("{}=", key.jwk()[name].as_str().unwrap());
    let gone = "no key has the token's kid";
    let wrong = "the signature is wrong";
    let mut cases: Vec<(&str, TestKey, &str, Value, &str)> = Vec::new();
    for (algorithm, key) in GOOD {
        for (change, jwk, why) in [
            ("for encryption", but(key, "use", json!("enc")), gone),
            ("for an unknown use", but(key, "use", json!("SIG")), gone),
            ("use null", but(key, "use", Value::Null), gone),
            (
                "key_ops without verify",
                but(key, "key_ops", json!(["sign"])),
                gone,
            ),
            ("key_ops empty", but(key, "key_ops", json!([])), gone),
            ("key_ops a text", but(key, "key_ops", json!("verify")), gone),
            (
                "for another algorithm",
                but(key, "alg", json!("RSA-OAEP")),
                gone,
            ),
            ("for HS256", but(key, "alg", json!("HS256")), gone),
            ("alg null", but(key, "alg", Value::Null), gone),
            ("kty unknown", but(key, "kty", json!("AKP")), gone),
            ("kty in small letters", but(key, "kty", json!("rsa")), gone),
            ("kty symmetric", but(key, "kty", json!("oct")), gone),
            ("kty absent", without(key, "kty"), gone),
            ("kid a number", but(key, "kid", json!(1)), gone),
            ("kid absent", without(key, "kid"), gone),
            ("kid another", but(key, "kid", json!("x")), gone),
            ("private", but(key, "d", json!("AQAB")), gone),
            ("private, null", but(key, "d", Value::Null), gone),
            ("symmetric", but(key, "k", json!("AQAB")), gone),
        ] {
            cases.push((algorithm, key, change, jwk, why));
        }
    }
    for name in ["p", "q", "dp", "dq", "qi", "oth"] {
        cases.push((
            "RS256",
            RSA,
            "a private number",
            but(RSA, name, json!("AQAB")),
            gone,
        ));
    }
    #[rustfmt::skip]
    let rsa = [
        ("no modulus", without(RSA, "n"), gone),
        ("no exponent", without(RSA, "e"), gone),
        ("a padded modulus", but(RSA, "n", padded(RSA, "n").into()), gone),
        ("an empty modulus", but(RSA, "n", json!("")), gone),
        ("a modulus of zeros", but(RSA, "n", "A".repeat(342).into()), gone),
        ("a modulus of 2,040 bits", but(RSA, "n", base64url([0x80; 255]).into()), gone),
        ("a modulus of 8,200 bits", but(RSA, "n", base64url([0x80; 1025]).into()), gone),
        ("a modulus of 8 KiB", but(RSA, "n", base64url([0x80; 8192]).into()), gone),
        ("another modulus", but(RSA, "n", RSA_NEXT.jwk()["n"].clone()), wrong),
        ("an exponent of 1", but(RSA, "e", json!("AQ")), wrong),
        ("an exponent of 0", but(RSA, "e", json!("AA")), wrong),
        ("an exponent of 3", but(RSA, "e", json!("Aw")), wrong),
        ("an even exponent", but(RSA, "e", json!("AQAA")), wrong),
        ("an empty exponent", but(RSA, "e", json!("")), wrong),
        ("a huge exponent", but(RSA, "e", base64url([0xFF; 256]).into()), wrong),
        ("for PS256 alone", but(RSA, "alg", json!("PS256")), "the key is not for this algorithm"),
        ("for RS512 alone", but(RSA, "alg", json!("RS512")), "the key is not for this algorithm"),
        ("for an algorithm of other keys", but(RSA, "alg", json!("ES256")), gone),
    ];
    cases.extend(rsa.map(|(change, jwk, why)| ("RS256", RSA, change, jwk, why)));
    #[rustfmt::skip]
    let p256 = [
        ("P-384 in name", but(P256, "crv", json!("P-384")), gone),
        ("secp256k1", but(P256, "crv", json!("secp256k1")), gone),
        ("P-521", but(P256, "crv", json!("P-521")), gone),
        ("no curve", without(P256, "crv"), gone),
        ("kty OKP", but(P256, "kty", json!("OKP")), gone),
        ("no x", without(P256, "x"), gone),
        ("no y", without(P256, "y"), gone),
        ("a padded x", but(P256, "x", padded(P256, "x").into()), gone),
        ("a long x", longer(P256, "x", &[0], true), gone),
        ("a long y", longer(P256, "y", &[0], false), gone),
        ("a point off the curve", but(P256, "y", x(P256)), wrong),
        ("the point (0, 0)", { let mut jwk = but(P256, "x", "A".repeat(43).into()); jwk["y"] = "A".repeat(43).into(); jwk }, wrong),
        ("for ES384", but(P256, "alg", json!("ES384")), gone),
        ("for RS256", but(P256, "alg", json!("RS256")), gone),
        ("another key", { let mut jwk = P256_NEXT.jwk(); jwk["kid"] = json!("p256"); jwk }, wrong),
    ];
    cases.extend(p256.map(|(change, jwk, why)| ("ES256", P256, change, jwk, why)));
    #[rustfmt::skip]
    let ed = [
        ("X25519", but(ED25519, "crv", json!("X25519")), gone),
        ("Ed448", but(ED25519, "crv", json!("Ed448")), gone),
        ("kty EC", but(ED25519, "kty", json!("EC")), gone),
        ("a long x", longer(ED25519, "x", &[0], false), gone),
        ("an x of zeros", but(ED25519, "x", "A".repeat(43).into()), wrong),
        ("a P-256 number", but(ED25519, "x", x(P256)), wrong),
    ];
    cases.extend(ed.map(|(change, jwk, why)| ("EdDSA", ED25519, change, jwk, why)));
    cases.push((
        "ES384",
        P384,
        "P-256 in name",
        but(P384, "crv", json!("P-256")),
        gone,
    ));
    assert!(cases.len() >= 170);
    let mut good = HashMap::new();
    for (algorithm, key) in GOOD {
        let token = key.token(algorithm, &json!({}));
        verify(&[key.jwk()], &token).await.unwrap();
        good.insert(algorithm, token);
    }
    for (algorithm, _, change, jwk, why) in cases {
        match verify(&[jwk], &good[algorithm]).await {
            Ok(_) => panic!("accepted: {algorithm}, {change}"),
            Err(error) => assert!(
                error.to_string().contains(why),
                "{algorithm}, {change}: {error}"
            ),
        }
    }
}

#[tokio::test]
async fn a_set_in_which_the_key_is_not_certain() {
    let nameless = |key: TestKey| {
        let mut jwk = key.jwk();
        jwk.as_object_mut().unwrap().remove("kid");
        jwk
    };
    let header = r#"{"alg":"ES256"}"#;
    let named = good();
    let unnamed = P256.sign("ES256", header, CLAIMS);
    let mut same_name = P256_NEXT.jwk();
    same_name["kid"] = json!("p256");
    let several = "more than one key fits";
    for (change, token, good_set, set, why) in [
        (
            "no kid, two keys",
            &unnamed,
            vec![P256.jwk()],
            vec![P256.jwk(), P256_NEXT.jwk()],
            several,
        ),
        (
            "no kid, two keys without",
            &unnamed,
            vec![nameless(P256)],
            vec![nameless(P256), nameless(P256_NEXT)],
            several,
        ),
        (
            "no kid, the key twice",
            &unnamed,
            vec![P256.jwk()],
            vec![P256.jwk(), P256.jwk()],
            several,
        ),
        (
            "one kid, two keys",
            &named,
            vec![P256.jwk()],
            vec![P256.jwk(), same_name],
            several,
        ),
        (
            "no keys",
            &named,
            vec![P256.jwk()],
            vec![],
            "no key has the token's kid",
        ),
        (
            "no keys, no kid",
            &unnamed,
            vec![P256.jwk()],
            vec![],
            "no key fits the algorithm",
        ),
        (
            "no kid, another kind",
            &unnamed,
            vec![P256.jwk()],
            vec![RSA.jwk()],
            "no key fits the algorithm",
        ),
        (
            "no kid, another key",
            &unnamed,
            vec![P256.jwk()],
            vec![P256_NEXT.jwk()],
            "the signature is wrong",
        ),
    ] {
        verify(&good_set, token).await.unwrap();
        let error = verify(&set, token)
            .await
            .err()
            .unwrap_or_else(|| panic!("accepted: {change}"));
        assert!(error.to_string().contains(why), "{change}: {error}");
    }
}
