//! Where a browser goes to sign in (OpenID Connect Core 1.0 §3.1.2.1, RFC 7636).

use std::time::Duration;

use url::Url;

use super::settings::Oidc;

/// The scope that gives a refresh token (OpenID Connect Core 1.0 §11). Google does not have it.
const OFFLINE: &str = "offline_access";

/// What one attempt asks of the provider.
#[derive(Clone, Copy)]
pub(crate) struct AuthorizationRequest<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: &'a str,
    pub(crate) nonce: &'a str,
    /// The PKCE challenge, S256.
    pub(crate) challenge: &'a str,
    /// In place of the provider's own setting.
    pub(crate) prompt: Option<&'a str>,
    /// How long ago the person may have signed in at the provider, at most.
    pub(crate) max_age: Option<Duration>,
    /// The classes of sign-in of which one must be reached.
    pub(crate) acr: &'a [String],
}

/// The authorization request.
pub(super) fn request(settings: &Oidc, endpoint: &Url, ask: &AuthorizationRequest<'_>) -> String {
    let mut scope = settings.scopes.join(" ");
    let is_google = settings.is_google();
    if settings.vault.is_some() && !is_google && !settings.scopes.iter().any(|one| one == OFFLINE) {
        scope = format!("{scope} {OFFLINE}");
    }
    let acr = ask.acr.join(" ");
    let max_age = ask.max_age.map(|age| age.as_secs().to_string());
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", &settings.client_id),
        ("redirect_uri", ask.redirect_uri),
        ("scope", &scope),
        ("state", ask.state),
        ("nonce", ask.nonce),
        ("code_challenge", ask.challenge),
        ("code_challenge_method", "S256"),
    ];
    let optional = [
        // https://developers.google.com/identity/openid-connect/reference#authentication-request
        (
            "access_type",
            (settings.vault.is_some() && is_google).then_some("offline"),
        ),
        ("prompt", ask.prompt.or(settings.prompt.as_deref())),
        ("max_age", max_age.as_deref()),
        ("acr_values", Some(&*acr)),
    ];
    for (name, value) in optional {
        parameters.extend(
            value
                .filter(|text| !text.is_empty())
                .map(|text| (name, text)),
        );
    }
    with_query(endpoint, &parameters)
}

/// The address with these parameters. Its own query stays (RFC 6749 §3.1), except for parameters of the
/// same names, which must not be there twice.
pub(super) fn with_query(endpoint: &Url, parameters: &[(&str, &str)]) -> String {
    let is_other = |name: &str| parameters.iter().all(|(own, _)| *own != name);
    let kept: Vec<(String, String)> = (endpoint.query_pairs().into_owned())
        .filter(|(name, _)| is_other(name))
        .collect();
    let mut address = endpoint.clone();
    (address.query_pairs_mut().clear())
        .extend_pairs(kept)
        .extend_pairs(parameters);
    address.into()
}
