//! `mint`: JSON batches → tokens, or requests → results.

use apply_cookies::BindingPolicy;
use apply_cookies::protocol::parse_batch_over;

use super::args::tools::MintArgs;
use super::lines;
use crate::minting::{Mint, Refusal, TokenRequest, TokenResult};
use crate::refused::Refused;
use crate::strict;

pub(super) fn run(args: &MintArgs) -> Result<(), Refused> {
    if args.requests {
        return requests(args);
    }
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

/// One request of `/v1/tokens` a line → one result a line, for all browsers.
fn requests(args: &MintArgs) -> Result<(), Refused> {
    let mint = Mint::new(args.issuer()?, args.pages.scheme(), BindingPolicy::Required);
    lines::answer_each_text(|_, line| {
        let refused = |detail: String| TokenResult::refused(None, Refusal::new(None, detail));
        let result = match line {
            Err(unread) => refused(unread.to_string()),
            Ok(line) => match strict::read::<TokenRequest>(line) {
                Err(fault) => TokenResult::refused(None, Refusal::new(fault.field, fault.detail)),
                Ok(request) => {
                    let order = mint.prepare(&request);
                    mint.mint_one(request.id, order)
                }
            },
        };
        // A result can always be written as JSON.
        serde_json::to_string(&result).unwrap_or_default()
    })
}
