//! `write-value` and `read-value`.

use apply_cookies::UnixMillis;
use apply_cookies::protocol::{
    Protection, Stamp, Unreadable, UnreadableReason, ValueCodec, check_json,
};
use serde_json::json;

use super::keys::Rings;
use super::question::{Answer, Question, Unanswerable, wrong};

fn protection(asked: Question<'_>) -> Result<Protection, Unanswerable> {
    match asked.text("protection")? {
        "plain" => Ok(Protection::Plain),
        "signed" => Ok(Protection::Signed),
        "encrypted" => Ok(Protection::Encrypted),
        _ => Err(wrong("protection", "plain, signed or encrypted")),
    }
}

/// What was read: the value, its end, and whether a previous key wrote it.
type Read = (String, Option<UnixMillis>, bool);

fn read_back(
    codec: &ValueCodec,
    text: &str,
    now: UnixMillis,
    is_json: bool,
) -> Result<Read, Unreadable> {
    let mut buffer = Vec::new();
    let opened = codec.decode(text.as_bytes(), now, &mut buffer)?;
    let value = if is_json {
        check_json(opened.bytes())?
    } else {
        std::str::from_utf8(opened.bytes()).map_err(|_| UnreadableReason::Malformed)?
    };
    Ok((
        value.to_owned(),
        opened.expires_at(),
        opened.is_under_previous_key(),
    ))
}

pub(super) fn read(rings: &mut Rings, asked: Question<'_>) -> Answer {
    let codec = codec(rings.of(asked)?, asked)?;
    let now = asked.time("now")?;
    let read = read_back(&codec, asked.text("text")?, now, asked.flag("json")?);
    Ok(match read {
        Ok((value, expires_at, under_previous_key)) => json!({
            "value": value,
            "expires_at": expires_at.map(UnixMillis::get),
            "under_previous_key": under_previous_key,
        }),
        Err(error) => json!({ "reason": error.reason().as_str() }),
    })
}

pub(super) fn write(rings: &mut Rings, asked: Question<'_>) -> Answer {
    let codec = codec(rings.of_one(asked)?, asked)?;
    let now = asked.time("now")?;
    let iv = asked.bytes_or_null("iv")?;
    if iv.is_some() != (codec.protection() == Protection::Encrypted) {
        return Err(wrong("iv", "there for encrypted values, and only for them"));
    }
    let mut stamp = Stamp::new(now, iv.unwrap_or_default());
    if let Some(end) = asked.time_or_null("expires_at")? {
        stamp = stamp.expires_at(end);
    }
    let text = codec.encode(asked.text("value")?.as_bytes(), &stamp);
    Ok(match read_back(&codec, &text, now, asked.flag("json")?) {
        Ok(_) => json!({ "text": text }),
        Err(error) => json!({ "reason": error.reason().as_str() }),
    })
}

fn codec(
    ring: &apply_cookies::protocol::KeyRing,
    asked: Question<'_>,
) -> Result<ValueCodec, Unanswerable> {
    ValueCodec::new(ring, asked.text("name")?, protection(asked)?)
        .map_err(|_| wrong("name", "a cookie's"))
}
