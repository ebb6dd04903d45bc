//! A code for tokens, at the provider's token endpoint (OpenID Connect Core 1.0 §3.1.3).

use apply_cookies::UnixMillis;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::metadata::{Metadata, SecretIn};
use super::settings::Oidc;
use super::tokens::ProviderTokens;
use crate::jws::strict_object;
use crate::outgoing::{Outgoing, Reply};
use crate::refusal::{Refusal, RefusalCode};

/// The most bytes of an access token.
const TOKEN_MAX: usize = 16 * 1024;

/// What the token endpoint gave for a code, or for a refresh token.
pub(super) struct Answer {
    pub(super) access_token: Zeroizing<String>,
    /// A refresh does not always bring one.
    pub(super) id_token: Option<Zeroizing<String>>,
    refresh_token: Option<Zeroizing<String>>,
    expires_in: Option<u64>,
}

impl Answer {
    pub(super) fn tokens(&self, now: UnixMillis) -> ProviderTokens {
        let refresh = self.refresh_token.as_ref().map(|token| token.as_str());
        ProviderTokens::new(&self.access_token, refresh, self.expires_in, now)
    }
}

/// Exchanges a code, once, for an ID token and the other tokens: a second exchange makes providers revoke
/// what the first one gave.
///
/// # Errors
///
/// `provider-unreachable` if no answer came, `exchange-failed` if the answer is not the right one.
pub(super) async fn exchange(
    settings: &Oidc,
    metadata: &Metadata,
    outgoing: &Outgoing,
    code: &str,
    verifier: &str,
    redirect_uri: &str,
) -> Result<(Answer, Zeroizing<String>), Refusal> {
    let form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier),
    ];
    let reply = ask(settings, metadata, outgoing, form).await?;
    let missing = || "the token endpoint's answer: id_token is missing".to_owned();
    let both = judged(&reply).and_then(|mut answer| {
        let id_token = answer.id_token.take().ok_or_else(missing)?;
        Ok((answer, id_token))
    });
    both.map_err(|why| Refusal::new(RefusalCode::ExchangeFailed).because(why))
}

/// Asks for new tokens (RFC 6749 §6), once.
///
/// # Errors
///
/// `signed-out` if the provider no longer takes the refresh token; otherwise as for a code.
pub(super) async fn refresh(
    settings: &Oidc,
    metadata: &Metadata,
    outgoing: &Outgoing,
    refresh_token: &str,
) -> Result<Answer, Refusal> {
    let form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
    ];
    let reply = ask(settings, metadata, outgoing, form).await?;
    let code = match error_code(&reply).as_deref() {
        Some("invalid_grant") if reply.status() != 200 => RefusalCode::SignedOut,
        _ => RefusalCode::ExchangeFailed,
    };
    judged(&reply).map_err(|why| Refusal::new(code).because(why))
}

/// Posts a form to the token endpoint, with the client's secret.
async fn ask<'f>(
    settings: &'f Oidc,
    metadata: &Metadata,
    outgoing: &Outgoing,
    mut form: Vec<(&'f str, &'f str)>,
) -> Result<Reply, Refusal> {
    let (id, secret) = (settings.client_id.as_str(), settings.secret.as_str());
    let basic = if settings.secret_in_form || metadata.secret_in == SecretIn::Form {
        form.extend([("client_id", id), ("client_secret", secret)]);
        None
    } else {
        Some((id, secret))
    };
    let reply = outgoing.post_form(&metadata.token, &form, basic).await;
    reply.map_err(|error| {
        Refusal::new(RefusalCode::ProviderUnreachable)
            .because(format!("the token endpoint: {error}"))
    })
}

fn judged(reply: &Reply) -> Result<Answer, String> {
    if reply.status() != 200 {
        return Err(match error_code(reply) {
            Some(code) => format!("the token endpoint answers {} {code}", reply.status()),
            None => format!("the token endpoint answers {}", reply.status()),
        });
    }
    if !is_json(reply) {
        return Err("the token endpoint's answer is not JSON by its type".to_owned());
    }
    let mut answer = strict_object(reply.body())
        .map_err(|fault| format!("the token endpoint's answer: {fault}"))?;
    let token_type = answer.get("token_type").and_then(Value::as_str);
    if !token_type.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err("the token endpoint's answer: token_type is not Bearer".to_owned());
    }
    let missing = || "the token endpoint's answer: access_token is missing".to_owned();
    Ok(Answer {
        access_token: token(&mut answer, "access_token")?.ok_or_else(missing)?,
        id_token: token(&mut answer, "id_token")?,
        refresh_token: token(&mut answer, "refresh_token")?,
        // Entra's first version and some others have a text here.
        expires_in: match answer.get("expires_in") {
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64(),
            None => None,
        },
    })
}

/// A token out of the answer, of the characters that RFC 6749 §A.12 allows.
fn token(answer: &mut Map<String, Value>, name: &str) -> Result<Option<Zeroizing<String>>, String> {
    match answer.remove(name) {
        Some(Value::String(text)) => {
            let text = Zeroizing::new(text);
            let is_token = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            let is_token = is_token && (1..=TOKEN_MAX).contains(&text.len());
            is_token.then_some(Some(text)).ok_or("is not a token")
        }
        Some(_) => Err("is not a text"),
        None => Ok(None),
    }
    .map_err(|what| format!("the token endpoint's answer: {name} {what}"))
}

/// The `error` of a refusal, if it may go into a log: short, and of letters, digits and `_-.` alone.
fn error_code(reply: &Reply) -> Option<String> {
    let answer = strict_object(reply.body())
        .ok()
        .filter(|_| is_json(reply))?;
    let code = answer.get("error")?.as_str()?;
    let plain =
        |byte: u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.');
    let is_code = (1..=40).contains(&code.len()) && code.bytes().all(plain);
    is_code.then(|| code.to_owned())
}

/// Whether an answer says that it is JSON. A signed one (`application/jwt`) is not read as one.
pub(super) fn is_json(reply: &Reply) -> bool {
    reply.media_type().as_deref() == Some("application/json")
}
