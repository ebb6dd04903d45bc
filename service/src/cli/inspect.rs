//! `inspect`: tokens → their content, without redeeming them.

use apply_cookies::protocol::{KeyRing, UntrustedToken};
use apply_cookies::{Clock, UnixMillis};

use super::args::tools::InspectArgs;
use super::lines;
use super::report::{INVALID, Report, verdict};
use crate::refused::Refused;

pub(super) fn run(args: &InspectArgs) -> Result<(), Refused> {
    let ring = args.secret.native()?.into_ring()?;
    let clock = Clock::system();
    lines::answer_each_text(|number, line| {
        let now = args.now.unwrap_or_else(|| clock.now());
        match line {
            Ok(line) => inspect(&ring, now, line),
            Err(error) => {
                lines::tell(number, error);
                INVALID.to_owned()
            }
        }
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
        key_id: token.key_id().map(|id| id.to_string()),
        barrier: header.barrier,
        scoped: header.scope.is_some(),
        bound: header.binding.is_some(),
        then: header.then.as_ref(),
        operations,
    })
    .unwrap_or_else(|_| INVALID.to_owned())
}
