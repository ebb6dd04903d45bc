//! The arguments of `cookie`.

use apply_cookies::protocol::limits::MAX_AGE_MAX;
use apply_cookies::{Protection, UnixMillis};
use clap::{Subcommand, ValueEnum};

use super::shared::{PagesArgs, ProfileArgs, SecretArgs, parse_time};

#[derive(Subcommand)]
pub(crate) enum CookieCommand {
    /// One JSON value per line in, one cookie value per line out
    ///
    /// For a refused line it writes {"ok":false,"reason":"…","detail":"…"}. The exit code is
    /// still 0.
    Encode(EncodeArgs),
    /// One cookie value per line in, {"ok":true,"value":…} or {"ok":false,"reason":"…"} per line out
    ///
    /// The exit code is 0 whatever the results.
    Decode(DecodeArgs),
}

#[derive(clap::Args)]
pub(crate) struct ValueArgs {
    /// Name of the cookie
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    #[command(flatten)]
    pub(crate) pages: PagesArgs,
    /// How its values are protected
    ///
    /// Signed and encrypted values need the secret: from APPLY_COOKIES_SECRET_KEY or as for `serve`;
    /// in the profile mesop, from MESOP_COOKIE_SECRET_KEY.
    #[arg(long, value_enum)]
    pub(crate) protection: ProtectionArg,
    /// Use this time instead of now
    #[arg(long, value_name = "UNIX_SECONDS", value_parser = parse_time, allow_hyphen_values = true)]
    pub(crate) now: Option<UnixMillis>,
    /// Take the value as plain text instead of JSON
    #[arg(long)]
    pub(crate) text: bool,
}

#[derive(clap::Args)]
pub(crate) struct EncodeArgs {
    #[command(flatten)]
    pub(crate) value: ValueArgs,
    /// Let signed and encrypted values expire this long after now; without it they never expire
    ///
    /// In the profile mesop only encrypted JSON objects can expire: the cookie's name and expiry
    /// are in a member that Mesop ignores.
    #[arg(long, value_name = "SECONDS", value_parser = parse_max_age, allow_hyphen_values = true)]
    pub(crate) max_age: Option<u32>,
}

#[derive(clap::Args)]
pub(crate) struct DecodeArgs {
    #[command(flatten)]
    pub(crate) value: ValueArgs,
    /// Read each line as a whole Cookie header, with or without `Cookie:` in front
    #[arg(long)]
    pub(crate) header: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ProtectionArg {
    Plain,
    Signed,
    Encrypted,
}

impl From<ProtectionArg> for Protection {
    fn from(arg: ProtectionArg) -> Self {
        match arg {
            ProtectionArg::Plain => Self::Plain,
            ProtectionArg::Signed => Self::Signed,
            ProtectionArg::Encrypted => Self::Encrypted,
        }
    }
}

fn parse_max_age(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|seconds| (1..=MAX_AGE_MAX).contains(seconds))
        .ok_or_else(|| format!("must be a whole number of seconds from 1 to {MAX_AGE_MAX}"))
}
