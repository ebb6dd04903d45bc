//! The arguments of `serve`.

use std::path::PathBuf;

use apply_cookies::protocol::Lifetime;
use apply_cookies::{BindingPolicy, Origin};
use clap::ValueEnum;

use super::profile::ProfileArg;
use super::store::{REPLAY, StoreArg};
use super::tools::parse_lifetime;
use crate::listen::{Listen, Mode};

#[derive(clap::Args)]
pub(crate) struct ServeArgs {
    /// Address to listen on, as in 127.0.0.1:8788, localhost:8788 or unix:/PATH; may be repeated
    ///
    /// `systemd:NAME` takes the sockets of that name (`FileDescriptorName=`) that systemd has
    /// opened, `systemd:` those that no other setting names.
    #[arg(long, value_name = "ADDR", required = true)]
    pub(crate) listen: Vec<Listen>,
    /// Mode of the files of unix sockets of --listen, in octal
    #[arg(long, value_name = "MODE", default_value = "0660")]
    pub(crate) socket_mode: Mode,
    /// Group of the files of unix sockets of --listen
    #[arg(long, value_name = "GROUP")]
    pub(crate) socket_group: Option<String>,
    /// Address of the internal listener, for the app and the operator: unix:/PATH is the usual one
    ///
    /// It has the API that /openapi.json describes, /healthz and /readyz. Whoever may open the socket's
    /// file may call it. A TCP address must be one of this machine, and callers need a key of
    /// --api-keys-file.
    #[arg(long, value_name = "ADDR")]
    pub(crate) api_listen: Option<Listen>,
    /// File of the keys of callers over TCP, one a line: `Authorization: Bearer KEY`
    #[arg(long, value_name = "PATH")]
    pub(crate) api_keys_file: Option<PathBuf>,
    /// Mode of the file of the internal listener's socket, in octal: who may use it
    #[arg(long, value_name = "MODE", default_value = "0660")]
    pub(crate) api_socket_mode: Mode,
    /// Group of the file of the internal listener's socket
    #[arg(long, value_name = "GROUP")]
    pub(crate) api_socket_group: Option<String>,
    /// An origin whose pages may post, as in https://app.example; may be repeated
    #[arg(long, value_name = "ORIGIN", required = true, num_args = 1.., value_parser = parse_origin)]
    pub(crate) origin: Vec<Origin>,
    /// Whose tokens to redeem; may be given twice, each with its own path
    ///
    /// `mesop` redeems the tokens of a Mesop app. Its secret comes from MESOP_COOKIE_SECRET_KEY, and
    /// must differ from the secret of `native`.
    #[arg(long, value_enum, default_value = "native")]
    pub(crate) profile: Vec<ProfileArg>,
    /// Path of the endpoint; with two profiles, one for each in the same order
    ///
    /// The default is /__apply-cookies, for `mesop` under MESOP_BASE_URL_PATH if that is set.
    #[arg(long, value_name = "PATH")]
    pub(crate) prefix: Vec<String>,
    /// Whether to refuse tokens without a binding [default: `required` for `native`, `optional` for
    /// `mesop`]
    ///
    /// With `optional`, anyone who has a token without a binding can sign a visitor in as somebody
    /// else; Mesop's own tokens have none. If a binding is present, it is always enforced.
    #[arg(long, value_enum)]
    pub(crate) binding: Option<BindingArg>,
    /// Where to remember used tokens: `memory`, `file:PATH`, or the URL of a Redis or Postgres
    ///
    /// `memory` forgets when the process ends. After a restart, tokens that other processes issued
    /// before it are refused, and /readyz answers 503 for five seconds.
    ///
    /// `file:PATH` remembers across restarts, crashes and power losses, on a local disk and for one
    /// process at a time. The file is created if it does not exist, readable only by its owner; its
    /// folder must exist. Never restore an older copy of the file, which has forgotten what was used
    /// since: stop the service and remove the file instead.
    ///
    /// `redis://USER:PASSWORD@HOST:PORT` and `postgres://USER:PASSWORD@HOST:PORT/DATABASE` are for
    /// any number of processes and machines. Also rediss:// (TLS), redis+cluster://HOST,HOST and
    /// redis+sentinel://HOST,HOST/NAME, each with `valkey` in place of `redis` as well. Others on the
    /// machine can see the command line: put a URL with a password into APPLY_COOKIES_REPLAY, or
    /// write ?password_file=PATH in place of the password. The service starts without its server,
    /// and answers 503 until that is there. `apply-cookies replay check URL` says what a server can
    /// promise; docs/replay-stores.md has all settings.
    #[arg(long, value_name = "STORE", default_value = "memory", env = REPLAY, hide_env_values = true)]
    pub(crate) replay: StoreArg,
    /// The longest lifetime of tokens to redeem: up to a day; a longer one is refused as invalid
    ///
    /// The barrier of a sign-out is kept for as long, so the shorter this is, the less room is left
    /// to those who sign out browsers that they make up. Raise it here before longer tokens are made.
    /// Mesop's own tokens live for 60 seconds.
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = parse_lifetime, allow_hyphen_values = true)]
    pub(crate) max_ttl: Lifetime,
    /// Accept http origins outside this machine, where anyone on the network can take over sessions
    #[arg(long)]
    pub(crate) allow_insecure_http: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum BindingArg {
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

fn parse_origin(text: &str) -> Result<Origin, String> {
    Origin::parse(text).map_err(|error| error.to_string())
}
