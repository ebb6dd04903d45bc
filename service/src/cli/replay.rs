//! `replay`: for the operators of shared replay stores.

use apply_cookies::Clock;
use apply_cookies::replay::PostgresReplayStore;
use apply_cookies::replay::inspect::{self, ForgetError, Weight};

use super::args::replay::ReplayCommand;
use super::lines;
use crate::refused::Refused;

pub(super) fn run(command: &ReplayCommand) -> Result<(), Refused> {
    let clock = Clock::system();
    match command {
        ReplayCommand::Check(args) => {
            let findings = inspect::check(&args.url.0, &clock).map_err(Refused::usage)?;
            for finding in &findings {
                lines::print(&finding.to_string())?;
            }
            let unfit = |finding: &inspect::Finding| finding.weight() == Weight::Unfit;
            if findings.iter().any(unfit) {
                return Err(Refused::Reported);
            }
        }
        ReplayCommand::Schema(args) => {
            let sql = PostgresReplayStore::schema(&args.schema).map_err(Refused::usage)?;
            lines::print(sql.trim_end())?;
        }
        ReplayCommand::Forget(args) => {
            let forgot = inspect::forget(&args.url.0, &clock).map_err(|error| match error {
                ForgetError::Url(error) => Refused::usage(error),
                error => error.into(),
            })?;
            lines::print(&forgot.to_string())?;
        }
    }
    Ok(())
}
