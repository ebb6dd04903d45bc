//! `cookie encode` and `cookie decode`: values, for who writes another implementation.

use std::fmt::Display;

use apply_cookies_protocol::{
    CookieHeader, Operation, Protection, SetCookie, Stamp, UnreadableReason, ValueCodec, check_json,
};
use serde_json::json;

use super::Refused;
use super::args::{DecodeArgs, EncodeArgs, ValueArgs};
use super::lines::{self, TooLong};
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
        match line {
            Ok(line) => encode_line(&codec, &stamp, args.value.text, line),
            Err(error) => refuse(UnreadableReason::TooLong, &error),
        }
    })
}

fn encode_line(codec: &ValueCodec, stamp: &Stamp, is_text: bool, line: &[u8]) -> String {
    let value = if is_text {
        std::str::from_utf8(line)
            .map(str::to_owned)
            .map_err(|_| UnreadableReason::Malformed.into())
    } else {
        check_json(line).map(compact)
    };
    let value = match value {
        Ok(value) => value,
        Err(why) => return refuse(why.reason(), &why),
    };
    let text = codec.encode(value.as_bytes(), stamp);
    // As when it is pushed: the browser would drop what is too large.
    match Operation::try_from(SetCookie::new(codec.name(), &text)) {
        Ok(_) => text,
        Err(error) => refuse(UnreadableReason::TooLong, &error),
    }
}

/// In the order that the help shows.
fn refuse(reason: UnreadableReason, detail: &dyn Display) -> String {
    let detail = json!(detail.to_string());
    format!(
        r#"{{"ok":false,"reason":"{}","detail":{detail}}}"#,
        reason.as_str()
    )
}

pub(super) fn decode(args: &DecodeArgs) -> Result<(), Refused> {
    let codec = codec(&args.value)?;
    let clock = Clock::system();
    lines::answer_each(|_, line| {
        let now = args.value.now.unwrap_or_else(|| clock.now());
        let text = line
            .map_err(|TooLong| UnreadableReason::TooLong.into())
            .and_then(|line| {
                if args.header {
                    CookieHeader::new([field_value(line)]).value(codec.name())
                } else {
                    Ok(line)
                }
            });
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

/// A header line without the field's name, if that stands in front.
fn field_value(line: &[u8]) -> &[u8] {
    const FIELD: &[u8] = b"cookie:";
    // No cookie's name holds a colon, so nothing is mistaken for the field's name.
    match line.split_at_checked(FIELD.len()) {
        Some((field, value)) if field.eq_ignore_ascii_case(FIELD) => value,
        _ => line,
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
