//! The arguments of `serve`, which are its settings.

use std::path::PathBuf;

use apply_cookies::protocol::Lifetime;
use apply_cookies::{BindingPolicy, Origin};
use clap::{ArgAction, ValueEnum};

use super::profile::ProfileArg;
use super::store::StoreArg;
use super::tools::parse_lifetime;
use crate::listen::{Listen, Mode, SocketOptions};
use crate::log::LogFormat;

#[derive(clap::Args)]
pub(crate) struct ServeArgs {
    /// The file of settings, in TOML [default: /etc/apply-cookies/apply-cookies.toml, if it exists]
    ///
    /// Each option below can stand in it, as `listen` or, in a section, `api.listen`, and in the
    /// environment, as APPLY_COOKIES_LISTEN or APPLY_COOKIES_API_LISTEN, with commas between several
    /// values. An option goes before the environment, and that before the file.
    #[arg(long, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,
    /// Address to listen on, as in 127.0.0.1:8788, localhost:8788 or unix:/PATH; may be repeated
    ///
    /// `systemd:NAME` takes the sockets of that name (`FileDescriptorName=`) that systemd has
    /// opened, `systemd:` those that no other setting names.
    #[arg(long, value_name = "ADDR")]
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
    #[arg(long, value_name = "ORIGIN", num_args = 1.., value_parser = parse_origin)]
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
    #[arg(long, value_name = "STORE", default_value = "memory")]
    pub(crate) replay: StoreArg,
    /// The longest lifetime of tokens to redeem: up to a day; a longer one is refused as invalid
    ///
    /// The barrier of a sign-out is kept for as long, so the shorter this is, the less room is left
    /// to those who sign out browsers that they make up. Raise it here before longer tokens are made.
    /// Mesop's own tokens live for 60 seconds.
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = parse_lifetime, allow_hyphen_values = true)]
    pub(crate) max_ttl: Lifetime,
    /// Accept http origins outside this machine, where anyone on the network can take over sessions
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub(crate) allow_insecure_http: bool,
    /// File of the secret; in place of APPLY_COOKIES_SECRET_KEY
    #[arg(long, value_name = "PATH")]
    pub(crate) secret_key_file: Option<PathBuf>,
    /// File of older secrets that still verify, one a line; in place of APPLY_COOKIES_PREVIOUS_KEYS
    #[arg(long, value_name = "PATH")]
    pub(crate) previous_keys_file: Option<PathBuf>,
    /// How long requests under way may take once the service is told to stop, as in 10s
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_seconds)]
    pub(crate) shutdown_timeout: u64,
    /// Connections of the public listener at a time; more wait until one ends
    #[arg(long, value_name = "NUMBER", default_value = "10000", value_parser = parse_connections)]
    pub(crate) limits_connections: usize,
    /// What the log is written as
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// Which lines are logged, as in info,apply_cookies=debug; RUST_LOG is read as well
    #[arg(long, value_name = "FILTER", default_value = crate::log::DEFAULT, value_parser = parse_filter)]
    pub(crate) log_filter: String,
    /// Log each request: method, path, status and milliseconds; never a query, body or cookie
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", action = ArgAction::Set)]
    pub(crate) log_requests: bool,
    /// Certificate of the listeners on TCP, in PEM with its chain; needs a build with `tls`
    #[arg(long, value_name = "PATH")]
    pub(crate) tls_cert_file: Option<PathBuf>,
    /// Key of that certificate, in PEM
    #[arg(long, value_name = "PATH")]
    pub(crate) tls_key_file: Option<PathBuf>,
    /// Certificates that sign those of clients of the internal listener, in PEM
    #[arg(long, value_name = "PATH")]
    pub(crate) tls_client_ca_file: Option<PathBuf>,
    /// Address for /metrics alone; without it they are on the internal listener
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics_listen: Option<Listen>,
}

#[cfg(unix)]
impl ServeArgs {
    /// Who may connect to the sockets of `listen`.
    pub(crate) fn socket_options(&self) -> SocketOptions {
        SocketOptions {
            mode: self.socket_mode,
            group: self.socket_group.clone(),
        }
    }

    /// Who may connect to the sockets of `api_listen` and `metrics_listen`.
    pub(crate) fn api_socket_options(&self) -> SocketOptions {
        SocketOptions {
            mode: self.api_socket_mode,
            group: self.api_socket_group.clone(),
        }
    }
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

fn parse_seconds(text: &str) -> Result<u64, &'static str> {
    let number = text.strip_suffix('s').unwrap_or(text);
    let seconds = number
        .parse()
        .ok()
        .filter(|seconds| (1..=3600).contains(seconds));
    seconds.ok_or("must be a whole number of seconds from 1s to 3600s")
}

fn parse_connections(text: &str) -> Result<usize, &'static str> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=1_000_000).contains(number));
    number.ok_or("must be a number from 1 to 1000000")
}

fn parse_filter(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{error}; write it as in info,apply_cookies=debug")),
    }
}
