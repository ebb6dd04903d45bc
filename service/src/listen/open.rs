//! All addresses of a setting → their sockets.

use super::inherited::Inherited;
use super::listener::Listener;
use super::place::Listen;
#[cfg(unix)]
use super::unix::SocketOptions;

/// Opens all of these, or none.
///
/// # Errors
///
/// Says which address cannot be had, and why.
pub(crate) fn open(
    places: &[Listen],
    #[cfg(unix)] options: &SocketOptions,
    inherited: &mut Inherited,
) -> Result<Vec<Listener>, String> {
    let mut listeners = Vec::new();
    for place in places {
        match place {
            Listen::Host(host) => listeners.extend(host.bind()?.into_iter().map(Listener::Tcp)),
            #[cfg(unix)]
            Listen::Unix(file) => {
                let (listener, bound) = file.bind(options)?;
                listeners.push(Listener::Unix(listener, Some(bound)));
            }
            #[cfg(unix)]
            Listen::Systemd(name) => listeners.extend(inherited.take(name)?),
        }
    }
    #[cfg(not(unix))]
    let _ = inherited;
    Ok(listeners)
}
