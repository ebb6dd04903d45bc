//! Apply tokens: a timed signed text over `{"n": nonce, "c": [cookies]}`.

use serde::Serialize;
use serde_json::Value;

use super::cookie::MesopCookie;
use super::itsdangerous::Unsigned;
use super::keys::MesopKeys;
use super::max_age::MaxAge;
use super::nonce;
use crate::base64url;
use crate::binding::{Binding, BindingCookie};
use crate::cookie::{Field, LINE_OVERHEAD, OperationError, Problem, SameSite};
use crate::limits::{MESOP_LIFETIME_MS, OPERATIONS_MAX, SET_COOKIE_LINES_MAX, TOKEN_TEXT_MAX};
use crate::time::UnixMillis;
use crate::token::{
    AuthenticToken, InvalidReason, InvalidToken, Nonce, Token, TokenHeader, UntrustedToken,
};

/// Key of the token's JSON that holds the binding. Mesop's reader takes `n` and `c`, and ignores
/// every other.
const BINDING: &str = "b";

/// What a token holds beside its header.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) cookies: Vec<MesopCookie>,
    /// The nonce as it stands in the JSON.
    pub(crate) nonce: String,
}

/// The JSON of a token, in the order in which Mesop writes it.
#[derive(Serialize)]
struct TokenJson<'t> {
    n: &'t str,
    c: Vec<CookieJson<'t>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<String>,
}

impl TokenJson<'_> {
    fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("text, numbers and booleans")
    }
}

#[derive(Serialize)]
struct CookieJson<'t> {
    name: &'t str,
    value: &'t str,
    max_age: AgeJson,
    path: Option<&'t str>,
    domain: Option<&'t str>,
    secure: bool,
    httponly: bool,
    samesite: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum AgeJson {
    Absent,
    Seconds(i64),
    Fraction(f64),
    Flag(bool),
}

impl<'t> CookieJson<'t> {
    fn of(cookie: &'t MesopCookie) -> Self {
        Self {
            name: &cookie.name,
            value: &cookie.value,
            max_age: match cookie.max_age {
                None => AgeJson::Absent,
                Some(MaxAge::Seconds(age)) => AgeJson::Seconds(age),
                Some(MaxAge::Fraction(age)) => AgeJson::Fraction(age),
                Some(MaxAge::Flag(flag)) => AgeJson::Flag(flag),
            },
            path: cookie.path.as_deref(),
            domain: cookie.domain.as_deref(),
            secure: cookie.secure,
            httponly: cookie.http_only,
            samesite: cookie.same_site.map(SameSite::as_str),
        }
    }
}

/// Seals cookies in a token that Mesop redeems as well, for a minute from `issued_at`, which is
/// cut to whole seconds.
///
/// Where the browser is given, the token carries its binding; Mesop ignores it. Several cookies of
/// one name are applied in their order.
///
/// # Errors
///
/// Names the field of the first cookie that could not be redeemed; `operations` when there are
/// none or too many of them, or when they do not fit into one token.
pub fn seal(
    keys: &MesopKeys,
    nonce: Nonce,
    issued_at: UnixMillis,
    browser: Option<&BindingCookie>,
    cookies: &[MesopCookie],
) -> Result<Token, OperationError> {
    check(cookies, issued_at)?;
    let n = nonce.to_text();
    let token = TokenJson {
        n: &n,
        c: cookies.iter().map(CookieJson::of).collect(),
        b: browser.map(|cookie| base64url::encode(&keys.binding(cookie).0)),
    };
    let text = keys
        .tokens
        .sign_timed(&token.to_bytes(), issued_at.get() / 1000);
    if text.len() > TOKEN_TEXT_MAX {
        return Err(OperationError::new(
            Field::Operations,
            Problem::TooLong {
                actual: text.len(),
                max: TOKEN_TEXT_MAX,
            },
        ));
    }
    Ok(Token::new(text, nonce::of_text(&n)))
}

/// Whether these cookies make up a token.
pub(super) fn check(cookies: &[MesopCookie], now: UnixMillis) -> Result<(), OperationError> {
    if cookies.is_empty() {
        return Err(OperationError::new(Field::Operations, Problem::Empty));
    }
    write_lines(cookies, now, &mut String::new(), |_| ())
}

/// Appends the values of the `Set-Cookie` lines one after the other, and tells where each ends.
pub(crate) fn write_lines(
    cookies: &[MesopCookie],
    now: UnixMillis,
    out: &mut String,
    mut ends_at: impl FnMut(u16),
) -> Result<(), OperationError> {
    let refuse = |problem| Err(OperationError::new(Field::Operations, problem));
    if cookies.len() > OPERATIONS_MAX {
        return refuse(Problem::TooLarge {
            actual: cookies.len() as u64,
            max: OPERATIONS_MAX as u64,
        });
    }
    for (n, cookie) in cookies.iter().enumerate() {
        cookie.write_set_cookie(now, out)?;
        let bytes = out.len() + (n + 1) * LINE_OVERHEAD;
        match u16::try_from(out.len()) {
            Ok(end) if bytes <= SET_COOKIE_LINES_MAX => ends_at(end),
            _ => {
                return refuse(Problem::TooLong {
                    actual: bytes,
                    max: SET_COOKIE_LINES_MAX,
                });
            }
        }
    }
    Ok(())
}

impl UntrustedToken<'_> {
    /// Checks length, form and MAC, in this order, then inflates and reads the payload: a token of
    /// the profile `mesop`.
    ///
    /// Mesop's times are whole seconds, and it takes a token whose age is 60 of them. So the token
    /// is as old as its second allows, and expires 61 seconds after that second began. The
    /// `buffer` is as in [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// One error for all that is wrong; its reason is for logs, not for the stranger.
    pub fn open_mesop<'b>(
        self,
        keys: &'b MesopKeys,
        buffer: &'b mut Vec<u8>,
    ) -> Result<AuthenticToken<'b>, InvalidToken> {
        let text = self.text();
        if text.len() > TOKEN_TEXT_MAX {
            return Err(InvalidReason::TooLong.into());
        }
        let seconds = keys
            .tokens
            .open_timed(text.as_bytes(), buffer)
            .map_err(|why| match why {
                Unsigned::Form => InvalidReason::Form,
                Unsigned::Mac => InvalidReason::Mac,
                Unsigned::Payload => InvalidReason::Payload,
            })?;
        let issued_at = UnixMillis::from_secs(seconds).ok_or(InvalidReason::Payload)?;
        let (nonce, binding, body) = decode(buffer).ok_or(InvalidReason::Payload)?;
        let header = TokenHeader {
            nonce,
            issued_at,
            expires_at: issued_at.plus(MESOP_LIFETIME_MS),
            scope: None,
            binding,
            barrier: false,
            then: None,
        };
        Ok(AuthenticToken::of_mesop(header, body, &keys.binding))
    }
}

/// A token over any bytes, for the fuzzers' question what may come out of it.
#[cfg(fuzzing)]
#[must_use]
pub fn sign_mesop(keys: &MesopKeys, json: &[u8], seconds: u64) -> String {
    keys.tokens.sign_timed(json, seconds)
}

/// What Mesop would make of the JSON; `None` where it refuses or Python crashes.
fn decode(json: &[u8]) -> Option<(Nonce, Option<Binding>, Body)> {
    // Of two equal keys the last one counts, in both.
    let Value::Object(mut token) = serde_json::from_slice(json).ok()? else {
        return None;
    };
    let nonce_json = token.remove("n");
    let nonce = nonce::of_json(nonce_json.as_ref())?;
    let Some(Value::Array(list)) = token.remove("c") else {
        return None;
    };
    let cookies = list
        .into_iter()
        .map(|element| match element {
            Value::Object(fields) => MesopCookie::of_json(fields),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?;
    let binding = match token.remove(BINDING) {
        None => None,
        Some(Value::String(text)) => Some(Binding(base64url::decode_array(text.as_bytes())?)),
        Some(_) => return None,
    };
    let nonce_text = match nonce_json {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    let body = Body {
        cookies,
        nonce: nonce_text,
    };
    Some((nonce, binding, body))
}
