//! `seal`, `open` and `frame`.

use apply_cookies::FrameForm;
use apply_cookies::protocol::{
    AfterApply, AuthenticToken, Binding, BindingCookie, BindingPolicy, Grant, InvalidReason,
    InvalidToken, KeyRing, Lifetime, Nonce, RefusedToken, SameOriginPath, Seal, Sealing,
    StoreScope, TokenHeader, UntrustedToken, parse_batch, seal as seal_token,
};
use serde_json::{Value, json};

use super::keys::Rings;
use super::question::{Answer, Question, Unanswerable, wrong};

pub(super) fn seal(rings: &mut Rings, asked: Question<'_>) -> Answer {
    let ring = rings.of_one(asked)?;
    let sealing = match (asked.text("seal")?, asked.bytes_or_null("iv")?) {
        ("encrypted", Some(iv)) => Sealing::Encrypted { iv },
        ("signed", None) => Sealing::Signed,
        _ => return Err(wrong("seal", "encrypted with an iv, or signed without")),
    };
    let Some(lifetime) = Lifetime::from_millis(asked.number("ttl_ms")?) else {
        return Ok(refused("ttl_ms"));
    };
    let nonce = Nonce::from_random(asked.bytes("nonce")?);
    let mut header = TokenHeader::new(nonce, asked.time("now")?, lifetime);
    header.scope = asked.bytes_or_null("scope")?.map(StoreScope::from_random);
    header.barrier = asked.flag("barrier")?;
    header.then = match then(asked)? {
        Ok(then) => then,
        Err(Elsewhere) => return Ok(refused("then")),
    };
    if let Some(text) = asked.text_or_null("binding_cookie")? {
        let cookie = BindingCookie::parse(text.as_bytes());
        let cookie = cookie.ok_or_else(|| wrong("binding_cookie", "a binding or null"))?;
        header.binding = Some(Binding::new(ring, &cookie));
    }
    let batch = json!({ "operations": asked.list("operations")? });
    Ok(match parse_batch(&batch.to_string()) {
        Ok(batch) => json!({ "token": seal_token(ring, sealing, &header, &batch).into_string() }),
        Err(error) => refused(error.field()),
    })
}

fn refused(field: &str) -> Value {
    json!({ "field": field })
}

/// A path that does not stay on its origin.
struct Elsewhere;

fn then(asked: Question<'_>) -> Result<Result<Option<AfterApply<'_>>, Elsewhere>, Unanswerable> {
    let wrong = || wrong("then", r#"null, "reconnect", "reload" or {"go": path}"#);
    Ok(Ok(match asked.json("then")? {
        Value::Null => None,
        Value::String(word) => match &**word {
            "reconnect" => Some(AfterApply::Reconnect),
            "reload" => Some(AfterApply::Reload),
            _ => return Err(wrong()),
        },
        go => {
            let path = go.get("go").and_then(Value::as_str).ok_or_else(wrong)?;
            match SameOriginPath::parse(path) {
                Some(path) => Some(AfterApply::GoTo(path)),
                None => return Ok(Err(Elsewhere)),
            }
        }
    }))
}

pub(super) fn open(rings: &mut Rings, asked: Question<'_>) -> Answer {
    let ring = rings.of(asked)?;
    let mut buffer = Vec::new();
    match opened(ring, asked, &mut buffer)? {
        Ok(opened) => Ok(opened),
        Err(step) => Ok(json!({ "step": step })),
    }
}

/// The opened token, or the step of SPEC §6.5 that refuses it.
fn opened(
    ring: &KeyRing,
    asked: Question<'_>,
    buffer: &mut Vec<u8>,
) -> Result<Result<Value, &'static str>, Unanswerable> {
    let now = asked.time("now")?;
    let browser = asked.text_or_null("binding_cookie")?;
    let browser = browser.and_then(|text| BindingCookie::parse(text.as_bytes()));
    let policy = if asked.flag("binding_required")? {
        BindingPolicy::Required
    } else {
        BindingPolicy::Optional
    };
    let token = match UntrustedToken::new(asked.text("token")?).open(ring, buffer) {
        Ok(token) => token,
        Err(error) => return Ok(Err(step(error))),
    };
    let described = describe(&token);
    let verified = match token.verify(now, policy, browser.as_ref()) {
        Ok(verified) => verified,
        Err(refused) => return Ok(Err(step_of_refused(refused)?)),
    };
    let prepared = match verified.prepare() {
        Ok(prepared) => prepared,
        Err(error) => return Ok(Err(step(error))),
    };
    let lines = prepared.release(Grant::First);
    let lines: Vec<&str> = lines.iter().collect();
    Ok(Ok(json!({ "opened": described, "set_cookie": lines })))
}

fn describe(token: &AuthenticToken<'_>) -> Value {
    let header = token.header();
    // One that breaks a rule is refused at step 9, and then shown to nobody.
    let operations: Vec<_> = token.operations().filter_map(Result::ok).collect();
    let seal = match token.seal() {
        Seal::Signed => "signed",
        _ => "encrypted",
    };
    json!({
        "seal": seal,
        "nonce": header.nonce.to_text(),
        "issued_at": header.issued_at.get(),
        "expires_at": header.expires_at.get(),
        "barrier": header.barrier,
        "scope": header.scope.map(StoreScope::to_text),
        "bound": header.binding.is_some(),
        "then": header.then,
        "operations": operations,
    })
}

fn step(error: InvalidToken) -> &'static str {
    match error.reason() {
        InvalidReason::TooLong => "too-long",
        InvalidReason::Version => "version",
        InvalidReason::Form => "form",
        InvalidReason::KeyId => "key",
        InvalidReason::Mac => "forged",
        InvalidReason::CannotEmit => "cannot-emit",
        _ => "payload",
    }
}

fn step_of_refused(refused: RefusedToken) -> Result<&'static str, Unanswerable> {
    match refused {
        RefusedToken::Expired => Ok("expired"),
        RefusedToken::NotYetValid => Ok("not-yet-valid"),
        RefusedToken::WrongBrowser => Ok("wrong-browser"),
        other => Err(Unanswerable(other.to_string())),
    }
}

pub(super) fn frame(asked: Question<'_>) -> Answer {
    let token = asked.text("token")?;
    Ok(json!({
        "sse": FrameForm::Sse.frame(token),
        "websocket": FrameForm::WebSocket.frame(token),
        "html": FrameForm::Html.frame(token),
    }))
}
