//! `unix:/PATH` → a socket in the file system.

use std::fmt;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use nix::unistd::{Gid, Group};
use socket2::{Domain, SockAddr, Socket, Type};

use super::tcp::BACKLOG;

/// The path of a socket.
#[derive(Clone, Debug)]
pub(crate) struct SocketFile(PathBuf);

/// Who may connect to a socket.
#[derive(Clone, Debug)]
pub(crate) struct SocketOptions {
    /// The file's mode.
    pub(crate) mode: Mode,
    /// The file's group, by name or number; the process's own unless this is given.
    pub(crate) group: Option<String>,
}

/// The mode of a file, written in octal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mode(u32);

/// A socket's file, until this is dropped.
#[derive(Debug)]
pub(crate) struct Bound {
    path: PathBuf,
    /// Its device and inode: another process may have taken the path since.
    file: Option<(u64, u64)>,
}

impl FromStr for SocketFile {
    type Err = &'static str;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        if path.starts_with('/') && !path.ends_with('/') && !path.contains('\0') {
            Ok(Self(path.into()))
        } else {
            Err("must have an absolute path, as in unix:/run/apply-cookies/api.sock")
        }
    }
}

impl fmt::Display for SocketFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unix:{}", self.0.display())
    }
}

impl FromStr for Mode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
        match u32::from_str_radix(text, 8) {
            Ok(mode) if digits && mode <= 0o777 => Ok(Self(mode)),
            _ => Err("must be a file mode in octal, as in 0660"),
        }
    }
}

impl SocketFile {
    /// Listens. A file that a dead process left behind is replaced; one that somebody listens on,
    /// or that is not a socket, is an error.
    pub(super) fn bind(&self, options: &SocketOptions) -> Result<(UnixListener, Bound), String> {
        let group = options.group.as_deref().map(group).transpose()?;
        // Two processes that start at once must not take each other's file for a dead one's.
        let folder = self.0.parent().unwrap_or_else(|| Path::new("/"));
        let turn = File::open(folder).and_then(|folder| folder.lock().map(|()| folder));
        let listener = self.listen(options.mode, group);
        drop(turn);
        let listener = listener.map_err(|error| format!("cannot listen on {self}: {error}"))?;
        let file = fs::symlink_metadata(&self.0).ok();
        let bound = Bound {
            path: self.0.clone(),
            file: file.map(|file| (file.dev(), file.ino())),
        };
        Ok((listener, bound))
    }

    fn listen(&self, Mode(mode): Mode, group: Option<Gid>) -> io::Result<UnixListener> {
        self.remove_dead()?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.bind(&SockAddr::unix(&self.0)?)?;
        // Before anybody can connect, which is possible only once it listens.
        let ready = (|| {
            if let Some(group) = group {
                chown(&self.0, None, Some(group.as_raw()))?;
            }
            fs::set_permissions(&self.0, Permissions::from_mode(mode))?;
            socket.listen(BACKLOG)
        })();
        if let Err(error) = ready {
            let _ = fs::remove_file(&self.0);
            return Err(error);
        }
        Ok(socket.into())
    }

    /// Removes a socket that nobody listens on.
    fn remove_dead(&self) -> io::Result<()> {
        let there = match fs::symlink_metadata(&self.0) {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if !there.file_type().is_socket() {
            return Err(io::Error::other("there is a file that is not a socket"));
        }
        match UnixStream::connect(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                fs::remove_file(&self.0)
            }
            Ok(_) => Err(io::Error::other("another process listens on it")),
            Err(error) => Err(error),
        }
    }
}

/// A group by its name or number.
fn group(name: &str) -> Result<Gid, String> {
    if let Ok(number) = name.parse() {
        return Ok(Gid::from_raw(number));
    }
    match Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid),
        Ok(None) => Err(format!("the socket's group {name} does not exist")),
        Err(error) => Err(format!("cannot look up the socket's group {name}: {error}")),
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        let now = fs::symlink_metadata(&self.path).ok();
        let now = now.map(|file| (file.dev(), file.ino()));
        if now.is_some() && now == self.file {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal_and_at_most_those_of_files() {
        for (text, mode) in [("0660", 0o660), ("600", 0o600), ("0", 0), ("0777", 0o777)] {
            assert_eq!(text.parse::<Mode>().unwrap().0, mode, "{text}");
        }
        for wrong in ["", "8", "rw", "1777", "00660", "+660", "-1", "0o660"] {
            assert!(wrong.parse::<Mode>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn groups_are_names_or_numbers() {
        assert_eq!(group("0").unwrap(), group("root").unwrap());
        assert!(
            group("no-such-group-here")
                .unwrap_err()
                .contains("no-such-group-here")
        );
    }
}
