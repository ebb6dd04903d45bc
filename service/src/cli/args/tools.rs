//! The arguments of the tools.

#![allow(
    clippy::doc_markdown,
    reason = "doc comments here are the help that people read"
)]

use apply_cookies::protocol::limits::MAX_AGE_MAX;
use apply_cookies::protocol::{AfterApply, BindingCookie, Lifetime, SameOriginPath};
use apply_cookies::{
    Issuer, MesopSecret, MintOptions, Protection, Scheme, Seal, SecretError, Secrets, UnixMillis,
};
use clap::{Subcommand, ValueEnum};
use serde::Deserialize;

use super::assertion::AssertionArgs;
use super::auth0::Auth0Command;
use super::profile::ProfileArg;
use super::replay::ReplayCommand;
use super::secrets::SecretsCommand;
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
    /// Looks after the people of an Auth0 tenant
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
pub(crate) struct ProfileArgs {
    /// Which format to use: this protocol's own, or that of Mesop 1.3
    #[arg(long = "profile", value_enum, default_value = "native")]
    profile: ProfileArg,
}

impl ProfileArgs {
    pub(crate) fn is_mesop(&self) -> bool {
        matches!(self.profile, ProfileArg::Mesop)
    }
}

#[derive(clap::Args)]
pub(crate) struct SecretArgs {
    /// Take a secret that is printed in the documentation of apply-cookies, as its test vectors need
    ///
    /// Anyone can open and forge what is made with such a secret.
    #[arg(long)]
    allow_published_secret: bool,
}

impl SecretArgs {
    /// The service's own secrets, from the environment.
    pub(crate) fn native(&self) -> Result<Secrets, Refused> {
        self.read(Secrets::from_env, Secrets::from_env_or_published)
    }

    /// The secret of the Mesop app, from the environment.
    pub(crate) fn mesop(&self) -> Result<MesopSecret, Refused> {
        self.read(MesopSecret::from_env, MesopSecret::from_env_or_published)
    }

    fn read<T>(
        &self,
        strict: fn() -> Result<T, SecretError>,
        or_published: fn() -> Result<T, SecretError>,
    ) -> Result<T, Refused> {
        if self.allow_published_secret {
            return Ok(or_published()?);
        }
        strict().map_err(|error| {
            let hint = if or_published().is_ok() {
                "; to run the test vectors, give --allow-published-secret"
            } else {
                ""
            };
            Refused::Because(format!("{error}{hint}"))
        })
    }
}

#[derive(clap::Args)]
pub(crate) struct PagesArgs {
    /// The cookies are for pages on plain http, as in local development
    ///
    /// They are then not `Secure` unless they say so, and their names lose prefixes such as
    /// `__Host-`.
    #[arg(long)]
    plain_http: bool,
}

impl PagesArgs {
    pub(crate) fn scheme(&self) -> Scheme {
        if self.plain_http {
            Scheme::Http
        } else {
            Scheme::Https
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
