//! The arguments of the tools.

use apply_cookies::protocol::{AfterApply, BindingCookie, Lifetime, SameOriginPath};
use apply_cookies::{Issuer, MintOptions, Seal, UnixMillis};
use clap::{Subcommand, ValueEnum};
use serde::Deserialize;

use super::assertion::AssertionArgs;
use super::auth0::Auth0Command;
use super::conformance::ConformanceArgs;
use super::cookie::CookieCommand;
use super::replay::ReplayCommand;
use super::secrets::SecretsCommand;
use super::shared::{PagesArgs, ProfileArgs, SecretArgs, parse_time};
use crate::refused::Refused;

#[derive(Subcommand)]
pub(crate) enum Tool {
    /// Prints a new secret
    Keygen,
    /// Seals batches: one JSON batch per line in, one token per line out
    ///
    /// For a refused batch it writes an empty line, and `line N: field: reason` to standard error.
    ///
    /// With `--profile mesop` the tokens are those of a Mesop app: signed, for 60 seconds, under
    /// the secret in MESOP_COOKIE_SECRET_KEY. A value may then be any text, an age may be
    /// negative, and several operations may be on one cookie.
    Mint(MintArgs),
    /// Opens tokens: one token per line in, one JSON object per line out
    ///
    /// Of an invalid token it shows nothing else, and writes `line N: why` to standard error.
    ///
    /// With `--profile mesop` the tokens are those of a Mesop app, under the secret in
    /// MESOP_COOKIE_SECRET_KEY.
    Inspect(InspectArgs),
    /// Writes and reads cookie values, for anyone writing another implementation
    #[command(subcommand)]
    Cookie(CookieCommand),
    /// Writes operations as headers: one JSON operation per line in, one Set-Cookie value per line out
    ///
    /// For a refused operation it writes {"error":"…","field":"…"}. The exit code is still 0.
    SetCookie(SetCookieArgs),
    /// Checks another implementation of the protocol: apply-cookies conformance -- PROGRAM ARGUMENTS
    ///
    /// Runs the program, asks it all test vectors, one JSON object a line, and compares its answers.
    /// Those that differ are printed as a file of vectors, and the exit code is then 1. How to answer
    /// is on https://github.com/apply-cookies/apply-cookies/tree/main/protocol/conformance.
    Conformance(ConformanceArgs),
    /// Prints the hash of a password, for a file of accounts
    ///
    /// Asks for the password twice, without showing it. Where standard input is not a terminal, the
    /// password is all of it, without one line end at its end. The hash is argon2id of 19 MiB, two
    /// passes and one lane, in PHC form.
    Password,
    /// Signs who somebody is, for development: what Google IAP would put into its header
    ///
    /// An app takes it with SignedHeader::google_iap(…).trust_local_key(FILE), on this machine alone:
    /// curl -H "X-Goog-IAP-JWT-Assertion: $(apply-cookies assertion …)" http://localhost:8080/
    ///
    /// Unless the address is at gmail.com, its domain is the company (`hd`) that manages the account.
    Assertion(AssertionArgs),
    /// Looks after replay stores that several machines share
    #[command(subcommand)]
    Replay(ReplayCommand),
    /// Manages the users of an Auth0 tenant
    ///
    /// For a machine-to-machine application of the tenant: AUTH0_DOMAIN, AUTH0_CLIENT_ID, and
    /// AUTH0_CLIENT_SECRET or the file that AUTH0_CLIENT_SECRET_FILE names. AUTH0_CA_FILE names a PEM
    /// file of authorities to trust as well.
    #[command(subcommand)]
    Auth0(Auth0Command),
    /// Writes the files from which other programs read their secrets
    #[command(subcommand)]
    Secrets(SecretsCommand),
}

#[derive(clap::Args)]
pub(crate) struct MintArgs {
    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    #[command(flatten)]
    pub(crate) pages: PagesArgs,
    /// Take one request a line and answer one result a line, as JSON: one process for all browsers
    ///
    /// As the service's POST /v1/tokens has them, each with its binding:
    /// {"id":"a1","binding":"…","operations":[…],"ttl_ms":60000,"barrier":false,"frame":"sse"} becomes
    /// {"id":"a1","tokens":[…]} or {"id":"a1","error":{…}}. The exit code is 0 whatever the results.
    #[arg(long, conflicts_with_all = ["seal", "ttl", "binding", "barrier", "then"])]
    pub(crate) requests: bool,
    /// How tokens protect their operations [default: encrypted; Mesop's are signed]
    #[arg(long, value_enum)]
    seal: Option<SealArg>,
    /// How long tokens live: up to --max-ttl; 60 seconds in the profile mesop [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = parse_lifetime, allow_hyphen_values = true)]
    ttl: Option<Lifetime>,
    /// The longest lifetime of tokens that the endpoint takes: up to a day, and the same as its
    /// own --max-ttl (in an app, max_lifetime)
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = parse_lifetime, allow_hyphen_values = true)]
    max_ttl: Lifetime,
    /// Value of the binding cookie of the browser that can redeem the tokens
    // One value in 64 starts with a hyphen.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    binding: Option<String>,
    /// Make the tokens sign-outs: once one is redeemed, older tokens of its browser are refused
    #[arg(long, requires = "binding")]
    barrier: bool,
    /// What the page does once the cookies are set: `reconnect`, `reload`, or a path to go to
    ///
    /// `inspect` shows a path as {"go":"/path"}, which is taken here too.
    #[arg(long, value_name = "ACTION", value_parser = parse_action, allow_hyphen_values = true)]
    then: Option<AfterApply<'static>>,
}

impl MintArgs {
    fn seal(&self) -> Seal {
        self.seal.map_or_else(Seal::default, Into::into)
    }

    /// An issuer that makes no token that the endpoint refuses.
    pub(crate) fn issuer(&self) -> Result<Issuer, Refused> {
        let issuer = Issuer::new(self.secret.native()?)?
            .seal(self.seal())
            .max_lifetime(self.max_ttl);
        let Some(ttl) = self.ttl else {
            return Ok(issuer);
        };
        issuer.lifetime(ttl).map_err(|_| {
            Refused::Usage(format!(
                "--ttl {} is longer than --max-ttl {}: the endpoint would refuse these tokens; shorten --ttl, or raise --max-ttl here and where they are redeemed",
                ttl.as_millis() / 1000,
                self.max_ttl.as_millis() / 1000
            ))
        })
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

    /// Refuses options that Mesop's tokens do not have, rather than ignoring them.
    pub(crate) fn check_mesop(&self) -> Result<(), Refused> {
        let refuse = |message: &str| Err(Refused::Usage(message.to_owned()));
        if self.requests {
            return refuse(
                "--requests mints tokens of the profile native; leave --profile or --requests out",
            );
        }
        if matches!(self.seal, Some(SealArg::Encrypted)) {
            return refuse(
                "tokens of the profile mesop are signed, not encrypted: anyone who sees one can read it; leave --seal out",
            );
        }
        if self.barrier || self.then.is_some() {
            return refuse(
                "tokens of the profile mesop do not support --barrier and --then; leave them out",
            );
        }
        if self.ttl.is_some_and(|ttl| ttl != Lifetime::default()) {
            return refuse("tokens of the profile mesop live for 60 seconds; leave --ttl out");
        }
        Ok(())
    }

    /// The browser's binding. Not parsed by clap, whose error message would show the value.
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
pub(crate) struct InspectArgs {
    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
    /// Check the tokens as of this time instead of now
    #[arg(long, value_name = "UNIX_SECONDS", value_parser = parse_time, allow_hyphen_values = true)]
    pub(crate) now: Option<UnixMillis>,
}

#[derive(clap::Args)]
pub(crate) struct SetCookieArgs {
    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
    #[command(flatten)]
    pub(crate) pages: PagesArgs,
    /// Use this time instead of now; headers of the native profile do not depend on it
    #[arg(long, value_name = "UNIX_SECONDS", value_parser = parse_time, allow_hyphen_values = true)]
    pub(crate) now: Option<UnixMillis>,
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

pub(crate) fn parse_lifetime(text: &str) -> Result<Lifetime, String> {
    text.parse::<u64>()
        .ok()
        .and_then(|seconds| seconds.checked_mul(1000))
        .and_then(Lifetime::from_millis)
        .ok_or_else(|| "must be a whole number of seconds from 1 to 86400".to_owned())
}

/// The words and the object that `inspect` and the vectors have, or the path alone.
fn parse_action(text: &str) -> Result<AfterApply<'static>, String> {
    let go = serde_json::from_str(text).ok().and_then(|object| {
        let Go { go } = object;
        SameOriginPath::parse(go)
    });
    match text {
        "reconnect" => Ok(AfterApply::Reconnect),
        "reload" => Ok(AfterApply::Reload),
        _ => go
            .or_else(|| SameOriginPath::parse(text.to_owned()))
            .map(AfterApply::GoTo)
            .ok_or_else(|| {
                "must be `reconnect`, `reload`, or a path of the page's own origin, as in /account"
                    .to_owned()
            }),
    }
}

/// `{"go":"/account"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Go {
    go: String,
}
