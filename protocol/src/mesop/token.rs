//! Apply tokens: a timed signed text over `{"n": nonce, "c": [cookies]}`.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::cookie::MesopCookie;
use super::itsdangerous::Unsigned;
use super::max_age::MaxAge;
use super::nonce;
use crate::base64url;
use crate::binding::{Binding, BindingCookie};
use crate::cookie::{Field, OperationError, Rule, SameSite, SetCookieLines};
use crate::keys::MesopKeys;
use crate::limits::{MESOP_LIFETIME_MS, TOKEN_TEXT_MAX};
use crate::time::UnixMillis;
use crate::token::{
    AuthenticToken, InvalidReason, InvalidToken, Nonce, Seal, Sealed, Token, TokenBody,
    TokenHeader, UntrustedToken,
};

/// The key of the token's JSON that has the binding. Mesop's reader takes `n` and `c`, and ignores
/// all others.
const BINDING: &str = "b";

/// The cookies of a token of the profile `mesop`.
pub struct MesopBody {
    cookies: Vec<MesopCookie>,
    /// The nonce as the JSON has it.
    nonce: String,
}

impl fmt::Debug for MesopBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MesopBody({} cookies)", self.cookies.len())
    }
}

impl AuthenticToken<'_, MesopBody> {
    /// The cookies, for tools that show a token without redeeming it.
    ///
    /// # Errors
    ///
    /// When they could not be emitted now, singly or all together.
    pub fn cookies(&self, now: UnixMillis) -> Result<&[MesopCookie], InvalidToken> {
        let cookies = &self.body().cookies;
        write_lines(cookies, now).map_err(|_| InvalidReason::CannotEmit)?;
        Ok(cookies)
    }

    /// The nonce as the token writes it: 22 characters, unless another issuer used another form.
    #[must_use]
    pub fn nonce_text(&self) -> &str {
        &self.body().nonce
    }
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
    fn from_cookie(cookie: &'t MesopCookie) -> Self {
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

/// Seals cookies in a token that Mesop can redeem too, for a minute from `issued_at`, which is
/// truncated to whole seconds.
///
/// If the browser is given, the token carries its binding, which Mesop ignores. Several cookies
/// with one name are applied in order.
///
/// # Errors
///
/// Names the field of the first cookie that could not be redeemed, or `operations` when there are
/// none or too many, or when they do not fit into one token.
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
        c: cookies.iter().map(CookieJson::from_cookie).collect(),
        b: browser.map(|cookie| base64url::encode(&Binding::from_cookie(&keys.binding, cookie).0)),
    };
    let text = keys
        .tokens
        .sign_timed(&token.to_bytes(), issued_at.get() / 1000);
    if text.len() > TOKEN_TEXT_MAX {
        return Err(OperationError::new(
            Field::Operations,
            Rule::TooLong {
                actual: text.len(),
                max: TOKEN_TEXT_MAX,
            },
        ));
    }
    Ok(Token::new(text, nonce::from_text(&n)))
}

/// Whether these cookies can be in one token.
pub(super) fn check(cookies: &[MesopCookie], now: UnixMillis) -> Result<(), OperationError> {
    if cookies.is_empty() {
        return Err(OperationError::new(Field::Operations, Rule::Empty));
    }
    write_lines(cookies, now).map(|_| ())
}

fn write_lines(cookies: &[MesopCookie], now: UnixMillis) -> Result<SetCookieLines, OperationError> {
    let mut lines = SetCookieLines::with_capacity(cookies.len());
    for cookie in cookies {
        lines.push(|line| cookie.write_set_cookie(now, line))?;
    }
    Ok(lines)
}

impl TokenBody for MesopBody {}

impl Sealed for MesopBody {
    fn write_lines(&self, now: UnixMillis) -> Result<SetCookieLines, OperationError> {
        write_lines(&self.cookies, now)
    }
}

impl UntrustedToken<'_> {
    /// Checks length, form and MAC, in this order, then inflates and reads the payload: a token of
    /// the profile `mesop`.
    ///
    /// Mesop's times are whole seconds, and it accepts a token whose age is 60 of them. So the
    /// token counts from the beginning of its second, and expires 61 seconds later. The `buffer` is
    /// as in [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// The same error whatever is wrong; its reason is for logs, not for the stranger.
    pub fn open_mesop<'b>(
        self,
        keys: &'b MesopKeys,
        buffer: &'b mut Vec<u8>,
    ) -> Result<AuthenticToken<'b, MesopBody>, InvalidToken> {
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
        Ok(AuthenticToken::new(
            Seal::Signed,
            None,
            &keys.binding,
            header,
            body,
        ))
    }
}

/// A token over any bytes, so that the fuzzers can see what comes out of it.
#[cfg(fuzzing)]
#[must_use]
pub fn sign_mesop(keys: &MesopKeys, json: &[u8], seconds: u64) -> String {
    keys.tokens.sign_timed(json, seconds)
}

/// Reads the JSON as Mesop would; `None` where it refuses or Python crashes.
fn decode(json: &[u8]) -> Option<(Nonce, Option<Binding>, MesopBody)> {
    // Of two equal keys the last one counts, in Mesop too.
    let Value::Object(mut token) = serde_json::from_slice(json).ok()? else {
        return None;
    };
    let nonce_json = token.remove("n");
    let nonce = nonce::from_json(nonce_json.as_ref())?;
    let Some(Value::Array(list)) = token.remove("c") else {
        return None;
    };
    let cookies = list
        .into_iter()
        .map(|element| match element {
            Value::Object(fields) => MesopCookie::from_json(fields),
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
    let body = MesopBody {
        cookies,
        nonce: nonce_text,
    };
    Some((nonce, binding, body))
}
