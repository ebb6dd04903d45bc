//! `set-cookie` and `batch`.

use apply_cookies::Scheme;
use apply_cookies::protocol::{
    Lifetime, Nonce, Sealing, TokenHeader, parse_batch_over, parse_operation_over, seal,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::keys::Rings;
use super::question::{Answer, Question, Unanswerable, wrong};

fn scheme(asked: Question<'_>) -> Result<Scheme, Unanswerable> {
    Ok(if asked.flag("plain_http")? {
        Scheme::Http
    } else {
        Scheme::Https
    })
}

pub(super) fn set_cookie(asked: Question<'_>) -> Answer {
    Ok(
        match parse_operation_over(asked.text("text")?, scheme(asked)?) {
            Ok(operation) => json!({ "set_cookie": operation.to_set_cookie() }),
            Err(error) => json!({ "field": error.field() }),
        },
    )
}

/// Any secret will do: the payload of a signed token is taken out of it.
const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

pub(super) fn batch(rings: &mut Rings, asked: Question<'_>) -> Answer {
    let batch = match parse_batch_over(asked.text("text")?, scheme(asked)?) {
        Ok(batch) => batch,
        Err(error) => return Ok(json!({ "field": error.field() })),
    };
    let lifetime = Lifetime::from_millis(asked.number("ttl_ms")?);
    let header = TokenHeader::new(
        Nonce::from_random(asked.bytes("nonce")?),
        asked.time("now")?,
        lifetime.ok_or_else(|| wrong("ttl_ms", "a lifetime"))?,
    );
    let token = seal(rings.ring(SECRET, &[])?, Sealing::Signed, &header, &batch);
    let sealed = token.as_str().split_once('.').map(|(_, body)| body);
    let sealed = sealed.and_then(|body| URL_SAFE_NO_PAD.decode(body).ok());
    // Between key id and tag.
    let payload = sealed
        .as_deref()
        .and_then(|all| all.get(4..all.len().checked_sub(32)?));
    let payload = payload.ok_or_else(|| Unanswerable("sealed something else".to_owned()))?;
    Ok(json!({ "payload": URL_SAFE_NO_PAD.encode(payload) }))
}
