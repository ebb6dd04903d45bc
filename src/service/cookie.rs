//! `cookie encode` and `cookie decode`: values, for who writes another implementation.

use apply_cookies_protocol::{
    CookieHeader, Found, Operation, Protection, SetCookie, Stamp, Unreadable, UnreadableReason,
    ValueCodec, check_json,
};
use serde_json::json;

use super::args::{DecodeArgs, EncodeArgs, ValueArgs};
use super::{Refused, lines};
use crate::clock::Clock;
use crate::random;
use crate::secret::Secret;

pub(super) fn encode(args: &EncodeArgs) -> Result<(), Refused> {
    let codec = codec(&args.value)?;
    let clock = Clock::system();
    lines::answer_each(|_, line| {
        let now = args.value.now.unwrap_or_else(|| clock.now());
        let mut stamp = Stamp::new(now, random::bytes());
        if let Some(seconds) = args.max_age {
            stamp = stamp.expires_at(now.plus(u64::from(seconds) * 1000));
        }
        encode_line(&codec, &stamp, args.value.text, line)
    })
}

fn encode_line(codec: &ValueCodec, stamp: &Stamp, is_text: bool, line: &[u8]) -> String {
    let refuse = |reason: UnreadableReason, detail: String| {
        json!({ "ok": false, "reason": reason.as_str(), "detail": detail }).to_string()
    };
    let value = if is_text {
        std::str::from_utf8(line)
            .map(str::to_owned)
            .map_err(|_| UnreadableReason::Malformed.into())
    } else {
        check_json(line).map(compact)
    };
    let value = match value {
        Ok(value) => value,
        Err(why) => return refuse(why.reason(), Unreadable::to_string(&why)),
    };
    let text = codec.encode(value.as_bytes(), stamp);
    // As when it is pushed: the browser would drop what is too large.
    match Operation::try_from(SetCookie::new(codec.name(), &text)) {
        Ok(_) => text,
        Err(error) => refuse(UnreadableReason::TooLong, error.to_string()),
    }
}

pub(super) fn decode(args: &DecodeArgs) -> Result<(), Refused> {
    let codec = codec(&args.value)?;
    let clock = Clock::system();
    lines::answer_each(|_, line| {
        let now = args.value.now.unwrap_or_else(|| clock.now());
        let text = if args.header {
            find(line, codec.name())
        } else {
            Ok(line)
        };
        let mut buffer = Vec::new();
        let value = text
            .and_then(|text| codec.decode(text, now, &mut buffer))
            .and_then(|opened| {
                if args.value.text {
                    let text = std::str::from_utf8(opened.bytes());
                    text.map(|text| json!(text).to_string())
                        .map_err(|_| UnreadableReason::Malformed.into())
                } else {
                    check_json(opened.bytes()).map(compact)
                }
            });
        match value {
            // Not by way of a JSON value, which would write its numbers and the order of its keys anew.
            Ok(value) => format!(r#"{{"ok":true,"value":{value}}}"#),
            Err(why) => json!({ "ok": false, "reason": why.reason().as_str() }).to_string(),
        }
    })
}

fn codec(args: &ValueArgs) -> Result<ValueCodec, Refused> {
    Ok(match args.protection.into() {
        // Plain values have no key, so none is asked for.
        Protection::Plain => ValueCodec::plain(&args.name)?,
        protection => {
            let ring = Secret::from_env()?.into_ring()?;
            ValueCodec::new(&ring, &args.name, protection)?
        }
    })
}

/// The value of a cookie in a header line.
fn find<'h>(line: &'h [u8], name: &str) -> Result<&'h [u8], Unreadable> {
    const FIELD: &[u8] = b"cookie:";
    // No cookie's name holds a colon, so nothing is mistaken for the field's name.
    let value = match line.split_at_checked(FIELD.len()) {
        Some((field, value)) if field.eq_ignore_ascii_case(FIELD) => value,
        _ => line,
    };
    match CookieHeader::new([value]).find(name) {
        Found::One(value) => Ok(value),
        Found::Absent => Err(UnreadableReason::Absent.into()),
        Found::Duplicate => Err(UnreadableReason::Duplicate.into()),
    }
}

/// JSON without the spaces between its tokens, so that it stands in one line and takes no room in
/// a cookie. Order of keys and writing of numbers stay.
fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for char in json.chars() {
        if !in_text && char.is_ascii_whitespace() {
            continue;
        }
        in_text ^= char == '"' && !escaped;
        escaped = in_text && char == '\\' && !escaped;
        out.push(char);
    }
    out
}
