//! `mint`: JSON batches → tokens.

use std::sync::Arc;

use apply_cookies_protocol::parse_batch;

use super::args::MintArgs;
use super::{Refused, lines, mesop};
use crate::Clock;
use crate::issue::Issuer;
use crate::secrets::Secrets;

pub(super) fn run(args: &MintArgs) -> Result<(), Refused> {
    if args.profile.is_mesop() {
        return mesop::run_mint(args);
    }
    let binding = args.binding();
    let issuer = Issuer {
        ring: Arc::new(Secrets::from_env()?.into_ring()?),
        clock: Clock::system(),
        seal: args.seal(),
        lifetime: args.ttl(),
        // The store lives in another process, which judges these tokens by its horizon alone.
        scope: None,
    };
    let mut manner = args.manner();
    each(|line| {
        let batch = parse_batch(line).map_err(|error| error.to_string())?;
        let sealed = issuer.issue(&batch, binding.as_ref(), manner);
        if sealed.barrier {
            // The next line's token is no older.
            manner.after = Some(sealed.issued_at);
        }
        Ok(sealed.token.into_string())
    })
}

/// Answers each line with a token, or with an empty line and the reason on standard error.
pub(super) fn each(mut mint: impl FnMut(&str) -> Result<String, String>) -> Result<(), Refused> {
    let mut refused = false;
    lines::answer_each_text(|number, line| {
        let minted = line.map_err(|error| error.to_string()).and_then(&mut mint);
        minted.unwrap_or_else(|error| {
            refused = true;
            eprintln!("line {number}: {error}");
            String::new()
        })
    })?;
    if refused {
        return Err(Refused(String::new()));
    }
    Ok(())
}
