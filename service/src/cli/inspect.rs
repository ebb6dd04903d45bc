//! `inspect`: tokens → their content, without redeeming them.

use apply_cookies::protocol::{InvalidReason, InvalidToken, KeyRing, UntrustedToken};
use apply_cookies::{Clock, UnixMillis};

use super::args::tools::InspectArgs;
use super::report::{self, Report, verdict};
use super::{lines, why};
use crate::refused::Refused;

pub(super) fn run(args: &InspectArgs) -> Result<(), Refused> {
    let ring = args.secret.native()?.into_ring()?;
    let clock = Clock::system();
    lines::answer_each_text(|number, line| {
        let now = args.now.unwrap_or_else(|| clock.now());
        report::or_invalid(number, line, |line| {
            inspect(&ring, now, line).map_err(|invalid| why::native(invalid.reason()))
        })
    })
}

fn inspect(ring: &KeyRing, now: UnixMillis, text: &str) -> Result<String, InvalidToken> {
    let mut buffer = Vec::new();
    let token = UntrustedToken::new(text).open(ring, &mut buffer)?;
    let operations = (token.operations().collect::<Result<Vec<_>, _>>())
        .map_err(|_| InvalidReason::CannotEmit)?;
    let header = token.header();
    Ok(report::line(&Report {
        verdict: verdict(&token, now),
        profile: "native",
        seal: token.seal().as_str(),
        nonce: header.nonce.to_text(),
        issued_at: header.issued_at.get(),
        expires_at: header.expires_at.get(),
        key_id: token.key_id().map(|id| id.to_string()),
        barrier: header.barrier,
        scope: header
            .scope
            .map(apply_cookies::protocol::StoreScope::to_text),
        bound: header.binding.is_some(),
        then: header.then.as_ref(),
        operations,
    }))
}
