//! `mint`, `inspect` and `set-cookie` with `--profile mesop`.

use apply_cookies::protocol::mesop::{MesopKeys, parse_batch_over, parse_operation_over, seal};
use apply_cookies::protocol::{
    BatchError, InvalidReason, InvalidToken, Nonce, Token, UntrustedToken,
};
use apply_cookies::{Clock, Scheme, UnixMillis};

use super::args::tools::{InspectArgs, MintArgs};
use super::report::{self, Report, verdict};
use super::{lines, why};
use crate::refused::Refused;

pub(super) fn mint(args: &MintArgs) -> Result<(), Refused> {
    args.check_mesop()?;
    let binding = args.binding()?;
    let keys = args.secret.mesop()?.to_keys();
    if binding.is_none() {
        eprintln!(
            "note: without --binding, whoever has one of these tokens can redeem it, in any browser, as with Mesop's own"
        );
    }
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
    let keys = args.secret.mesop()?.to_keys();
    let clock = Clock::system();
    lines::answer_each_text(|number, line| {
        let now = args.now.unwrap_or_else(|| clock.now());
        report::or_invalid(number, line, |line| {
            open(&keys, now, line).map_err(|invalid| why::mesop(invalid.reason()))
        })
    })
}

fn open(keys: &MesopKeys, now: UnixMillis, text: &str) -> Result<String, InvalidToken> {
    let mut buffer = Vec::new();
    let token = UntrustedToken::new(text).open_mesop(keys, &mut buffer)?;
    let cookies = token.cookies(now).map_err(|_| InvalidReason::CannotEmit)?;
    let header = token.header();
    Ok(report::line(&Report {
        verdict: verdict(&token, now),
        profile: "mesop",
        seal: token.seal().as_str(),
        nonce: token.nonce_text().to_owned(),
        issued_at: header.issued_at.get(),
        expires_at: header.expires_at.get(),
        key_id: None,
        barrier: header.barrier,
        scope: header
            .scope
            .map(apply_cookies::protocol::StoreScope::to_text),
        bound: header.binding.is_some(),
        then: header.then.as_ref(),
        operations: cookies,
    }))
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
