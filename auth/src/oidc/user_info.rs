//! What a provider says at its UserInfo endpoint (OpenID Connect Core 1.0 §5.3).

use serde_json::{Map, Value};
use url::Url;

use super::exchange::is_json;
use crate::jws::strict_object;
use crate::outgoing::Outgoing;
use crate::refusal::{Refusal, RefusalCode};

/// Asks for the claims of the person to whom the access token belongs.
///
/// # Errors
///
/// `provider-unreachable` without an answer, `exchange-failed` if it is not a JSON object (a signed one is
/// not read), `token-invalid` if it is about somebody else: without the comparison another person's
/// access token, slipped in, would lend their claims (§5.3.2).
pub(super) async fn ask(
    outgoing: &Outgoing,
    endpoint: &Url,
    access_token: &str,
    subject: &str,
) -> Result<Map<String, Value>, Refusal> {
    let refused =
        |code: RefusalCode, why: String| Refusal::new(code).because(format!("UserInfo: {why}"));
    let failed = |why: String| refused(RefusalCode::ExchangeFailed, why);
    let reply = outgoing.get(endpoint, Some(access_token)).await;
    let reply =
        reply.map_err(|error| refused(RefusalCode::ProviderUnreachable, error.to_string()))?;
    if reply.status() != 200 {
        return Err(failed(format!("status {}", reply.status())));
    }
    if !is_json(&reply) {
        return Err(failed("not JSON by its type".to_owned()));
    }
    let claims = strict_object(reply.body()).map_err(|fault| failed(fault.to_string()))?;
    match claims.get("sub").and_then(Value::as_str) {
        Some(sub) if sub == subject => Ok(claims),
        _ => Err(refused(
            RefusalCode::TokenInvalid,
            "sub is another person's".to_owned(),
        )),
    }
}
