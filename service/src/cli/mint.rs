//! `mint`: JSON batches → tokens.

use apply_cookies::protocol::parse_batch_over;

use super::args::tools::MintArgs;
use super::lines;
use crate::refused::Refused;

pub(super) fn run(args: &MintArgs) -> Result<(), Refused> {
    let binding = args.binding()?;
    let issuer = args.issuer()?;
    if binding.is_none() {
        eprintln!(
            "note: without --binding these tokens are for no browser: only an endpoint whose bindings are optional redeems them, for whoever has one"
        );
    }
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
