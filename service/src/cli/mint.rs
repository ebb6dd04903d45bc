//! `mint`: JSON batches → tokens.

use apply_cookies::protocol::parse_batch_over;
use apply_cookies::{Issuer, Secrets};

use super::args::tools::MintArgs;
use super::lines;
use crate::refused::Refused;

pub(super) fn run(args: &MintArgs) -> Result<(), Refused> {
    let binding = args.binding()?;
    let issuer = Issuer::new(Secrets::from_env()?)?
        .seal(args.seal())
        .lifetime(args.ttl());
    let scheme = args.pages.scheme();
    let mut options = args.options();
    lines::answer_or_report_each(|line| {
        let batch = parse_batch_over(line, scheme).map_err(|error| error.to_string())?;
        let minted = issuer.mint(&batch, binding.as_ref(), &options);
        if minted.is_barrier() {
            // The next line's token must be younger than this barrier.
            options = options.clone().after(minted.issued_at());
        }
        Ok(minted.into_token().into_string())
    })
}
