//! Sockets that systemd has opened for this process.

#[cfg(unix)]
use listenfd::ListenFd;

#[cfg(unix)]
use super::listener::Listener;
use super::place::Listen;

/// The sockets of `LISTEN_FDS`, each until it is taken.
#[cfg(unix)]
pub(crate) struct Inherited {
    sockets: ListenFd,
    /// Their names (`FileDescriptorName=`, or the unit's own), in the same order.
    names: Vec<String>,
    /// Those that a setting names, which `systemd:` alone leaves to it.
    named: Vec<String>,
}

#[cfg(unix)]
impl Inherited {
    /// Looks what there is. `settings` are all that name sockets.
    pub(crate) fn look<'a>(settings: impl Iterator<Item = &'a Listen>) -> Self {
        let listed = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        Self {
            names: listed.split(':').map(str::to_owned).collect(),
            sockets: ListenFd::from_env(),
            named: settings
                .filter_map(|listen| match listen {
                    Listen::Systemd(name) if !name.is_empty() => Some(name.clone()),
                    _ => None,
                })
                .collect(),
        }
    }

    /// The sockets of this name; those that no setting names if it is empty.
    pub(super) fn take(&mut self, name: &str) -> Result<Vec<Listener>, String> {
        let mut taken = Vec::new();
        for at in 0..self.sockets.len() {
            let its = self.names.get(at).map_or("", String::as_str);
            let meant = if name.is_empty() {
                !self.named.iter().any(|named| named == its)
            } else {
                its == name
            };
            if meant {
                taken.extend(self.socket(at).map_err(|error| {
                    format!("cannot listen on systemd:{name}: {error}; it must be a stream socket")
                })?);
            }
        }
        if taken.is_empty() {
            return Err(format!(
                "systemd has passed no socket for systemd:{name}; start this by its .socket unit"
            ));
        }
        Ok(taken)
    }

    fn socket(&mut self, at: usize) -> std::io::Result<Option<Listener>> {
        if let Ok(Some(listener)) = self.sockets.take_tcp_listener(at) {
            return Ok(Some(Listener::Tcp(listener)));
        }
        let listener = self.sockets.take_unix_listener(at)?;
        Ok(listener.map(|listener| Listener::Unix(listener, None)))
    }
}

/// There are none.
#[cfg(not(unix))]
pub(crate) struct Inherited;

#[cfg(not(unix))]
impl Inherited {
    pub(crate) fn look<'a>(_: impl Iterator<Item = &'a Listen>) -> Self {
        Self
    }
}
