//! Claims → who somebody is.

use serde_json::{Map, Value};

use super::settings::Oidc;
use crate::identity::Identity;
use crate::refusal::{Refusal, RefusalCode};

type Object = Map<String, Value>;

/// The identity that the ID token and, if it was asked, UserInfo describe. Where both have a claim, the ID
/// token's counts: it is signed.
pub(super) fn identity(
    settings: &Oidc,
    subject: &str,
    id_token: &Object,
    user_info: Option<&Object>,
) -> Result<Identity, Refusal> {
    let invalid = |why: String| Refusal::new(RefusalCode::TokenInvalid).because(why);
    let mut claims = user_info.cloned().unwrap_or_default();
    claims.extend(id_token.clone());
    let text = |name: &str| match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(&**text).filter(|text| !text.is_empty())),
        Some(_) => Err(invalid(format!("the claim {name} is not a text"))),
    };
    let mut who =
        Identity::new(&*settings.name, subject).map_err(|error| invalid(error.to_string()))?;
    if let Some(address) = text("email")? {
        let documents = [Some(id_token), user_info];
        who = who.with_email(address, is_verified(settings, address, documents));
    }
    if let Some(name) = text("name")? {
        who = who.with_name(name);
    }
    let who = settings.chosen.add_to(who, &claims);
    who.map_err(|error| invalid(error.to_string()))
}

/// Whether an address counts as verified: only by the JSON value `true`, and only beside this very address.
/// UserInfo must not verify the ID token's address by having another.
///
/// The text `"true"` does not count. OpenID Connect Core 1.0 §5.1 and Google's reference have a boolean
/// there; an example in Google's guide, AWS Cognito and Apple have the text. An app that trusts such a
/// provider says so with `vouches_for_email`.
fn is_verified(settings: &Oidc, address: &str, documents: [Option<&Object>; 2]) -> bool {
    let domain = address
        .rsplit_once('@')
        .map(|(_, domain)| domain.to_ascii_lowercase());
    let is_listed = (settings.email_domains.as_ref())
        .is_none_or(|domains| domain.is_some_and(|domain| domains.contains(&domain)));
    let is_about_it =
        |document: &&Object| document.get("email").is_some_and(|email| email == address);
    let said = (documents.into_iter().flatten().filter(is_about_it))
        .find_map(|document| document.get("email_verified"));
    is_listed && (settings.vouches_for_email || said == Some(&Value::Bool(true)))
}
