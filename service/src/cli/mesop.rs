//! `mint`, `inspect` and `set-cookie` with `--profile mesop`.

use apply_cookies::protocol::mesop::{MesopKeys, parse_batch_over, parse_operation_over, seal};
use apply_cookies::protocol::{BatchError, Nonce, Token, UntrustedToken};
use apply_cookies::{Clock, MesopSecret, Scheme, UnixMillis};

use super::args::tools::{InspectArgs, MintArgs};
use super::lines;
use super::report::{INVALID, Report, verdict};
use crate::refused::Refused;

pub(super) fn keys() -> Result<MesopKeys, Refused> {
    Ok(MesopSecret::from_env()?.to_keys())
}

pub(super) fn mint(args: &MintArgs) -> Result<(), Refused> {
    args.check_mesop()?;
    let binding = args.binding()?;
    let keys = keys()?;
    let clock = Clock::system();
    let scheme = args.pages.scheme();
    lines::answer_or_report_each(|line| {
        let now = clock.now();
        let cookies = parse_batch_over(line, scheme, now).map_err(|error| error.to_string())?;
        let nonce = Nonce::from_random(rand::random());
        seal(&keys, nonce, now, binding.as_ref(), &cookies)
            .map(Token::into_string)
            .map_err(|error| error.to_string())
    })
}

pub(super) fn inspect(args: &InspectArgs) -> Result<(), Refused> {
    let keys = keys()?;
    let clock = Clock::system();
    lines::answer_each_text(|_, line| {
        let now = args.now.unwrap_or_else(|| clock.now());
        // A line that is too long is too long for a token too.
        line.ok()
            .and_then(|line| report(&keys, now, line))
            .unwrap_or_else(|| INVALID.to_owned())
    })
}

/// `None` if it is not a token, or its cookies cannot be emitted.
fn report(keys: &MesopKeys, now: UnixMillis, text: &str) -> Option<String> {
    let mut buffer = Vec::new();
    let token = UntrustedToken::new(text)
        .open_mesop(keys, &mut buffer)
        .ok()?;
    let cookies = token.cookies(now).ok()?;
    let header = token.header();
    let report = Report {
        verdict: verdict(&token, now),
        profile: "mesop",
        seal: token.seal().as_str(),
        nonce: token.nonce_text().to_owned(),
        issued_at: header.issued_at.get(),
        expires_at: header.expires_at.get(),
        barrier: false,
        then: None,
        operations: cookies,
    };
    serde_json::to_string(&report).ok()
}

pub(super) fn set_cookie(
    line: &str,
    scheme: Scheme,
    now: UnixMillis,
) -> Result<String, BatchError> {
    parse_operation_over(line, scheme, now)?
        .to_set_cookie(now)
        .map_err(BatchError::from)
}
