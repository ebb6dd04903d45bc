//! Seals any bytes: what is authentic and wrong all the same, the codec never makes.

use aws_lc_rs::cipher::{AES_128, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::answer::Codec;
use super::draw::Draw;

/// The keys of one secret and one cookie's name.
pub(super) struct Sealer(Value);

impl Sealer {
    pub(super) fn new(codec: &mut Codec, secret: &str, name: &str) -> Self {
        let question =
            json!({ "do": "keys", "secret": secret, "previous_secrets": [], "name": name });
        Self(codec.answer(&question)["keys"].take())
    }

    fn key(&self, info: &str) -> Vec<u8> {
        let text = self.0[info].as_str().unwrap_or_default();
        URL_SAFE_NO_PAD.decode(text).unwrap_or_default()
    }

    fn text(&self, prefix: &str, sealed: &[u8]) -> String {
        let body = [&self.key("key-id//"), sealed].concat();
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(body))
    }

    /// With the MAC of `context` and the bytes behind them.
    pub(super) fn signed(&self, prefix: &str, info: &str, context: &[u8], bytes: &[u8]) -> String {
        let key = Key::new(HMAC_SHA256, &self.key(info));
        let tag = sign(&key, &[context, bytes].concat());
        self.text(prefix, &[bytes, tag.as_ref()].concat())
    }

    /// As a Fernet token (SPEC §6.2), with something wrong in it now and then.
    pub(super) fn encrypted(
        &self,
        draw: &mut Draw,
        prefix: &str,
        info: &str,
        bytes: &[u8],
    ) -> String {
        let key = self.key(info);
        let Some((signing, encryption)) = key.split_at_checked(16) else {
            return String::new();
        };
        let iv: [u8; 16] = draw.bytes();
        let seconds = draw.between(0, u64::MAX);
        let version = if draw.once_in(10) { 0x81 } else { 0x80 };
        let mut body = [
            &[version][..],
            &seconds.to_be_bytes(),
            &iv,
            &cbc(encryption, iv, bytes),
        ]
        .concat();
        if draw.once_in(8) {
            // Without its last block, whose padding then is what stood before it; or less.
            let less = draw.pick(&[1, 15, 16, 32, body.len()]);
            body.truncate(body.len().saturating_sub(less));
        }
        let tag = sign(&Key::new(HMAC_SHA256, signing), &body);
        self.text(prefix, &[&body, tag.as_ref()].concat())
    }
}

/// AES-128-CBC with PKCS #7 padding; nothing where the library refuses, which it does not for a key of
/// 16 bytes.
fn cbc(key: &[u8], iv: [u8; 16], bytes: &[u8]) -> Vec<u8> {
    let mut buffer = bytes.to_vec();
    let key = UnboundCipherKey::new(&AES_128, key).and_then(PaddedBlockEncryptingKey::cbc_pkcs7);
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    match key.and_then(|key| key.less_safe_encrypt(&mut buffer, context)) {
        Ok(_) => buffer,
        Err(_) => Vec::new(),
    }
}
