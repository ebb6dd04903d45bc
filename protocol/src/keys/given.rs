//! What somebody else has given to an app, such as a provider's client secret: as short as its maker likes, so
//! nothing is known but that a placeholder is not it.

use zeroize::Zeroizing;

use super::code;
use super::placeholder::{has_mark, is_note, letters};

/// What the guides of providers have where an app's own values belong.
const STAND_INS: [&str; 7] = [
    "your-",
    "your_",
    "yourclient",
    "client-id",
    "client_id",
    "client-secret",
    "client_secret",
];

/// Whether a text that was given as a secret of somebody else is a placeholder, a template that nothing has
/// filled in, or a path to the secret.
///
/// Of random secrets at most a few in ten million look so.
///
/// ```
/// use apply_cookies_protocol::is_unfilled;
///
/// assert!(is_unfilled("changeme") && is_unfilled("${CLIENT_SECRET}") && is_unfilled("<secret>"));
/// assert!(!is_unfilled("GOCSPX-7hK2qZpW9sLx"));
/// ```
#[must_use]
pub fn is_unfilled(secret: &str) -> bool {
    is_stand_in(secret)
        || has_mark(secret)
        || is_note(secret)
        || code::check_is_no_code(secret).is_err()
}

/// Whether a name or an address is one that a guide tells its readers to replace, such as
/// `your-client-id`. Unlike a [secret](is_unfilled) it may have words in it.
#[must_use]
pub fn is_stand_in(text: &str) -> bool {
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let letters = letters(text);
    let first = letters.chars().next();
    STAND_INS.iter().any(|one| lower.contains(one))
        || letters.contains("xxxxxx")
        || letters.chars().all(|letter| Some(letter) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_to_be_replaced_is_no_secret() {
        for text in [
            "",
            "x",
            "xxx",
            "XXXX",
            "***",
            "...",
            "-",
            "0000",
            "changeme",
            "CHANGE-ME",
            "change_me_123",
            "your-google-client-secret",
            "YOUR_CLIENT_SECRET",
            "yourClientSecret",
            "client-secret",
            "my_client_secret",
            "GOCSPX-xxxxxxxxxxxx",
            "xxxx-xxxx-xxxx",
            "<secret>",
            "<your_secret>",
            "${VAR}",
            "$(SECRET)",
            "{{secret}}",
            "{secret}",
            "%SECRET%",
            "@@SECRET@@",
            "[secret]",
            "$CLIENT_SECRET_OF_GOOGLE",
            "GOOGLE_CLIENT_SECRET",
            "placeholder",
            "example",
            "TODO",
            "fixme-later",
            "replace-me",
            "redacted",
            "password",
            "/run/secrets/auth0",
            "file:///run/secrets/auth0",
            "op://Private/auth0/secret",
            "process.env.GOOGLE_CLIENT_SECRET",
            "os.environ[\"GOOGLE_CLIENT_SECRET\"]",
        ] {
            assert!(is_unfilled(text), "{text}");
        }
    }

    #[test]
    fn names_and_addresses_may_have_words_in_them() {
        for text in [
            "your-auth0-client-id",
            "my_client_id",
            "https://YOUR-APP.example/",
        ] {
            assert!(is_stand_in(text), "{text}");
        }
        for text in [
            "https://app.example/oauth2callback",
            "https://tenant.eu.auth0.com/.well-known/openid-configuration",
            "1234-abc.apps.googleusercontent.com",
            "password-manager",
            "Jq3kV8wXz1Lt",
        ] {
            assert!(!is_stand_in(text), "{text}");
        }
    }

    /// What providers draw secrets from. The seed is fixed, so that the test cannot fail by chance.
    #[test]
    fn no_random_secret_is_taken_for_one() {
        use rand::{RngExt, SeedableRng};
        let mut random = rand::rngs::StdRng::seed_from_u64(16);
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        for (start, length, alphabet) in [
            ("GOCSPX-", 28, format!("{letters}-_")),
            ("", 64, format!("{letters}-_")),
            ("", 40, format!("{letters}~._-")),
            ("", 32, letters.to_owned()),
            ("", 24, letters.to_owned()),
            ("", 40, "0123456789abcdef".to_owned()),
        ] {
            let alphabet: Vec<char> = alphabet.chars().collect();
            for _ in 0..1_500 {
                let mut draw = || alphabet[random.random_range(0..alphabet.len())];
                let secret: String = start.chars().chain((0..length).map(|_| draw())).collect();
                assert!(!is_unfilled(&secret), "{secret}");
            }
        }
    }
}
