//! `mint`: JSON batches → tokens.

use apply_cookies::protocol::parse_batch;

use super::args::tools::MintArgs;
use super::lines;
use crate::refused::Refused;

pub(super) fn run(args: &MintArgs) -> Result<(), Refused> {
    let binding = args.binding()?;
    let issuer = args.issuer()?;
    let mut options = args.options();
    lines::answer_or_report_each(|line| {
        let batch = parse_batch(line).map_err(|error| error.to_string())?;
        let minted = issuer.mint(&batch, binding.as_ref(), &options);
        if minted.is_barrier() {
            // The next line's token must be younger than this barrier.
            options = options.clone().after(minted.issued_at());
        }
        Ok(minted.into_token().into_string())
    })
}
