//! `inspect`: tokens → their content, without redeeming them.

use apply_cookies::protocol::{AfterApply, KeyRing, UntrustedToken};
use apply_cookies::{Clock, Secrets, UnixMillis};

use super::args::tools::InspectArgs;
use super::lines::{self, TooLong};
use super::report::{INVALID, Report, verdict};
use crate::refused::Refused;

pub(super) fn run(args: &InspectArgs) -> Result<(), Refused> {
    let ring = Secrets::from_env()?.into_ring()?;
    let clock = Clock::system();
    // A line that is too long is too long for a token too.
    lines::answer_each_text(|_, line| {
        let now = args.now.unwrap_or_else(|| clock.now());
        line.map_or_else(
            |TooLong| INVALID.to_owned(),
            |line| inspect(&ring, now, line),
        )
    })
}

fn inspect(ring: &KeyRing, now: UnixMillis, text: &str) -> String {
    let mut buffer = Vec::new();
    let Ok(token) = UntrustedToken::new(text).open(ring, &mut buffer) else {
        return INVALID.to_owned();
    };
    let Ok(operations) = token.operations().collect::<Result<Vec<_>, _>>() else {
        return INVALID.to_owned();
    };
    let header = token.header();
    serde_json::to_string(&Report {
        verdict: verdict(&token, now),
        profile: "native",
        seal: token.seal().as_str(),
        nonce: header.nonce.to_text(),
        issued_at: header.issued_at.get(),
        expires_at: header.expires_at.get(),
        barrier: header.barrier,
        then: header.then.as_ref().map(AfterApply::to_header),
        operations,
    })
    .unwrap_or_else(|_| INVALID.to_owned())
}
