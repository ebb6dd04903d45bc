//! `mint`: JSON batches → tokens.

use std::sync::Arc;

use apply_cookies_protocol::parse_batch;

use super::args::MintArgs;
use super::{Refused, lines};
use crate::clock::Clock;
use crate::issue::Issuer;
use crate::replay::IssueTerms;
use crate::secret::Secret;

pub(super) fn run(args: &MintArgs) -> Result<(), Refused> {
    let binding = args.binding();
    let issuer = Issuer {
        ring: Arc::new(Secret::from_env()?.into_ring()?),
        clock: Clock::system(),
        seal: args.seal.into(),
        lifetime: args.ttl,
        // The store lives in another process, which judges these tokens by its horizon alone.
        terms: IssueTerms::default(),
    };
    let mut refused = false;
    lines::answer_each_text(|number, line| {
        let batch = line
            .map_err(|error| error.to_string())
            .and_then(|line| parse_batch(line).map_err(|error| error.to_string()));
        match batch {
            Ok(batch) => issuer.issue(&batch, binding.as_ref()).into_string(),
            Err(error) => {
                refused = true;
                eprintln!("line {number}: {error}");
                String::new()
            }
        }
    })?;
    if refused {
        return Err(Refused(String::new()));
    }
    Ok(())
}
