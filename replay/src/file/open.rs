//! A path → a store's file, open and locked; created if there is none.
//!
//! A new file gets its content under another name first, and its own name once that is on the disk:
//! so a crash leaves a whole file or none (and perhaps a `.new-…` next to it, which can be
//! removed), and an existing file is never overwritten.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use redb::StorageBackend;
use redb::backends::FileBackend;

use super::journal::OpenError;
use crate::random;

/// The first bytes of every redb file.
const MAGIC: [u8; 9] = *b"redb\x1A\x0A\xA9\x0D\x0A";

/// Opens the store's file, and reads it; a new one gets what `begin` writes.
pub(super) fn open<T>(
    path: &Path,
    begin: impl Fn(LockedFile) -> Result<(), OpenError>,
    read: impl FnOnce(LockedFile) -> Result<T, OpenError>,
) -> Result<(T, Location), OpenError> {
    // A second round if somebody else made the file in the meantime.
    for _ in 0..2 {
        // Opening a pipe would wait until somebody writes to it.
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(OpenError::Foreign);
        }
        match OpenOptions::new().read(true).write(true).open(path) {
            Ok(mut file) => {
                lock(&file)?;
                // It may have been replaced between opening and locking.
                let location = Location::new(path, &file)?;
                location.check()?;
                let mut magic = [0; MAGIC.len()];
                let is_redb = file.read_exact(&mut magic).is_ok() && magic == MAGIC;
                if !is_redb {
                    return Err(OpenError::Foreign);
                }
                make_certain(&file)?;
                // The process that made it may have ended before this.
                sync_folder(path)?;
                let content = read(LockedFile(FileBackend::new(file)?))?;
                return Ok((content, location));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, &begin)?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::Error::from(io::ErrorKind::NotFound).into())
}

/// Where the file was opened. The lock goes with the file and not with the path: once the file is
/// removed or replaced, another process could open a store there, and both would grant the same
/// token.
pub(super) struct Location {
    path: PathBuf,
    #[cfg(unix)]
    file: (u64, u64),
}

impl Location {
    fn new(path: &Path, file: &File) -> io::Result<Self> {
        Ok(Self {
            path: std::path::absolute(path)?,
            #[cfg(unix)]
            file: identity(&file.metadata()?),
        })
    }

    /// An error when the path no longer leads to the file. On systems other than Unix an open file
    /// cannot be removed.
    pub(super) fn check(&self) -> io::Result<()> {
        #[cfg(unix)]
        if !std::fs::metadata(&self.path).is_ok_and(|found| identity(&found) == self.file) {
            return Err(io::Error::other(
                "the file was removed or replaced while it was in use",
            ));
        }
        Ok(())
    }
}

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Makes sure that what is read is on the disk, because answers will depend on it.
///
/// Bytes that were written before a crash but not synced can still be read, so they are synced now.
/// On Linux, bytes that a sync failed to write can be read too, and no later sync writes them, so
/// the copies in memory are dropped and reading starts from the disk.
fn make_certain(file: &File) -> io::Result<()> {
    file.sync_all()?;
    #[cfg(target_os = "linux")]
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?;
    Ok(())
}

fn create(
    path: &Path,
    begin: impl Fn(LockedFile) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    let draft = draft_of(path);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options
        .open(&draft)
        .map_err(OpenError::from)
        .and_then(|file| {
            begin(LockedFile(FileBackend::new(file.try_clone()?)?))?;
            file.sync_all()?;
            // Unlike renaming, this fails if there is a file by now.
            match std::fs::hard_link(&draft, path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
                _ => Ok(()),
            }
        });
    let _ = std::fs::remove_file(&draft);
    made?;
    Ok(sync_folder(path)?)
}

/// Next to the file, because a link cannot cross file systems. A different one each time, so that
/// no other process writes to it.
fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(format!(".new-{:016x}", u64::from_ne_bytes(random::bytes())));
    path.with_file_name(name)
}

/// A file's name is on the disk once its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// One process at a time.
fn lock(file: &File) -> Result<(), OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// A file that is already locked. redb's own lock is not used: it carries on where the file system
/// has no locks, and on some systems it would conflict with this one.
#[derive(Debug)]
pub(super) struct LockedFile(FileBackend);

impl StorageBackend for LockedFile {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
