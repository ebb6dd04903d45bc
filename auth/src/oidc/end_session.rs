//! Sign-out at the provider (OpenID Connect RP-Initiated Logout 1.0 §2).

use url::Url;

use super::authorization::with_query;

/// Where a browser goes to end its session at the provider too.
pub(super) fn request(
    endpoint: &Url,
    client_id: &str,
    hint: Option<&str>,
    back: &str,
    state: &str,
) -> String {
    let mut parameters = vec![
        ("client_id", client_id),
        ("post_logout_redirect_uri", back),
        ("state", state),
    ];
    parameters.extend(hint.map(|hint| ("id_token_hint", hint)));
    with_query(endpoint, &parameters)
}
