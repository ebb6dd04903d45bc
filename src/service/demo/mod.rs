//! `demo`.

use super::Refused;
use super::args::DemoArgs;

pub(super) fn run(_args: &DemoArgs) -> Result<(), Refused> {
    Err(Refused("not yet".to_owned()))
}
