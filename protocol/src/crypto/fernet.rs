//! Fernet (AES-128-CBC, then HMAC-SHA256) with initialisation vector and time as arguments.
//!
//! Layout, all inside one buffer: `0x80 ‖ time (u64, seconds) ‖ IV (16) ‖ ciphertext ‖ HMAC (32)`.
//! The `fernet` crate and the published vectors are the oracles in the tests; SPEC §6.2 says why
//! the crate is not used at run time.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit};

use super::mac::{MacKey, TAG};

const VERSION: u8 = 0x80;
const HEADER: usize = 1 + 8 + IV;
const IV: usize = 16;
const BLOCK: usize = 16;

/// A Fernet key with both halves already expanded.
pub(crate) struct FernetKey {
    mac: MacKey,
    cipher: Aes128,
}

/// The bytes are not a Fernet token made with this key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotOurs;

impl FernetKey {
    /// The first half of the key signs, the second half encrypts.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let (signing, encryption) = key.split_at(16);
        Self {
            mac: MacKey::new(signing),
            cipher: Aes128::new_from_slice(encryption).expect("half of the key is 16 bytes"),
        }
    }

    /// Appends to `out` the token for what `write` appends. The plaintext is encrypted in place, so
    /// it is never copied.
    pub(crate) fn seal_into(
        &self,
        out: &mut Vec<u8>,
        seconds: u64,
        iv: &[u8; IV],
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let start = out.len();
        out.push(VERSION);
        out.extend_from_slice(&seconds.to_be_bytes());
        out.extend_from_slice(iv);
        let plaintext = out.len();
        write(out);
        let length = out.len() - plaintext;
        out.resize(plaintext + (length / BLOCK + 1) * BLOCK, 0);
        cbc::Encryptor::inner_iv_init(&self.cipher, iv.into())
            .encrypt_padded::<Pkcs7>(&mut out[plaintext..], length)
            .expect("the buffer has room for the padding");
        let tag = self.mac.tag(&out[start..]);
        out.extend_from_slice(&tag);
    }

    /// The plaintext, decrypted in place. The MAC is verified, in constant time, before
    /// anything else is looked at.
    pub(crate) fn open<'t>(&self, token: &'t mut [u8]) -> Result<&'t [u8], NotOurs> {
        let length = token.len().checked_sub(TAG).ok_or(NotOurs)?;
        let (signed, tag) = token.split_at_mut(length);
        self.mac.verify(signed, tag).map_err(|_| NotOurs)?;
        let (header, ciphertext) = signed.split_at_mut_checked(HEADER).ok_or(NotOurs)?;
        let (version, iv) = (header.first(), header.last_chunk::<IV>());
        let (Some(&VERSION), Some(iv)) = (version, iv) else {
            return Err(NotOurs);
        };
        cbc::Decryptor::inner_iv_init(&self.cipher, iv.into())
            .decrypt_padded::<Pkcs7>(ciphertext)
            .map_err(|_| NotOurs)
    }
}

#[cfg(test)]
mod ciphertexts;
#[cfg(test)]
mod specification;

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE;
    use proptest::prelude::*;

    use super::*;

    fn seal(key: &[u8; 32], seconds: u64, iv: &[u8; 16], plaintext: &[u8]) -> Vec<u8> {
        let mut token = Vec::new();
        FernetKey::new(key).seal_into(&mut token, seconds, iv, |out| {
            out.extend_from_slice(plaintext);
        });
        token
    }

    /// The reference implementation, with the same key.
    fn oracle(key: &[u8; 32]) -> fernet::Fernet {
        fernet::Fernet::new(&URL_SAFE.encode(key)).unwrap()
    }

    proptest! {
        #[test]
        fn the_fernet_crate_opens_what_we_seal(
            key: [u8; 32], iv: [u8; 16], seconds in 0..1_700_000_000_u64,
            plaintext in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let text = URL_SAFE.encode(seal(&key, seconds, &iv, &plaintext));
            prop_assert_eq!(oracle(&key).decrypt(&text).unwrap(), plaintext);
        }

        #[test]
        fn we_open_what_the_fernet_crate_seals(
            key: [u8; 32], plaintext in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut token = URL_SAFE.decode(oracle(&key).encrypt(&plaintext)).unwrap();
            prop_assert_eq!(FernetKey::new(&key).open(&mut token).unwrap(), plaintext);
        }

        #[test]
        fn one_flipped_bit_is_refused(
            key: [u8; 32], iv: [u8; 16], plaintext in proptest::collection::vec(any::<u8>(), 0..60),
            at in any::<prop::sample::Index>(), bit in 0..8_u32,
        ) {
            let mut token = seal(&key, 1, &iv, &plaintext);
            let at = at.index(token.len());
            token[at] ^= 1 << bit;
            prop_assert_eq!(FernetKey::new(&key).open(&mut token), Err(NotOurs));
        }
    }

    #[test]
    fn a_truncated_token_is_refused_at_every_length() {
        let token = seal(&[1; 32], 1, &[2; 16], b"plaintext");
        for length in 0..token.len() {
            let mut cut = token[..length].to_vec();
            assert_eq!(
                FernetKey::new(&[1; 32]).open(&mut cut),
                Err(NotOurs),
                "{length}"
            );
        }
    }

    #[test]
    fn an_authentic_token_of_another_version_or_shape_is_refused() {
        let key = FernetKey::new(&[1; 32]);
        let with_tag = |bytes: &[u8]| [bytes, &key.mac.tag(bytes)].concat();
        let good = seal(&[1; 32], 1, &[2; 16], b"plaintext");
        let signed = &good[..good.len() - TAG];
        assert!(key.open(&mut with_tag(signed)).is_ok());
        let mut other_version = signed.to_vec();
        other_version[0] = 0x81;
        assert!(key.open(&mut with_tag(&other_version)).is_err());
        for length in 0..signed.len() {
            assert!(
                key.open(&mut with_tag(&signed[..length])).is_err(),
                "{length}"
            );
        }
    }
}
