//! The addresses of settings → sockets that listen.

mod tcp;
#[cfg(unix)]
mod unix;

mod place;

mod listener;

mod inherited;

mod open;

pub(crate) use self::inherited::Inherited;
pub(crate) use self::listener::Listener;
pub(crate) use self::open::open;
pub(crate) use self::place::Listen;
pub(crate) use self::tcp::Host;
#[cfg(unix)]
pub(crate) use self::unix::{Mode, SocketOptions};
