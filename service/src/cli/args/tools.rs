//! What the tools take.

#![allow(
    clippy::doc_markdown,
    reason = "doc comments here are the help that people read"
)]

use apply_cookies::protocol::limits::MAX_AGE_MAX;
use apply_cookies::protocol::{AfterApply, BindingCookie, Lifetime, SameOriginPath};
use apply_cookies::{MintOptions, Protection, Seal, UnixMillis};
use clap::{Subcommand, ValueEnum};

use super::profile::ProfileArg;
use crate::refused::Refused;
#[derive(Subcommand)]
pub(crate) enum Tool {
    /// Prints a new secret
    Keygen,
    /// Seals batches: one JSON batch a line in, one token a line out
    ///
    /// For a batch that is refused an empty line is written, and `line N: field: reason` on
    /// standard error.
    ///
    /// With `--profile mesop` the tokens are those of a Mesop app: signed, for 60 seconds, under
    /// the secret in MESOP_COOKIE_SECRET_KEY. A value may then be any text, an age may be
    /// negative, and several operations may be on one cookie.
    Mint(MintArgs),
    /// Opens tokens: one token a line in, one JSON object a line out
    ///
    /// With `--profile mesop` the tokens are those of a Mesop app, under the secret in
    /// MESOP_COOKIE_SECRET_KEY.
    Inspect(InspectArgs),
    /// Writes and reads the values of cookies, for anyone writing another implementation
    #[command(subcommand)]
    Cookie(CookieCommand),
    /// Writes operations as headers: one JSON operation a line in, one Set-Cookie value a line out
    ///
    /// For an operation that is refused: {"error":"…","field":"…"}. The exit code is 0 all the same.
    SetCookie(SetCookieArgs),
}

#[derive(clap::Args)]
pub(crate) struct MintArgs {
    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
    /// How tokens protect their operations [default: encrypted; those of Mesop are signed]
    #[arg(long, value_enum)]
    seal: Option<SealArg>,
    /// How long tokens live: up to a day, 60 seconds in the profile mesop [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = parse_lifetime)]
    ttl: Option<Lifetime>,
    /// Value of the binding cookie of the browser that may redeem the tokens
    #[arg(long, value_name = "VALUE")]
    binding: Option<String>,
    /// Makes the tokens sign-outs: once one is redeemed, no older token of its browser is
    #[arg(long, requires = "binding")]
    barrier: bool,
    /// What the page does when the cookies are there: `reconnect`, `reload`, or a path to go to
    #[arg(long, value_name = "ACTION", value_parser = parse_action)]
    then: Option<AfterApply<'static>>,
}

impl MintArgs {
    pub(crate) fn seal(&self) -> Seal {
        self.seal.map_or_else(Seal::default, Into::into)
    }

    pub(crate) fn ttl(&self) -> Lifetime {
        self.ttl.unwrap_or_default()
    }

    /// What the tokens say besides their operations.
    pub(crate) fn options(&self) -> MintOptions<'_> {
        let mut options = MintOptions::default();
        if self.barrier {
            options = options.barrier();
        }
        match &self.then {
            Some(then) => options.then(then.clone()),
            None => options,
        }
    }

    /// Refuses what a token of Mesop cannot be, rather than not doing it.
    pub(crate) fn check_mesop(&self) -> Result<(), Refused> {
        let refuse = |message: &str| Err(Refused::Usage(message.to_owned()));
        if matches!(self.seal, Some(SealArg::Encrypted)) {
            return refuse(
                "tokens of the profile mesop are signed, not encrypted: anyone who sees one can read it",
            );
        }
        if self.barrier || self.then.is_some() {
            return refuse("tokens of the profile mesop have no place for --barrier and --then");
        }
        if self.ttl() != Lifetime::default() {
            return refuse("tokens of the profile mesop live for 60 seconds; leave --ttl out");
        }
        Ok(())
    }

    /// The browser's binding. Not parsed by clap, whose message would show the value.
    pub(crate) fn binding(&self) -> Result<Option<BindingCookie>, Refused> {
        let Some(text) = &self.binding else {
            return Ok(None);
        };
        match BindingCookie::parse(text.as_bytes()) {
            Some(cookie) => Ok(Some(cookie)),
            None => Err(Refused::Usage(
                "--binding must be the 43 characters of a binding cookie".to_owned(),
            )),
        }
    }
}

#[derive(clap::Args)]
pub(crate) struct ProfileArgs {
    /// Whose bytes are meant: this protocol's own, or those of Mesop 1.3
    #[arg(long = "profile", value_enum, default_value = "native")]
    profile: ProfileArg,
}

impl ProfileArgs {
    pub(crate) fn is_mesop(&self) -> bool {
        matches!(self.profile, ProfileArg::Mesop)
    }
}

#[derive(clap::Args)]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
    /// Judges the tokens as of this time instead of now
    #[arg(long, value_name = "UNIX_SECONDS", value_parser = parse_time)]
    pub(crate) now: Option<UnixMillis>,
}

#[derive(Subcommand)]
pub(crate) enum CookieCommand {
    /// One JSON value a line in, one cookie value a line out
    ///
    /// For a line that is refused: {"ok":false,"reason":"…","detail":"…"}. The exit code is 0 all
    /// the same.
    Encode(EncodeArgs),
    /// One cookie value a line in, {"ok":true,"value":…} or {"ok":false,"reason":"…"} a line out
    ///
    /// The exit code is 0 whatever the verdicts.
    Decode(DecodeArgs),
}

#[derive(clap::Args)]
pub(crate) struct ValueArgs {
    /// Name of the cookie
    #[arg(long)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
    /// How its values are protected
    ///
    /// Signed and encrypted ones need the secret, from APPLY_COOKIES_SECRET_KEY or as for `serve`;
    /// in the profile mesop, from MESOP_COOKIE_SECRET_KEY.
    #[arg(long, value_enum)]
    pub(crate) protection: ProtectionArg,
    /// Works as of this time instead of now
    #[arg(long, value_name = "UNIX_SECONDS", value_parser = parse_time)]
    pub(crate) now: Option<UnixMillis>,
    /// The value is text as it stands, instead of JSON
    #[arg(long)]
    pub(crate) text: bool,
}

#[derive(clap::Args)]
pub(crate) struct EncodeArgs {
    #[command(flatten)]
    pub(crate) value: ValueArgs,
    /// Ends signed and encrypted values this long after now; without it they have no end
    ///
    /// In the profile mesop only encrypted JSON objects have one: their cookie's name and end
    /// stand in a member that Mesop ignores.
    #[arg(long, value_name = "SECONDS", value_parser = parse_max_age)]
    pub(crate) max_age: Option<u32>,
}

#[derive(clap::Args)]
pub(crate) struct DecodeArgs {
    #[command(flatten)]
    pub(crate) value: ValueArgs,
    /// Each line is a whole Cookie header, with or without `Cookie:` in front
    #[arg(long)]
    pub(crate) header: bool,
}

#[derive(clap::Args)]
pub(crate) struct SetCookieArgs {
    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
    /// Works as of this time instead of now; headers of the native profile do not depend on it
    #[arg(long, value_name = "UNIX_SECONDS", value_parser = parse_time)]
    pub(crate) now: Option<UnixMillis>,
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

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SealArg {
    Encrypted,
    Signed,
}

impl From<SealArg> for Seal {
    fn from(arg: SealArg) -> Self {
        match arg {
            SealArg::Encrypted => Self::Encrypted,
            SealArg::Signed => Self::Signed,
        }
    }
}

fn parse_lifetime(text: &str) -> Result<Lifetime, String> {
    text.parse::<u64>()
        .ok()
        .and_then(|seconds| seconds.checked_mul(1000))
        .and_then(Lifetime::from_millis)
        .ok_or_else(|| "must be a whole number of seconds from 1 to 86400".to_owned())
}

/// A path stands for itself here; as in the header, behind `go`, it is taken too.
fn parse_action(text: &str) -> Result<AfterApply<'static>, String> {
    SameOriginPath::parse(text)
        .map(AfterApply::GoTo)
        .or_else(|| AfterApply::parse(text))
        .map(AfterApply::into_owned)
        .ok_or_else(|| {
            "must be `reconnect`, `reload`, or a path of the page's own origin, as in /account"
                .to_owned()
        })
}

fn parse_max_age(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|seconds| (1..=MAX_AGE_MAX).contains(seconds))
        .ok_or_else(|| format!("must be a whole number of seconds from 1 to {MAX_AGE_MAX}"))
}

fn parse_time(text: &str) -> Result<UnixMillis, String> {
    text.parse::<u64>()
        .ok()
        .and_then(UnixMillis::from_secs)
        .ok_or_else(|| "must be a whole number of seconds since 1970".to_owned())
}
