//! A sealer for any payload bytes, written from SPEC §2, §5 and §6 and nothing else: it makes
//! the authentic but wrong tokens that `seal` never makes.

use aes::cipher::block_padding::{NoPadding, Pkcs7};
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub struct RawKeys {
    pub key_id: [u8; 4],
    signing: [u8; 32],
    fernet: [u8; 32],
    binding: [u8; 32],
}

impl RawKeys {
    pub fn of(secret: &str) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(b"apply-cookies/v1"), secret.as_bytes());
        Self {
            key_id: expand(&hkdf, "apply-cookies/v1/key-id//"),
            signing: expand(&hkdf, "apply-cookies/v1/token/hmac-sha256/"),
            fernet: expand(&hkdf, "apply-cookies/v1/token/fernet/"),
            binding: expand(&hkdf, "apply-cookies/v1/binding/hmac-sha256/"),
        }
    }

    /// Every key of SPEC §2, by its info behind `apply-cookies/v1/`.
    pub fn named(secret: &str, name: &str) -> Vec<(String, Vec<u8>)> {
        let hkdf = Hkdf::<Sha256>::new(Some(b"apply-cookies/v1"), secret.as_bytes());
        let key = |info: String| {
            let key: [u8; 32] = expand(&hkdf, &format!("apply-cookies/v1/{info}"));
            (info, key.to_vec())
        };
        let id: [u8; 4] = expand(&hkdf, "apply-cookies/v1/key-id//");
        vec![
            ("key-id//".to_owned(), id.to_vec()),
            key("token/hmac-sha256/".to_owned()),
            key("token/fernet/".to_owned()),
            key("binding/hmac-sha256/".to_owned()),
            key(format!("cookie/hmac-sha256/{name}")),
            key(format!("cookie/fernet/{name}")),
        ]
    }

    pub fn signed(&self, payload: &[u8]) -> String {
        let sealed = [payload, &mac(&self.signing, payload)].concat();
        self.text("s1.", &sealed)
    }

    pub fn encrypted(&self, seconds: u64, iv: [u8; 16], payload: &[u8]) -> String {
        self.text("e1.", &fernet(&self.fernet, seconds, iv, payload))
    }

    /// Any bytes in place of a Fernet token, under a good MAC.
    pub fn encrypted_body(&self, body: &[u8]) -> String {
        let token = [body, &mac(&self.fernet[..16], body)].concat();
        self.text("e1.", &token)
    }

    pub fn binding(&self, cookie: &[u8]) -> [u8; 16] {
        mac(&self.binding, cookie)[..16].try_into().unwrap()
    }

    /// Whole blocks, encrypted without padding.
    pub fn ciphertext(&self, iv: [u8; 16], blocks: &[u8]) -> Vec<u8> {
        ciphertext(&self.fernet, iv, blocks)
    }

    pub fn text(&self, prefix: &str, sealed: &[u8]) -> String {
        let body = [&self.key_id, sealed].concat();
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(body))
    }
}

/// A Fernet token in binary form.
fn fernet(key: &[u8; 32], seconds: u64, iv: [u8; 16], plaintext: &[u8]) -> Vec<u8> {
    let mut buffer = plaintext.to_vec();
    buffer.resize(plaintext.len() + 16, 0);
    let ciphertext = cbc::Encryptor::<aes::Aes128>::new_from_slices(&key[16..], &iv)
        .unwrap()
        .encrypt_padded::<Pkcs7>(&mut buffer, plaintext.len())
        .unwrap();
    let mut token = vec![0x80];
    token.extend(seconds.to_be_bytes());
    token.extend(iv);
    token.extend(ciphertext);
    token.extend(mac(&key[..16], &token));
    token
}

fn ciphertext(key: &[u8; 32], iv: [u8; 16], blocks: &[u8]) -> Vec<u8> {
    let mut buffer = blocks.to_vec();
    let length = buffer.len();
    cbc::Encryptor::<aes::Aes128>::new_from_slices(&key[16..], &iv)
        .unwrap()
        .encrypt_padded::<NoPadding>(&mut buffer, length)
        .unwrap()
        .to_vec()
}

fn expand<const N: usize>(hkdf: &Hkdf<Sha256>, info: &str) -> [u8; N] {
    let mut key = [0; N];
    hkdf.expand(info.as_bytes(), &mut key).unwrap();
    key
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key)
        .unwrap()
        .chain_update(message)
        .finalize()
        .into_bytes()
        .into()
}

/// A payload, field by field, with room for every mistake.
#[derive(Clone)]
pub struct RawPayload {
    pub encrypted: bool,
    pub flags: u8,
    pub nonce: [u8; 16],
    pub issued_at: u64,
    pub lifetime: u32,
    /// Scope, binding, and the action's numbers, as far as the flags say that they are there.
    pub optional: Vec<u8>,
    /// The action's text.
    pub path: Vec<u8>,
    pub count: u8,
    pub operations: Vec<RawOperation>,
}

impl RawPayload {
    /// With these operations, and as many as they are.
    pub fn with(self, operations: Vec<RawOperation>) -> Self {
        Self {
            count: u8::try_from(operations.len()).unwrap(),
            operations,
            ..self
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.flags];
        bytes.extend(self.nonce);
        bytes.extend(&self.issued_at.to_be_bytes()[2..]);
        bytes.extend(self.lifetime.to_be_bytes());
        bytes.extend(&self.optional);
        bytes.push(self.count);
        for operation in &self.operations {
            bytes.extend(&operation.numbers);
        }
        bytes.extend(&self.path);
        for operation in &self.operations {
            bytes.extend(&operation.texts);
        }
        bytes
    }
}

/// An operation: its flags, lengths and age, and its texts.
#[derive(Clone)]
pub struct RawOperation {
    pub numbers: Vec<u8>,
    pub texts: Vec<u8>,
}

/// `Secure`, `HttpOnly`, `SameSite=Lax`: the flags of an ordinary cookie.
pub const ORDINARY: u32 = 0b001_0110;
/// The flag of `Max-Age`.
pub const AGE: u32 = 1 << 5;
/// The flag of an operation whose path is not `/`, or that has a domain.
pub const ELSEWHERE: u32 = 1 << 6;
pub const PARTITIONED: u32 = 1 << 7;

/// The shortest form of a number.
pub fn varint(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7F {
        bytes.push(0x80 | u8::try_from(number & 0x7F).unwrap());
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

/// A set operation, without an age.
pub fn set(flags: u32, name: &str, value: &str, path: &str, domain: &str) -> RawOperation {
    operation(flags, &[name, value], path, domain)
}

/// A delete operation.
pub fn delete(flags: u32, name: &str, path: &str) -> RawOperation {
    operation(flags | 1, &[name], path, "")
}

fn operation(flags: u32, texts: &[&str], path: &str, domain: &str) -> RawOperation {
    let is_usual = path == "/" && domain.is_empty();
    let flags = if is_usual { flags } else { flags | ELSEWHERE };
    let mut texts = texts.to_vec();
    if !is_usual {
        texts.extend([path, domain]);
    }
    let lengths = texts.iter().map(|text| u32::try_from(text.len()).unwrap());
    RawOperation {
        numbers: [flags]
            .into_iter()
            .chain(lengths)
            .flat_map(varint)
            .collect(),
        texts: texts.concat().into_bytes(),
    }
}

/// A set operation with an age.
pub fn set_for(seconds: u32, mut operation: RawOperation) -> RawOperation {
    operation.numbers[0] |= u8::try_from(AGE).unwrap();
    operation.numbers.extend(varint(seconds));
    operation
}

/// A sealer of cookie values for the cookie of one name, by SPEC §12.
pub struct RawValues {
    key_id: [u8; 4],
    named: Vec<u8>,
    signing: [u8; 32],
    fernet: [u8; 32],
}

impl RawValues {
    pub fn of(secret: &str, name: &str) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(b"apply-cookies/v1"), secret.as_bytes());
        let length = u16::try_from(name.len()).unwrap().to_be_bytes();
        Self {
            key_id: expand(&hkdf, "apply-cookies/v1/key-id//"),
            named: [&length, name.as_bytes()].concat(),
            signing: expand(
                &hkdf,
                &format!("apply-cookies/v1/cookie/hmac-sha256/{name}"),
            ),
            fernet: expand(&hkdf, &format!("apply-cookies/v1/cookie/fernet/{name}")),
        }
    }

    /// `body` is expires at and value.
    pub fn signed(&self, body: &[u8]) -> String {
        let tag = mac(&self.signing, &[&self.named, body].concat());
        self.text("cs1.", &[body, &tag].concat())
    }

    pub fn encrypted(&self, seconds: u64, iv: [u8; 16], expires_at: &[u8], value: &[u8]) -> String {
        self.encrypted_plaintext(seconds, iv, &[expires_at, &self.named, value].concat())
    }

    pub fn encrypted_plaintext(&self, seconds: u64, iv: [u8; 16], plaintext: &[u8]) -> String {
        self.text("ce1.", &fernet(&self.fernet, seconds, iv, plaintext))
    }

    /// The Fernet token of a value.
    pub fn fernet(&self, seconds: u64, iv: [u8; 16], expires_at: &[u8], value: &[u8]) -> Vec<u8> {
        let plaintext = [expires_at, &self.named, value].concat();
        fernet(&self.fernet, seconds, iv, &plaintext)
    }

    /// Any bytes in place of a Fernet token, under a good MAC.
    pub fn encrypted_body(&self, body: &[u8]) -> String {
        self.text("ce1.", &[body, &mac(&self.fernet[..16], body)].concat())
    }

    /// Whole blocks, encrypted without padding.
    pub fn ciphertext(&self, iv: [u8; 16], blocks: &[u8]) -> Vec<u8> {
        ciphertext(&self.fernet, iv, blocks)
    }

    pub fn text(&self, prefix: &str, sealed: &[u8]) -> String {
        let body = [&self.key_id, sealed].concat();
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(body))
    }
}
