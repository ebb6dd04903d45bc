//! The command line, and its tools.

pub(crate) mod args;
mod assertion;
mod auth0;
mod conformance;
mod cookie;
pub(crate) mod healthcheck;
mod inspect;
pub(crate) mod lines;
mod mesop;
mod mint;
mod password;
mod replay;
mod report;
mod set_cookie;
mod streamlit;
mod why;

use apply_cookies::Secrets;

use self::args::cookie::CookieCommand;
use self::args::secrets::SecretsCommand;
use self::args::tools::Tool;
use crate::refused::Refused;

/// Runs a tool. Each works in either profile.
pub(crate) fn run(tool: &Tool) -> Result<(), Refused> {
    match tool {
        Tool::Keygen => lines::print(&Secrets::generate()),
        Tool::Password => password::run(),
        Tool::Assertion(args) => assertion::run(args),
        Tool::Mint(args) if args.profile.is_mesop() => mesop::mint(args),
        Tool::Mint(args) => mint::run(args),
        Tool::Inspect(args) if args.profile.is_mesop() => mesop::inspect(args),
        Tool::Inspect(args) => inspect::run(args),
        Tool::Cookie(CookieCommand::Encode(args)) => cookie::encode(args),
        Tool::Cookie(CookieCommand::Decode(args)) => cookie::decode(args),
        Tool::SetCookie(args) => set_cookie::run(args),
        Tool::Conformance(args) => conformance::run(args),
        Tool::Replay(command) => replay::run(command),
        Tool::Auth0(command) => auth0::run(command),
        Tool::Secrets(SecretsCommand::Streamlit(args)) => streamlit::run(args),
    }
}
