//! What a provider says of itself (OpenID Connect Discovery 1.0 §3): the members that are needed.

use serde_json::{Map, Value};
use url::Url;

use crate::outgoing::is_allowed;

/// How the token endpoint takes the client secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretIn {
    Basic,
    Form,
}

#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) authorization: Url,
    pub(super) token: Url,
    pub(super) keys: Url,
    pub(super) user_info: Option<Url>,
    pub(super) end_session: Option<Url>,
    /// Each answer of the authorization endpoint says who gives it (RFC 9207).
    pub(super) promises_issuer: bool,
    pub(super) secret_in: SecretIn,
}

impl Metadata {
    /// Reads the document of this issuer. If that is https, every address in it must be; otherwise plain
    /// http to this machine will do.
    pub(super) fn read(
        document: &Map<String, Value>,
        issuer: &str,
        is_https: bool,
    ) -> Result<Self, String> {
        match document.get("issuer").and_then(Value::as_str) {
            Some(own) if own == issuer => {}
            // Nearly always the slash at the end, which nobody would see without both texts.
            Some(own) => {
                let own: String = own.chars().take(200).collect();
                return Err(format!(
                    "its issuer is {own:?}, and {issuer:?} is configured"
                ));
            }
            None => return Err("its issuer is missing".to_owned()),
        }
        let address = |name: &str| match document.get(name) {
            None => Ok(None),
            Some(value) => (value.as_str())
                .and_then(|text| Url::parse(text).ok())
                .filter(|url| is_allowed(url) && url.fragment().is_none())
                .filter(|url| !is_https || url.scheme() == "https")
                .map(Some)
                .ok_or_else(|| format!("its {name} is not an https address")),
        };
        let required = |name| address(name)?.ok_or_else(|| format!("its {name} is missing"));
        Ok(Self {
            authorization: required("authorization_endpoint")?,
            token: required("token_endpoint")?,
            keys: required("jwks_uri")?,
            user_info: address("userinfo_endpoint")?,
            end_session: address("end_session_endpoint")?,
            promises_issuer: match document.get("authorization_response_iss_parameter_supported") {
                None => false,
                Some(Value::Bool(promised)) => *promised,
                Some(_) => return Err("its promise of iss is not true or false".to_owned()),
            },
            secret_in: secret_in(document.get("token_endpoint_auth_methods_supported"))?,
        })
    }
}

/// A document that does not say means Basic.
fn secret_in(methods: Option<&Value>) -> Result<SecretIn, String> {
    let Some(methods) = methods else {
        return Ok(SecretIn::Basic);
    };
    let methods = methods.as_array().map(Vec::as_slice).unwrap_or_default();
    let offers = |name: &str| methods.iter().any(|method| method == name);
    if offers("client_secret_basic") {
        Ok(SecretIn::Basic)
    } else if offers("client_secret_post") {
        Ok(SecretIn::Form)
    } else {
        Err("its token endpoint takes no client secret".to_owned())
    }
}
