//! The cost of a token or a value of the same size without anything to write or read in it:
//! authentication, encryption, base64, clock and randomness, with the same crates, in reused buffers.

use aes::Aes128;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit};
use base64::Engine;
use base64::engine::general_purpose::NO_PAD;
use hmac::digest::FixedOutput;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{now, random};

#[cfg(target_arch = "x86_64")]
type Base64 = base64::engine::Simd;
#[cfg(not(target_arch = "x86_64"))]
type Base64 = base64::engine::GeneralPurpose;

#[cfg(target_arch = "x86_64")]
fn base64() -> Base64 {
    Base64::url_safe(NO_PAD)
}
#[cfg(not(target_arch = "x86_64"))]
fn base64() -> Base64 {
    Base64::new(&base64::alphabet::URL_SAFE, NO_PAD)
}

const KEY_ID: usize = 4;
const FERNET_HEADER: usize = 25;
const TAG: usize = 32;

pub(crate) struct Floor {
    mac: Hmac<Sha256>,
    cipher: Option<Aes128>,
    base64: Base64,
    text: Vec<u8>,
    sealed: Vec<u8>,
}

impl Floor {
    /// The floor for texts of this one's length and seal.
    pub(crate) fn below(text: &str, encrypted: bool) -> Self {
        let base64 = base64();
        let (_, sealed) = text.split_once('.').expect("a prefix");
        let mut floor = Self {
            mac: Hmac::new_from_slice(&[1; 32]).expect("HMAC takes keys of any length"),
            cipher: encrypted.then(|| Aes128::new(&[1; 16].into())),
            sealed: base64.decode(sealed).expect("ours"),
            text: sealed.as_bytes().to_vec(),
            base64,
        };
        floor.mint();
        floor
    }

    pub(crate) fn mint(&mut self) {
        let end = self.sealed.len() - TAG;
        let issued = now().get().to_be_bytes();
        self.sealed[KEY_ID..][..8].copy_from_slice(&issued);
        self.sealed[KEY_ID + 8..][..16].copy_from_slice(&random::<16>());
        if let Some(cipher) = &self.cipher {
            let iv = random::<16>();
            let body = &mut self.sealed[KEY_ID + FERNET_HEADER..end];
            let length = body.len();
            cbc::Encryptor::inner_iv_init(cipher, (&iv).into())
                .encrypt_padded::<NoPadding>(body, length)
                .expect("whole blocks");
        }
        let mac = self.mac.clone().chain_update(&self.sealed[KEY_ID..end]);
        self.sealed[end..].copy_from_slice(&mac.finalize_fixed());
        self.base64
            .encode_slice(&self.sealed, &mut self.text)
            .expect("the same length");
    }

    pub(crate) fn verify(&mut self) -> bool {
        self.base64
            .decode_slice(&self.text, &mut self.sealed)
            .expect("the same length");
        let end = self.sealed.len() - TAG;
        let (signed, tag) = self.sealed.split_at_mut(end);
        self.mac
            .clone()
            .chain_update(&signed[KEY_ID..])
            .verify_slice(tag)
            .expect("made here");
        if let Some(cipher) = &self.cipher {
            cbc::Decryptor::inner_iv_init(cipher, (&[1; 16]).into())
                .decrypt_padded::<NoPadding>(&mut signed[KEY_ID + FERNET_HEADER..])
                .expect("whole blocks");
        }
        now().get() > 0
    }
}
