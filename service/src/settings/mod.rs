//! The settings of the service: flag, then environment, then file, then default.

mod source;

mod file;

mod resolve;

mod secrets;

mod show;

pub(crate) use self::resolve::{Found, Resolved, resolve};
pub(crate) use self::secrets::secrets;
pub(crate) use self::show::{check, print, report};
