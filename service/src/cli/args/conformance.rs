//! The arguments of `conformance`.

use std::ffi::OsString;

use clap::Subcommand;

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ConformanceArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ConformanceCommand>,
    /// Ask this many random questions about writing, and as many about reading, besides the vectors
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) random: u64,
    /// Which random questions: the same ones for the same number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The program that answers, and its arguments
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    pub(crate) program: Vec<OsString>,
}

#[derive(Subcommand)]
pub(crate) enum ConformanceCommand {
    /// Answers with this codec
    #[command(hide = true)]
    Answer,
}
