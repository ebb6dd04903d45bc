//! The arguments of `replay`.

use clap::Subcommand;

use super::store::{REPLAY, StoreArg};

#[derive(Subcommand)]
pub(crate) enum ReplayCommand {
    /// Says what a Redis or Postgres can promise as a replay store, and what it lacks
    ///
    /// One line for each finding, the worst first: `unfit:`, `warning:`, `promise:`, `note:`. The
    /// exit code is 1 if anything makes the server unfit. It tries each command that the store uses
    /// and changes none of its data.
    Check(CheckArgs),
    /// Prints the SQL of the store in Postgres, for an owner who lets no program create tables
    Schema(SchemaArgs),
    /// Makes a store in Redis or Postgres forget everything, safely
    ///
    /// For after a volume, a snapshot or a machine's memory was put back: the store cannot know that
    /// what it remembers is old. Afterwards no token is released that was issued before, nor any of
    /// the next five seconds. It does so at once and asks nothing, so it takes the URL from the
    /// command line alone.
    Forget(ForgetArgs),
}

#[derive(clap::Args)]
pub(crate) struct CheckArgs {
    /// The store's URL, as for `serve --replay`
    #[arg(value_name = "URL", env = REPLAY, hide_env_values = true)]
    pub(crate) url: StoreArg,
}

#[derive(clap::Args)]
pub(crate) struct SchemaArgs {
    /// The schema's name
    #[arg(long, value_name = "NAME", default_value = "apply_cookies")]
    pub(crate) schema: String,
}

#[derive(clap::Args)]
pub(crate) struct ForgetArgs {
    /// The store's URL, as for `serve --replay`; with ?password_file=PATH it shows no password
    #[arg(value_name = "URL")]
    pub(crate) url: StoreArg,
}
