//! `cookie encode` and `cookie decode`: values, for anyone writing another implementation.

use std::fmt::Display;

use apply_cookies::protocol::mesop::MesopValueCodec;
use apply_cookies::protocol::{CookieHeader, Operation, OperationError, Stamp, ValueCodec};
use apply_cookies::{Clock, Protection, SetCookie, UnixMillis, Unreadable, UnreadableReason};
use serde_json::json;

use super::args::cookie::{DecodeArgs, EncodeArgs, ValueArgs};
use super::lines;
use crate::refused::Refused;
use crate::values;

pub(super) fn encode(args: &EncodeArgs) -> Result<(), Refused> {
    let codec = codec(&args.value)?;
    let clock = Clock::system();
    lines::answer_each(|_, line| {
        let now = args.value.now.unwrap_or_else(|| clock.now());
        let mut stamp = Stamp::new(now, rand::random());
        if let Some(seconds) = args.max_age {
            stamp = stamp.expires_at(now.plus(u64::from(seconds) * 1000));
        }
        match line {
            Ok(line) => encode_line(&codec, &stamp, args.value.text, line),
            Err(error) => refuse(UnreadableReason::TooLong, &error),
        }
    })
}

/// The codec of the chosen profile.
enum Codec {
    Native(ValueCodec),
    Mesop(MesopValueCodec),
}

impl Codec {
    fn name(&self) -> &str {
        match self {
            Self::Native(codec) => codec.name(),
            Self::Mesop(codec) => codec.name(),
        }
    }

    /// The content of the cookie's value.
    fn decode(&self, text: &[u8], now: UnixMillis) -> Result<Vec<u8>, Unreadable> {
        match self {
            Self::Native(codec) => {
                let mut buffer = Vec::new();
                Ok(codec.decode(text, now, &mut buffer)?.bytes().to_vec())
            }
            Self::Mesop(codec) => Ok(codec.decode(text, now)?.text().as_bytes().to_vec()),
        }
    }
}

fn encode_line(codec: &Codec, stamp: &Stamp, is_text: bool, line: &[u8]) -> String {
    let value = match values::written(line, is_text) {
        Ok(value) => value,
        Err(why) => return refuse(why.reason(), &why),
    };
    let codec = match codec {
        Codec::Native(codec) => codec,
        Codec::Mesop(codec) => {
            let written = if is_text {
                codec.encode(&value, stamp)
            } else {
                codec.encode_json_text(&value, stamp)
            };
            return written.unwrap_or_else(|why| refuse(why.reason(), &why));
        }
    };
    let text = codec.encode(value.as_bytes(), stamp);
    // The same check as for a push: the browser would drop a cookie that is too large.
    match Operation::try_from(SetCookie::new(codec.name(), &text)) {
        Ok(_) => text,
        Err(error) => refuse(UnreadableReason::TooLong, &error),
    }
}

/// Fields in the order that the help shows.
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
            .map_err(|_| UnreadableReason::TooLong.into())
            .and_then(|line| {
                if args.header {
                    CookieHeader::new([field_value(line)]).value(codec.name())
                } else {
                    Ok(line)
                }
            });
        let value = text
            .and_then(|text| codec.decode(text, now))
            .and_then(|opened| values::shown(&opened, args.value.text));
        match value {
            Ok(value) => format!(r#"{{"ok":true,"value":{value}}}"#),
            Err(why) => json!({ "ok": false, "reason": why.reason().as_str() }).to_string(),
        }
    })
}

fn codec(args: &ValueArgs) -> Result<Codec, Refused> {
    let name = args.pages.scheme().name(&args.name);
    let named = |error: OperationError| Refused::Usage(format!("--{error}"));
    // Plain values have no key, so no secret is needed.
    Ok(match (args.profile.is_mesop(), args.protection.into()) {
        (false, Protection::Plain) => Codec::Native(ValueCodec::plain(name).map_err(named)?),
        (false, protection) => {
            let ring = args.secret.native()?.into_ring()?;
            Codec::Native(ValueCodec::new(&ring, name, protection).map_err(named)?)
        }
        (true, Protection::Plain) => Codec::Mesop(MesopValueCodec::plain(name).map_err(named)?),
        (true, protection) => {
            let keys = args.secret.mesop()?.to_keys();
            Codec::Mesop(MesopValueCodec::new(&keys, name, protection).map_err(named)?)
        }
    })
}

/// A header line without the field's name, if the line starts with it.
fn field_value(line: &[u8]) -> &[u8] {
    const FIELD: &[u8] = b"cookie:";
    // Cookie names contain no colon, so nothing else looks like the field's name.
    match line.split_at_checked(FIELD.len()) {
        Some((field, value)) if field.eq_ignore_ascii_case(FIELD) => value,
        _ => line,
    }
}
