//! The tokens of providers in a folder: one file for each session, for one process.
//!
//! A file gets its content under another name first, and its own name once that content is on the disk: so a
//! crash leaves the entry of before or the one of after, and never a half. Leases are in memory, for whoever
//! had one has ended with the process.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apply_cookies::UnixMillis;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::vault::{Vault, VaultFuture, VaultId, VaultUnavailable};

/// The file whose lock belongs to the process that has the vault.
const LOCK: &str = "lock";
/// What is in it: other programs call theirs the same.
const MARK: &[u8] = b"apply-cookies vault\n";
/// The name of an entry that is being written.
const DRAFT: &str = "new";
/// What each entry begins with, before the end of its time and what is sealed.
const FORMAT: u8 = 1;
const HEAD: usize = 1 + size_of::<u64>();

/// A vault in a folder, for one process on one machine: a restart, a crash or a power loss takes nobody's
/// tokens.
///
/// ```no_run
/// use apply_cookies_auth::FileVault;
///
/// let vault = FileVault::open("/var/lib/app/tokens", 10_000)?;
/// # Ok::<(), apply_cookies_auth::FileVaultError>(())
/// ```
///
/// An entry is answered when it is on the disk, one after the other, which takes a few milliseconds each.
/// Entries whose time is over are removed when the next one is stored.
pub struct FileVault(Arc<Mutex<Folder>>);

impl FileVault {
    /// Opens the vault in this folder, for at most this many sessions. The folder is made if it does not exist, and
    /// only its owner may read it; the one around it must exist. A full vault keeps no tokens of the next
    /// sign-ins, as [`MemoryVault`](super::MemoryVault) does.
    ///
    /// Reads the head of each entry: call it before the server starts.
    ///
    /// # Errors
    ///
    /// When another process has the vault, the folder is something else or has a damaged entry, or it cannot
    /// be read or written. What is in it is left as it is.
    pub fn open(path: impl AsRef<Path>, capacity: usize) -> Result<Self, FileVaultError> {
        let folder = Folder::open(path.as_ref(), capacity)?;
        let entries = folder.entries.len();
        tracing::info!(path = %folder.path.display(), entries, "vault opened");
        Ok(Self(Arc::new(Mutex::new(folder))))
    }

    /// Does one thing after the other, on a thread that may wait for the disk. What has begun is finished,
    /// also if nobody waits for it any more.
    fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Folder) -> Result<T, VaultUnavailable> + Send + 'static,
    ) -> VaultFuture<'_, T> {
        Box::pin(async move {
            let mut folder = self.0.clone().lock_owned().await;
            let acted = spawn_blocking(move || act(&mut folder)).await;
            acted.unwrap_or_else(|_| Err(VaultUnavailable::new("the vault was cut off")))
        })
    }
}

impl Vault for FileVault {
    fn load(&self, id: VaultId, now: UnixMillis) -> VaultFuture<'_, Option<Vec<u8>>> {
        self.act(move |folder| {
            if !folder.has(id, now) {
                return Ok(None);
            }
            let mut content = match fs::read(folder.file_of(id)) {
                // Somebody has tidied up: these tokens will not come back.
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                read => read?,
            };
            // Checked when it was opened, or written by us.
            Ok((content.len() >= HEAD).then(|| content.split_off(HEAD)))
        })
    }

    fn store(
        &self,
        id: VaultId,
        sealed: Vec<u8>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> VaultFuture<'_, ()> {
        self.act(move |folder| {
            folder.remove_expired(now)?;
            if folder.entries.len() >= folder.capacity && !folder.entries.contains_key(&id) {
                return Err(VaultUnavailable::new("the vault in its folder is full"));
            }
            Ok(folder.write(id, &sealed, until)?)
        })
    }

    fn replace(
        &self,
        id: VaultId,
        sealed: Vec<u8>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> VaultFuture<'_, bool> {
        self.act(move |folder| {
            let is_there = folder.has(id, now);
            if is_there {
                folder.write(id, &sealed, until)?;
            }
            Ok(is_there)
        })
    }

    fn remove(&self, id: VaultId) -> VaultFuture<'_, ()> {
        self.act(move |folder| {
            if folder.entries.contains_key(&id) {
                folder.remove(id)?;
                folder.sync()?;
            }
            Ok(())
        })
    }

    fn lease(&self, id: VaultId, now: UnixMillis, until: UnixMillis) -> VaultFuture<'_, bool> {
        self.act(move |folder| {
            let free = folder
                .entries
                .get_mut(&id)
                .filter(|times| times.leased <= now);
            Ok(free.map(|times| times.leased = until).is_some())
        })
    }
}

impl fmt::Debug for FileVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileVault(..)")
    }
}

impl From<io::Error> for VaultUnavailable {
    fn from(error: io::Error) -> Self {
        Self::new(format!("the vault in its folder: {error}"))
    }
}

/// The folder, and what is in it: only this process changes it.
struct Folder {
    path: PathBuf,
    lock: File,
    capacity: usize,
    entries: HashMap<VaultId, Times>,
}

/// Until when an entry is kept, and leased.
struct Times {
    kept: UnixMillis,
    leased: UnixMillis,
}

impl Folder {
    fn open(path: &Path, capacity: usize) -> Result<Self, FileVaultError> {
        let failed = |reason| FileVaultError::Failed {
            path: path.to_owned(),
            reason,
        };
        // The program may go to another folder.
        let path = &std::path::absolute(path).map_err(failed)?;
        make(path).map_err(failed)?;
        let lock = path.join(LOCK);
        if !path.is_dir() || !lock.exists() && !is_empty(path).map_err(failed)? {
            return Err(FileVaultError::Foreign(path.clone()));
        }
        let mut lock = options().open(lock).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FileVaultError::Locked(path.clone())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        if !mark(path, &mut lock).map_err(failed)? {
            return Err(FileVaultError::Foreign(path.clone()));
        }
        let mut entries = HashMap::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if let Some(id) = entry.file_name().to_str().and_then(id_of) {
                let until = until(&entry.path()).map_err(failed)?;
                let kept = until.ok_or_else(|| FileVaultError::Damaged(entry.path()))?;
                entries.insert(id, Times::new(kept));
            }
        }
        let folder = Self {
            path: path.clone(),
            lock,
            capacity,
            entries,
        };
        // The process before may have ended between two steps.
        remove(&path.join(DRAFT)).map_err(failed)?;
        folder.sync().map_err(failed)?;
        Ok(folder)
    }

    fn file_of(&self, id: VaultId) -> PathBuf {
        self.path
            .join(format!("{:032x}", u128::from_be_bytes(id.0)))
    }

    /// Whether there is an entry whose time has not passed.
    fn has(&self, id: VaultId, now: UnixMillis) -> bool {
        self.entries.get(&id).is_some_and(|times| now < times.kept)
    }

    /// Puts an entry in place of what is there, and ends its lease.
    fn write(&mut self, id: VaultId, sealed: &[u8], until: UnixMillis) -> io::Result<()> {
        self.check()?;
        let draft = self.path.join(DRAFT);
        let mut file = options().truncate(true).open(&draft)?;
        let head = [&[FORMAT][..], &until.get().to_be_bytes()].concat();
        file.write_all(&head)?;
        file.write_all(sealed)?;
        file.sync_all()?;
        fs::rename(&draft, self.file_of(id))?;
        self.entries.insert(id, Times::new(until));
        self.sync()
    }

    fn remove(&mut self, id: VaultId) -> io::Result<()> {
        self.check()?;
        remove(&self.file_of(id))?;
        self.entries.remove(&id);
        Ok(())
    }

    fn remove_expired(&mut self, now: UnixMillis) -> io::Result<()> {
        let over = |(id, times): (&VaultId, &Times)| (times.kept <= now).then_some(*id);
        let over: Vec<_> = self.entries.iter().filter_map(over).collect();
        over.into_iter().try_for_each(|id| self.remove(id))
    }

    /// The lock goes with its file and not with the path: if the folder was replaced, another process may
    /// have a vault there by now.
    fn check(&self) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let own = self.lock.metadata()?;
            let there = fs::metadata(self.path.join(LOCK))?;
            if (own.dev(), own.ino()) != (there.dev(), there.ino()) {
                return Err(io::Error::other("it was replaced while it was in use"));
            }
        }
        Ok(())
    }

    /// Names are on the disk once the folder is.
    fn sync(&self) -> io::Result<()> {
        sync(&self.path)
    }
}

impl Times {
    const fn new(kept: UnixMillis) -> Self {
        Self {
            kept,
            leased: UnixMillis::EPOCH,
        }
    }
}

/// Makes the folder, if there is none.
fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => path.parent().map_or(Ok(()), sync),
    }
}

/// Whether the folder is a vault by what its lock says. A new one becomes a vault, also if a process has
/// ended before it could say so.
fn mark(path: &Path, lock: &mut File) -> io::Result<bool> {
    let mut content = Vec::new();
    lock.take(64).read_to_end(&mut content)?;
    let is_new = content.is_empty() && fs::read_dir(path)?.count() == 1;
    if is_new {
        lock.write_all(MARK)?;
        lock.sync_all()?;
    }
    Ok(is_new || content == MARK)
}

fn is_empty(path: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(path)?.next().is_none())
}

fn sync(folder: &Path) -> io::Result<()> {
    // On other systems a folder cannot be opened.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Of files that only their owner may read.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The entry that a file of this name contains.
fn id_of(name: &str) -> Option<VaultId> {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_name = name.len() == 32 && name.bytes().all(is_digit);
    let id = is_name.then(|| u128::from_str_radix(name, 16).ok())??;
    Some(VaultId(id.to_be_bytes()))
}

/// Until when the entry in this file is kept, if it is one.
fn until(file: &Path) -> io::Result<Option<UnixMillis>> {
    let mut head = [0; HEAD];
    match File::open(file)?.read_exact(&mut head) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let [format, until @ ..] = head;
    Ok((format == FORMAT).then(|| UnixMillis::EPOCH.plus(u64::from_be_bytes(until))))
}

/// Why a folder cannot serve as a vault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileVaultError {
    /// Another process has the folder.
    #[error(
        "the vault {0} is in use by another process; stop that one first, or give this one its own folder"
    )]
    Locked(PathBuf),
    /// The folder has other files in it, or is not a folder.
    #[error(
        "{0} is not a vault, and was left as it is; name an empty folder, or one that does not exist"
    )]
    Foreign(PathBuf),
    /// A file in it is damaged, or was written by another version.
    #[error(
        "{0} is not an entry that this version of the vault reads; remove it (one person has to sign in again for their tokens), or use the version that wrote it"
    )]
    Damaged(PathBuf),
    /// It cannot be read or written.
    #[error("the vault {path} cannot be opened: {reason}")]
    Failed {
        /// The folder.
        path: PathBuf,
        /// The message of the system.
        #[source]
        reason: io::Error,
    },
}
