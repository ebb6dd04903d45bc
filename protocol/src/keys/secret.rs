//! The root secret, and why some are refused.

use std::fmt;

use zeroize::Zeroizing;

use super::list::without_line_end;
#[cfg(feature = "mesop")]
use super::strength::shannon_bits;
use super::strength::{
    encoded_text, encodes_sequence, estimated_entropy, has_known_bytes, is_derived_uuid,
    is_repetition, least_entropy,
};
use super::weak::WeakSecret;
use super::{code, configured, placeholder, printed};
use crate::limits::{SECRET_MAX, SECRET_MIN};

/// One root secret, from which every key is derived. Wiped from memory when dropped, and never
/// shown by `Debug`.
///
/// ```
/// use apply_cookies_protocol::Secret;
///
/// let secret = Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?;
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// assert!(Secret::new("too short").is_err());
/// # Ok::<(), apply_cookies_protocol::WeakSecret>(())
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the UTF-8 bytes of `text`, without one trailing newline (files have one).
    ///
    /// For secrets that the program holds, in tests and in examples. Text from the environment, a
    /// file or a vault goes through [`from_configuration`](Self::from_configuration).
    ///
    /// # Errors
    ///
    /// When the secret can be guessed: too short, a pattern, a placeholder.
    pub fn new(text: &str) -> Result<Self, WeakSecret> {
        Self::judged(without_line_end(text), estimated_entropy)
    }

    /// Takes a secret that comes from outside the program (SPEC §2): the same bytes as
    /// [`new`](Self::new), or a refusal where they cannot be the secret that was meant.
    ///
    /// ```
    /// use apply_cookies_protocol::{Secret, WeakSecret};
    ///
    /// let refused = |text: &str| Secret::from_configuration(text).unwrap_err();
    /// assert_eq!(refused("/run/secrets/apply_cookies_secret_key"), WeakSecret::Reference);
    /// assert_eq!(refused("${APPLY_COOKIES_SECRET_KEY:?not_set}"), WeakSecret::Template);
    /// // This page prints it.
    /// assert_eq!(refused("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA"), WeakSecret::Published);
    /// ```
    ///
    /// # Errors
    ///
    /// Also where something stands beside the secret, where a list, a path, a reference or a template
    /// is in its place, and where this project has printed it.
    pub fn from_configuration(text: &str) -> Result<Self, WeakSecret> {
        let text = without_line_end(text);
        configured::check_alone(text)?;
        Self::meant(text, estimated_entropy)
    }

    fn judged(text: &str, entropy: impl Fn(&[u8]) -> f64) -> Result<Self, WeakSecret> {
        let bytes = text.as_bytes();
        if bytes.len() < SECRET_MIN {
            return Err(WeakSecret::TooShort {
                actual: bytes.len(),
            });
        }
        check_strength(text, &entropy)?;
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// Judges text from outside whose bytes are those that were meant, if it is a secret at all.
    fn meant(text: &str, entropy: impl Fn(&[u8]) -> f64) -> Result<Self, WeakSecret> {
        code::check_is_no_code(text)?;
        // Before what takes quadratic time.
        if text.len() > SECRET_MAX {
            return Err(WeakSecret::TooLong);
        }
        if text.len() >= SECRET_MIN && placeholder::is_note(text) {
            return Err(WeakSecret::Placeholder);
        }
        let secret = Self::judged(text, &entropy)?;
        check_content(text, &entropy)?;
        // Last, so that a tool which takes published secrets refuses everything else.
        if printed::is_published(text) {
            return Err(WeakSecret::Published);
        }
        Ok(secret)
    }

    /// The secret of a Mesop app. The app has already chosen it and uses every byte of it,
    /// including a line end: at least 32 bytes, and not a repetition, but it may be one that
    /// [`new`](Self::new) refuses for its sequences of characters. Use a random one where you can:
    /// `apply-cookies keygen` makes one, and Mesop takes any text.
    ///
    /// # Errors
    ///
    /// When the secret can be guessed.
    #[cfg(feature = "mesop")]
    pub fn from_mesop(text: &str) -> Result<Self, WeakSecret> {
        Self::judged(text, shannon_bits)
    }

    /// [`from_mesop`](Self::from_mesop), for a secret that comes from outside the program. Mesop
    /// reads the same variable and uses every byte, so white space, commas and quotation marks are
    /// part of the secret; everything else that
    /// [`from_configuration`](Self::from_configuration) refuses is refused here too.
    ///
    /// # Errors
    ///
    /// When the secret can be guessed, or cannot be meant.
    #[cfg(feature = "mesop")]
    pub fn from_mesop_configuration(text: &str) -> Result<Self, WeakSecret> {
        let content = without_line_end(text);
        configured::check_visible(content)?;
        Self::meant(content, shannon_bits)?;
        Self::from_mesop(text)
    }

    /// The bytes that [`new`](Self::new) would have taken from the same text.
    #[cfg(feature = "mesop")]
    pub(crate) fn bytes_without_line_end(&self) -> &[u8] {
        let bytes = self.bytes();
        bytes
            .strip_suffix(b"\r\n")
            .or_else(|| bytes.strip_suffix(b"\n"))
            .unwrap_or(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

fn check_strength(text: &str, entropy: &impl Fn(&[u8]) -> f64) -> Result<(), WeakSecret> {
    if placeholder::has_mark(text) {
        return Err(WeakSecret::Placeholder);
    }
    let bytes = text.as_bytes();
    if is_repetition(bytes)
        || entropy(bytes) < least_entropy(text)
        || encodes_sequence(text)
        || is_derived_uuid(text)
        || has_known_bytes(text)
    {
        return Err(WeakSecret::Guessable);
    }
    Ok(())
}

/// Judges the text that a text encodes, as that of a Kubernetes Secret which nobody decoded, and what
/// that encodes in turn. Each is shorter by a quarter at least.
fn check_content(text: &str, entropy: &impl Fn(&[u8]) -> f64) -> Result<(), WeakSecret> {
    let Some(content) = encoded_text(text) else {
        return Ok(());
    };
    code::check_is_no_code(&content)?;
    if placeholder::is_note(&content) {
        return Err(WeakSecret::Placeholder);
    }
    check_strength(&content, entropy)?;
    check_content(&content, entropy)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_secrets_are_refused_with_the_command_that_makes_a_good_one() {
        let weak = [
            String::new(),
            "short".to_owned(),
            "q".repeat(31),
            "a".repeat(64),
            "\0".repeat(32),
            "ab".repeat(32),
            "secret".repeat(8),
            "0123456789abcdef".repeat(3),
            "0123456789".repeat(5),
            "abcdefghijklmnopqrstuvwxyz012345".to_owned(),
            "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz".to_owned(),
            "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba".to_owned(),
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab".to_owned(),
            "change-me-change-me-please-now-1234".to_owned(),
            "ChangeMe0f8d2b7c6e1a9435kd82nf03jqz".to_owned(),
            "your-secret-key-goes-here-0f8d2b7c6e".to_owned(),
            "Password0f8d2b7c6e1a9435kd82nf03jqzp".to_owned(),
            "11112222333344445555666677778888".to_owned(),
        ];
        for secret in weak {
            let error = Secret::new(&secret).expect_err(&secret);
            assert!(error.to_string().contains("apply-cookies keygen"));
        }
    }

    #[test]
    fn random_secrets_pass_in_every_usual_writing() {
        for secret in [
            "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA",
            "d2c1f7a09b3e58464c7be1902d6f8a35c04e9b7163f2ad58907b1e4c6d3fa285",
            "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aR",
            "grüne Ameisen zählen 47 Wolken über dem Hafen",
        ] {
            assert!(Secret::new(secret).is_ok(), "{secret}");
        }
    }

    #[test]
    fn one_newline_at_the_end_is_not_part_of_the_secret() {
        let secret = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
        let bytes = |text: String| Secret::new(&text).unwrap().bytes().to_vec();
        assert_eq!(bytes(format!("{secret}\n")), secret.as_bytes());
        assert_eq!(bytes(format!("{secret}\r\n")), secret.as_bytes());
        assert_eq!(bytes(format!("{secret}\n\n")).len(), secret.len() + 1);
        assert_eq!(bytes(format!("{secret} ")).len(), secret.len() + 1);
    }

    /// What people draw secrets from. The seed is fixed, so that the test cannot fail by chance.
    #[test]
    fn no_random_secret_of_a_usual_alphabet_is_refused() {
        use base64::Engine;
        use base64::prelude::BASE64_STANDARD;
        use rand::{RngExt, SeedableRng};
        let mut random = rand::rngs::StdRng::seed_from_u64(4);
        let printable: String = ('!'..='~').filter(|c| !",;\"'`".contains(*c)).collect();
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let django = "abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)";
        let small = "abcdefghijklmnopqrstuvwxyz0123456789";
        let base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let hex = "0123456789abcdef";
        let uuid = "hhhhhhhh-hhhh-4hhh-ahhh-hhhhhhhhhhhh";
        for (form, length, alphabet) in [
            ("{}", 32, hex),
            ("{}", 64, hex),
            ("{}", 32, base32),
            ("{}====", 52, base32),
            ("{}=", 43, &format!("{letters}+/")),
            ("{}==", 86, &format!("{letters}+/")),
            ("{}", 32, &format!("{letters}-_")),
            ("{}", 43, &format!("{letters}-_")), // as `keygen` does
            ("v1:{}", 43, &format!("{letters}-_")),
            ("{}", 40, letters),
            ("{}", 50, django),
            ("{}", 40, &format!("{small}._-")),
            ("{}", 32, &format!("{small}/")),
            ("{}", 32, &printable),
            ("{}", 64, &printable),
            (uuid, 0, hex),
            (&format!("{uuid}:{uuid}"), 0, hex),
            (&format!("k2:{uuid}"), 0, hex),
        ] {
            let alphabet: Vec<char> = alphabet.chars().collect();
            let mut draw = || alphabet[random.random_range(0..alphabet.len())];
            for _ in 0..150 {
                let drawn: String = (0..length).map(|_| draw()).collect();
                let digits = form.chars().map(|c| if c == 'h' { draw() } else { c });
                let text = digits.collect::<String>().replace("{}", &drawn);
                for text in [&text, &BASE64_STANDARD.encode(&text)] {
                    let refused = Secret::from_configuration(text).err();
                    assert_eq!(refused, None, "{text}");
                }
                #[cfg(feature = "mesop")]
                assert_eq!(
                    Secret::from_mesop_configuration(&text).err(),
                    None,
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_random_text_is_accepted_where_it_is_long_enough_once_encoded() {
        for text in [
            "azdQcVh3M1pyVDltQjJ2SHM4TGRZNGpO",
            "6b3750715877335a7254396d42327648",
        ] {
            assert_eq!(Secret::from_configuration(text).err(), None, "{text}");
        }
    }

    #[test]
    fn passphrases_are_accepted_whatever_joins_their_words() {
        for words in [
            "marble otter canyon violin tundra pepper quilt",
            "Marble Otter Canyon Violin Tundra Pepper 7!",
            "bunte Hunde zählen 47 Möwen auf der Mauer",
        ] {
            for joint in ["-", "_", ".", "/", ":", "+", "~", "|", ""] {
                let text = words.replace(' ', joint);
                assert_eq!(Secret::from_configuration(&text).err(), None, "{text}");
            }
            #[cfg(feature = "mesop")]
            for text in [words, &format!("{words} (twice, at night: 3.15 a.m.)!")] {
                assert_eq!(Secret::from_mesop_configuration(text).err(), None, "{text}");
            }
        }
    }

    #[test]
    fn a_published_secret_is_refused_in_every_spelling() {
        use base64::Engine;
        use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
        let hex = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
        };
        for one in [
            "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA",
            "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs",
            "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4",
        ] {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(one).unwrap();
            let twice = BASE64_STANDARD.encode(one);
            for text in [
                one.to_owned(),
                format!("{one}="),
                BASE64_STANDARD.encode(&bytes),
                format!("key-{one}"),
                format!("base64-{one}"),
                format!("{one}."),
                format!("{one}%old"),
                format!("{one}:"),
                format!("{one}\\"),
                format!("*{one}*"),
                format!("_{one}_"),
                one.to_ascii_lowercase(),
                one.to_ascii_uppercase(),
                format!("base64-{twice}"),
                BASE64_STANDARD.encode(format!("{one}\n")),
                BASE64_STANDARD.encode(&twice),
                hex(one.as_bytes()),
                hex(&bytes),
                format!("0x{}", hex(&bytes)),
                hex(&bytes).to_ascii_uppercase(),
                twice,
            ] {
                let refused = Secret::from_configuration(&text).err();
                assert_eq!(refused, Some(WeakSecret::Published), "{text}");
                #[cfg(feature = "mesop")]
                assert_eq!(
                    Secret::from_mesop_configuration(&text).err(),
                    refused,
                    "{text}"
                );
            }
        }
        // SHA-256 of nothing, SHA-1 of `secret`, MD5 of `password`.
        for digest in [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "E5E9FA1BA31ECD1AE84F75CAAA474F3A663F05F4",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "deadbeefdeadbeefcafebabecafebabe",
            "00000000-0000-4000-8000-000000000001",
        ] {
            let refused = Secret::from_configuration(digest).err();
            assert_eq!(refused, Some(WeakSecret::Guessable), "{digest}");
        }
    }

    #[cfg(feature = "mesop")]
    #[test]
    fn the_secret_of_a_mesop_app_may_have_what_its_bytes_may_have() {
        let app = |text: &str| Secret::from_mesop_configuration(text);
        let good = "k7Pq-Xw3ZrT9-mB2vHs8-LdY4jNc6-GfA1eUo5";
        for kept in [
            good.to_owned(),
            format!("{good}\n"),
            format!(" {good} "),
            format!("\"{good}\""),
            format!("{good},{good}x"),
        ] {
            assert_eq!(app(&kept).unwrap().bytes(), kept.as_bytes());
        }
        let published = "public-secret-0123456789abcdef0123456789abcdef";
        for (text, reason) in [
            (published.to_owned(), WeakSecret::Published),
            (format!("{published}\n"), WeakSecret::Published),
            (format!(" '{published}' "), WeakSecret::Published),
            (format!("\u{feff}{good}"), WeakSecret::Invisible),
            (format!("{good}\0"), WeakSecret::Control),
            (format!("{good}\n\n"), WeakSecret::Control),
            (
                "${MESOP_COOKIE_SECRET_KEY:?not set in this shell}".to_owned(),
                WeakSecret::Template,
            ),
            (
                "/run/secrets/mesop_cookie_secret_key".to_owned(),
                WeakSecret::Reference,
            ),
            (
                "replace this with thirty-two characters".to_owned(),
                WeakSecret::Placeholder,
            ),
            ("short".to_owned(), WeakSecret::TooShort { actual: 5 }),
            (good.repeat(40), WeakSecret::TooLong),
        ] {
            assert_eq!(app(&text).unwrap_err(), reason, "{text}");
        }
    }
}
