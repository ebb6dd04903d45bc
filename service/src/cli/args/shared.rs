//! Arguments that several tools take.

use apply_cookies::{MesopSecret, Scheme, SecretError, Secrets, UnixMillis};

use super::profile::ProfileArg;
use crate::refused::Refused;

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

pub(crate) fn parse_time(text: &str) -> Result<UnixMillis, String> {
    text.parse::<u64>()
        .ok()
        .and_then(UnixMillis::from_secs)
        .ok_or_else(|| "must be a whole number of seconds since 1970".to_owned())
}
