//! Why `inspect` calls a token invalid. Who runs it has the secret, so nothing is kept from them; an
//! endpoint says none of this to a stranger.

use apply_cookies::protocol::InvalidReason;

pub(super) fn native(reason: InvalidReason) -> &'static str {
    match reason {
        InvalidReason::Version => {
            "it begins with neither e1. nor s1., so it is not a token of this profile; give Mesop's with --profile mesop"
        }
        InvalidReason::KeyId => {
            "no configured secret has its key id; give the one that it was made with, in APPLY_COOKIES_SECRET_KEY or among the previous ones"
        }
        InvalidReason::Mac => {
            "its key id is that of a configured secret, but its MAC is not: it was changed or forged"
        }
        other => of_both(other),
    }
}

/// Mesop's tokens name neither a version nor a key.
pub(super) fn mesop(reason: InvalidReason) -> &'static str {
    match reason {
        InvalidReason::Mac => {
            "it was not made with this secret, or was changed; give the one that it was made with in MESOP_COOKIE_SECRET_KEY"
        }
        other => of_both(other),
    }
}

fn of_both(reason: InvalidReason) -> &'static str {
    match reason {
        InvalidReason::TooLong => "it is longer than any token",
        InvalidReason::Form => "it does not have the form of a token; is it whole?",
        InvalidReason::Payload => "it was made with a configured secret, but malformed",
        InvalidReason::CannotEmit => {
            "it was made with a configured secret, but its cookies cannot be emitted"
        }
        other => other.as_str(),
    }
}
