//! One token for a whole app, as marimo has it: by link, by header, or typed into a page.

use std::fmt;
use std::fmt::Write;

use apply_cookies::protocol::{Purpose, PurposeKey};
use apply_cookies::{Origin, Secrets};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::credential::{Credential, CredentialKeys, Kind};
use crate::random;

/// The fewest characters of a token that somebody chose.
const CHOSEN_MIN: usize = 16;
/// The fewest different ones among them.
const DISTINCT_MIN: usize = 8;
/// The most bytes: a link must carry it.
const TOKEN_MAX: usize = 1024;

/// The token that lets a person in. Wiped from memory when dropped, and never shown by `Debug`:
/// [`link`](Self::link) is what a program prints when it starts.
pub struct AccessToken {
    text: Zeroizing<String>,
    /// Of the text, then of those that previous secrets give.
    digests: Vec<[u8; 32]>,
    /// A person thought of it, and somebody may guess it.
    is_chosen: bool,
}

impl AccessToken {
    /// A token that ends with the process.
    #[must_use]
    pub fn random() -> Self {
        let bytes = Zeroizing::new(random::bytes::<32>());
        Self::accepting(&[encoded(&bytes)])
    }

    /// The token that the secret gives to this name: the same at every start and in every process,
    /// and another one for every other name. After a rotation the token is a new one, and the
    /// previous secret's is taken for as long as that secret is kept.
    #[must_use]
    pub fn from_secret(secrets: &Secrets, name: &str) -> Self {
        let keys = secrets.purpose_keys(Purpose::AccessToken, name);
        let texts: Vec<_> = keys.iter().map(PurposeKey::as_bytes).map(encoded).collect();
        Self::accepting(&texts)
    }

    /// A token of your own: 16 characters or more, 8 different ones among them, at most 1,024 bytes,
    /// without control characters and without white space at its ends, which links and forms lose.
    ///
    /// Prefer [`from_secret`](Self::from_secret): a text that a person thought of may be among the
    /// first guesses. The throttle slows those down, and with them whoever has the token on the same
    /// network.
    ///
    /// # Errors
    ///
    /// When it breaks this rule.
    pub fn chosen(text: &str) -> Result<Self, WeakToken> {
        let mut distinct: Vec<char> = text.chars().collect();
        let length = distinct.len();
        distinct.sort_unstable();
        distinct.dedup();
        let is_strong = length >= CHOSEN_MIN && distinct.len() >= DISTINCT_MIN;
        let is_clear = !text.contains(char::is_control) && text.trim() == text;
        if !is_strong || !is_clear || text.len() > TOKEN_MAX {
            return Err(WeakToken);
        }
        Ok(Self {
            is_chosen: true,
            ..Self::accepting(&[Zeroizing::new(text.to_owned())])
        })
    }

    /// Takes the first text as the token, and the others as well.
    fn accepting(texts: &[Zeroizing<String>]) -> Self {
        Self {
            text: texts[0].clone(),
            digests: texts.iter().map(|text| digest(text.as_bytes())).collect(),
            is_chosen: false,
        }
    }

    pub(crate) const fn is_chosen(&self) -> bool {
        self.is_chosen
    }

    /// What a session that begins with this token keeps, if it is the token. Any bytes may be asked
    /// about. Digests are compared, so the time says nothing of how much of a guess is right.
    pub(crate) fn verify(&self, presented: &[u8], keys: &CredentialKeys) -> Option<Credential> {
        let presented = digest(presented);
        let is_it = |own: &&[u8; 32]| own.ct_eq(&presented).into();
        let own = self.digests.iter().find(is_it)?;
        Some(keys.make(Kind::AccessToken, own))
    }

    /// The credential that a session began with, under the current key, if its token is still taken.
    pub(crate) fn renewed(
        &self,
        credential: &Credential,
        keys: &CredentialKeys,
    ) -> Option<Credential> {
        let matches = |own: &&[u8; 32]| keys.matches(credential, Kind::AccessToken, *own);
        let own = self.digests.iter().find(matches)?;
        Some(keys.make(Kind::AccessToken, own))
    }

    /// The address that lets a person in: `origin`, `path` and `?access_token=`. Its `Display` shows
    /// the token.
    #[must_use]
    pub fn link<'t>(&'t self, origin: &'t Origin, path: &'t str) -> AccessLink<'t> {
        AccessLink {
            token: self,
            origin,
            path,
        }
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(..)")
    }
}

/// A link with an access token, which `Display` writes and `Debug` does not.
pub struct AccessLink<'t> {
    token: &'t AccessToken,
    origin: &'t Origin,
    path: &'t str,
}

impl fmt::Display for AccessLink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}?access_token=", self.origin.as_str(), self.path)?;
        for byte in self.token.text.bytes() {
            // RFC 3986 §2.3: these mean themselves everywhere.
            match byte {
                b'-' | b'.' | b'_' | b'~' => f.write_char(char::from(byte))?,
                _ if byte.is_ascii_alphanumeric() => f.write_char(char::from(byte))?,
                _ => write!(f, "%{byte:02X}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for AccessLink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessLink(..)")
    }
}

fn encoded(bytes: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn digest(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// A token that somebody chose, and that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an access token has at least {CHOSEN_MIN} characters, {DISTINCT_MIN} different ones among them, at most {TOKEN_MAX} bytes, no control characters, and no white space at its ends; AccessToken::from_secret needs none"
)]
#[non_exhaustive]
pub struct WeakToken;

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
    const NEW: &str = "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs";

    fn origin() -> Origin {
        Origin::parse("https://app.example").unwrap()
    }

    fn keys(secrets: &Secrets) -> CredentialKeys {
        CredentialKeys(secrets.purpose_keys(Purpose::Credential, ""))
    }

    #[test]
    fn a_token_of_the_secret_is_the_same_everywhere_and_its_text_is_fixed() {
        let link = |name| {
            let token = AccessToken::from_secret(&Secrets::new(OLD).unwrap(), name);
            token.link(&origin(), "/").to_string()
        };
        assert_eq!(link("reports"), link("reports"));
        assert_ne!(link("reports"), link("report"));
        // HKDF-SHA256 under `apply-cookies/v1/auth-access-token//reports`, from Python.
        assert_eq!(
            link("reports"),
            "https://app.example/?access_token=NYvjNdLfWhE0KEsRrVELEdr7j0Sju3XcclMEn9aRf48"
        );
    }

    #[test]
    fn after_a_rotation_both_are_taken_and_then_only_the_new_one() {
        let (old, new) = (Secrets::new(OLD).unwrap(), Secrets::new(NEW).unwrap());
        let both = Secrets::new(NEW).unwrap().previous(OLD).unwrap();
        let token = |secrets| AccessToken::from_secret(secrets, "reports");
        let text = |secrets| token(secrets).text.clone();
        // A session of before, and one that begins during the rotation with each of the two.
        let before = token(&old)
            .verify(text(&old).as_bytes(), &keys(&old))
            .unwrap();
        let with_old = token(&both)
            .verify(text(&old).as_bytes(), &keys(&both))
            .unwrap();
        let with_new = token(&both)
            .verify(text(&new).as_bytes(), &keys(&both))
            .unwrap();
        assert_eq!(*text(&both), *text(&new), "the link shows the new one");
        for credential in [before, with_old, with_new] {
            assert!(token(&both).renewed(&credential, &keys(&both)).is_some());
        }
        // The old secret is gone.
        assert!(
            token(&new)
                .verify(text(&old).as_bytes(), &keys(&new))
                .is_none()
        );
        assert!(token(&new).renewed(&before, &keys(&new)).is_none());
        assert!(token(&new).renewed(&with_old, &keys(&new)).is_none());
        assert!(token(&new).renewed(&with_new, &keys(&new)).is_some());
    }

    #[test]
    fn random_ones_differ_and_any_bytes_may_be_asked_about() {
        let keys = keys(&Secrets::random());
        let token = AccessToken::random();
        assert!(token.verify(token.text.as_bytes(), &keys).is_some());
        assert!(
            AccessToken::random()
                .verify(token.text.as_bytes(), &keys)
                .is_none()
        );
        for guess in [&b""[..], b"\xFF\xFE", "caf\u{E9}".as_bytes(), &[b'a'; 5000]] {
            assert!(token.verify(guess, &keys).is_none());
        }
    }

    #[test]
    fn chosen_ones_may_have_any_letters_and_links_carry_them() {
        let text = "Gr\u{FC}\u{DF}e & K\u{FC}sse? 100%";
        let token = AccessToken::chosen(text).unwrap();
        let keys = keys(&Secrets::random());
        let credential = token.verify(text.as_bytes(), &keys).unwrap();
        assert!(token.renewed(&credential, &keys).is_some());
        assert!(AccessToken::random().renewed(&credential, &keys).is_none());
        assert_eq!(
            token.link(&origin(), "/a").to_string(),
            "https://app.example/a?access_token=Gr%C3%BC%C3%9Fe%20%26%20K%C3%BCsse%3F%20100%25"
        );
        let shown = format!("{token:?} {:?} {credential:?}", token.link(&origin(), "/"));
        assert_eq!(shown, "AccessToken(..) AccessLink(..) Credential(..)");
    }

    #[test]
    fn weak_ones_are_refused() {
        let repeated = "0123456789abcdef".repeat(65);
        for text in [
            "",
            "hunter2hunter22",
            "\u{1F511}\u{1F511}\u{1F511}\u{1F511}",
            "abcdefgabcdefgabcdefg",
            "0123456789abcdef\n",
            " 0123456789abcdef",
            &repeated,
        ] {
            assert_eq!(AccessToken::chosen(text).unwrap_err(), WeakToken, "{text}");
        }
        assert!(AccessToken::chosen("0123456789abcdef").is_ok());
        assert!(AccessToken::chosen(&repeated[..1024]).is_ok());
    }
}
