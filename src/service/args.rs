//! The command line.

#![allow(
    clippy::doc_markdown,
    reason = "doc comments here are the help that people read"
)]

use std::net::SocketAddr;
use std::path::PathBuf;

use apply_cookies_protocol::limits::MAX_AGE_MAX;
use apply_cookies_protocol::{
    BindingCookie, Lifetime, Protection, SameOriginPath, Seal, UnixMillis,
};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::browser::Origin;
use crate::mint::{Action, MintOptions};
use crate::redeem::BindingPolicy;

/// Set HttpOnly cookies from inside SSE streams, WebSockets and streamed HTML
#[derive(Parser)]
#[command(name = "apply-cookies", version, max_term_width = 100)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Shows the protocol at work in a browser; needs no configuration
    Demo(DemoArgs),
    /// Redeems tokens beside an app
    ///
    /// The secret comes from APPLY_COOKIES_SECRET_KEY or from the file that
    /// APPLY_COOKIES_SECRET_KEY_FILE names; older secrets that still verify from
    /// APPLY_COOKIES_PREVIOUS_KEYS, separated by commas. With `--profile mesop` it comes from
    /// MESOP_COOKIE_SECRET_KEY.
    Serve(ServeArgs),
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
    /// Writes and reads the values of cookies, for who writes another implementation
    #[command(subcommand)]
    Cookie(CookieCommand),
    /// Writes operations as headers: one JSON operation a line in, one Set-Cookie value a line out
    ///
    /// For an operation that is refused: {"error":"…","field":"…"}. The exit code is 0 all the same.
    SetCookie(SetCookieArgs),
}

#[derive(clap::Args)]
pub(super) struct DemoArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    pub(super) listen: SocketAddr,
}

#[derive(clap::Args)]
pub(super) struct ServeArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: SocketAddr,
    /// An origin whose pages may post, as in https://app.example; may be given again
    #[arg(long, value_name = "ORIGIN", required = true, num_args = 1.., value_parser = parse_origin)]
    pub(super) origin: Vec<Origin>,
    /// Whose tokens are redeemed; may be given twice, for a path each
    ///
    /// `mesop` redeems those of a Mesop app. Its secret comes from MESOP_COOKIE_SECRET_KEY, and must
    /// not be the one of `native` as well.
    #[arg(long, value_enum, default_value = "native")]
    pub(super) profile: Vec<ProfileArg>,
    /// Path of the endpoint; with two profiles one for each, in their order
    ///
    /// Without it: /__apply-cookies, for `mesop` behind MESOP_BASE_URL_PATH if that is set.
    #[arg(long, value_name = "PATH")]
    pub(super) prefix: Vec<String>,
    /// Whether a token without a binding is refused: `required` for `native`, `optional` for `mesop`,
    /// unless it is given
    ///
    /// With `optional`, whoever holds a token without a binding can sign a visitor in as
    /// somebody else; Mesop's own tokens have none. A binding that is present is enforced all the
    /// same.
    #[arg(long, value_enum)]
    pub(super) binding: Option<BindingArg>,
    /// Where it is remembered which tokens were used: `memory`, or `file:PATH`
    ///
    /// `memory` forgets when the process ends: tokens that other processes issued before a restart
    /// are then refused, and readyz says so for five seconds.
    ///
    /// `file:PATH` remembers across restarts, crashes and power losses, on a local disk and for one
    /// process at a time. The file is made when there is none, readable by its owner alone. Never
    /// put an older copy of it back, which has forgotten what was used since: stop the service and
    /// remove it instead. Its folder must exist.
    #[arg(long, value_name = "STORE", default_value = "memory", value_parser = parse_replay)]
    pub(super) replay: ReplayArg,
    /// Accepts http origins outside this machine, where anyone on the network can take over
    #[arg(long)]
    pub(super) allow_insecure_http: bool,
}

/// Where to remember which tokens were used.
#[derive(Clone, Debug)]
pub(super) enum ReplayArg {
    Memory,
    File(PathBuf),
}

#[derive(clap::Args)]
pub(super) struct MintArgs {
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
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
    then: Option<Action>,
}

impl MintArgs {
    pub(super) fn seal(&self) -> Seal {
        self.seal.map_or_else(Seal::default, Into::into)
    }

    pub(super) fn ttl(&self) -> Lifetime {
        self.ttl.unwrap_or_default()
    }

    /// What the tokens say beside their operations.
    pub(super) fn options(&self) -> MintOptions<'_> {
        MintOptions {
            barrier: self.barrier,
            then: self.then.as_ref().and_then(Action::as_protocol),
            after: None,
        }
    }

    /// Refuses what a token of Mesop cannot be, rather than not doing it.
    pub(super) fn check_mesop(&self) {
        let refuse = |message| {
            Args::command()
                .error(ErrorKind::ArgumentConflict, message)
                .exit()
        };
        if matches!(self.seal, Some(SealArg::Encrypted)) {
            refuse(
                "tokens of the profile mesop are signed, not encrypted: anyone who sees one can read it",
            );
        }
        if self.barrier || self.then.is_some() {
            refuse("tokens of the profile mesop have no place for --barrier and --then");
        }
        if self.ttl() != Lifetime::default() {
            refuse("tokens of the profile mesop live for 60 seconds; leave --ttl out");
        }
    }

    /// The browser's binding. Not parsed by clap, whose message would show the value.
    pub(super) fn binding(&self) -> Option<BindingCookie> {
        self.binding.as_ref().map(|text| {
            BindingCookie::parse(text.as_bytes()).unwrap_or_else(|| {
                let message = "--binding must be the 43 characters of a binding cookie";
                Args::command()
                    .error(ErrorKind::ValueValidation, message)
                    .exit()
            })
        })
    }
}

#[derive(clap::Args)]
pub(super) struct ProfileArgs {
    /// Whose bytes are meant: this protocol's own, or those of Mesop 1.3
    #[arg(long = "profile", value_enum, default_value = "native")]
    profile: ProfileArg,
}

impl ProfileArgs {
    pub(super) fn is_mesop(&self) -> bool {
        matches!(self.profile, ProfileArg::Mesop)
    }
}

#[derive(clap::Args)]
pub(super) struct InspectArgs {
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
    /// Judges the tokens as of this time instead of now
    #[arg(long, value_name = "UNIX_SECONDS", value_parser = parse_time)]
    pub(super) now: Option<UnixMillis>,
}

#[derive(Subcommand)]
pub(super) enum CookieCommand {
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
pub(super) struct ValueArgs {
    /// Name of the cookie
    #[arg(long)]
    pub(super) name: String,
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
    /// How its values are protected
    ///
    /// Signed and encrypted ones need the secret, from APPLY_COOKIES_SECRET_KEY or as for `serve`;
    /// in the profile mesop, from MESOP_COOKIE_SECRET_KEY.
    #[arg(long, value_enum)]
    pub(super) protection: ProtectionArg,
    /// Works as of this time instead of now
    #[arg(long, value_name = "UNIX_SECONDS", value_parser = parse_time)]
    pub(super) now: Option<UnixMillis>,
    /// The value is text as it stands, instead of JSON
    #[arg(long)]
    pub(super) text: bool,
}

#[derive(clap::Args)]
pub(super) struct EncodeArgs {
    #[command(flatten)]
    pub(super) value: ValueArgs,
    /// Ends signed and encrypted values this long after now; without it they have no end
    ///
    /// In the profile mesop only encrypted JSON objects have one: their cookie's name and end
    /// stand in a member that Mesop ignores.
    #[arg(long, value_name = "SECONDS", value_parser = parse_max_age)]
    pub(super) max_age: Option<u32>,
}

#[derive(clap::Args)]
pub(super) struct DecodeArgs {
    #[command(flatten)]
    pub(super) value: ValueArgs,
    /// Each line is a whole Cookie header, with or without `Cookie:` in front
    #[arg(long)]
    pub(super) header: bool,
}

#[derive(clap::Args)]
pub(super) struct SetCookieArgs {
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
    /// Works as of this time instead of now; headers of the native profile do not depend on it
    #[arg(long, value_name = "UNIX_SECONDS", value_parser = parse_time)]
    pub(super) now: Option<UnixMillis>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ProtectionArg {
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

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProfileArg {
    Native,
    Mesop,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum BindingArg {
    Required,
    Optional,
}

impl From<BindingArg> for BindingPolicy {
    fn from(arg: BindingArg) -> Self {
        match arg {
            BindingArg::Required => Self::Required,
            BindingArg::Optional => Self::Optional,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum SealArg {
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

fn parse_replay(text: &str) -> Result<ReplayArg, String> {
    match text.split_once(':') {
        None if text == "memory" => Ok(ReplayArg::Memory),
        Some(("file", path)) if !path.is_empty() => Ok(ReplayArg::File(path.into())),
        _ => Err("must be memory, or file: and a path, as in file:/var/lib/app/replay".to_owned()),
    }
}

fn parse_origin(text: &str) -> Result<Origin, String> {
    Origin::parse(text).map_err(|error| error.to_string())
}

fn parse_lifetime(text: &str) -> Result<Lifetime, String> {
    text.parse::<u64>()
        .ok()
        .and_then(|seconds| seconds.checked_mul(1000))
        .and_then(Lifetime::from_millis)
        .ok_or_else(|| "must be a whole number of seconds from 1 to 86400".to_owned())
}

fn parse_action(text: &str) -> Result<Action, String> {
    match text {
        "reconnect" => Ok(Action::Reconnect),
        "reload" => Ok(Action::Reload),
        path => SameOriginPath::parse(path)
            .map(|path| Action::GoTo(path.as_str().to_owned()))
            .ok_or_else(|| {
                "must be `reconnect`, `reload`, or a path of the page's own origin, as in /account"
                    .to_owned()
            }),
    }
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
