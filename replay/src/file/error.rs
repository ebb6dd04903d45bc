//! Errors of opening a file, in words.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::journal::OpenError;

/// The reason why a file cannot serve as a store. Names the path and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileStoreError {
    /// Another process has the file.
    #[error(
        "the store {0} is in use by another process; stop that one first, or give this one its own file"
    )]
    Locked(PathBuf),
    /// The file is something else.
    #[error(
        "{0} is not a store of this kind, and was left as it is; name another path to make a new store there"
    )]
    Foreign(PathBuf),
    /// The file was made by another version of this program.
    #[error(
        "the store {path} has format {found}, which this version does not read; name another path or remove the file (tokens in flight, or all sessions, are then refused, and none works twice), or use the version that made it"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// The number of its format.
        found: u32,
    },
    /// The file cannot be read or written, or is damaged.
    #[error("the store {path} cannot be opened: {reason}")]
    Failed {
        /// The file.
        path: PathBuf,
        /// The message of the system or of redb.
        reason: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl FileStoreError {
    pub(super) fn new(path: &Path, error: OpenError) -> Self {
        let path = path.to_owned();
        match error {
            OpenError::Locked => Self::Locked(path),
            OpenError::Foreign => Self::Foreign(path),
            OpenError::Format(found) => Self::Format { path, found },
            OpenError::Failed(redb::Error::Io(error)) if error.kind() == ErrorKind::NotFound => {
                Self::Failed {
                    path,
                    reason:
                        "its folder does not exist, or it is a link to nowhere; create that first"
                            .into(),
                }
            }
            OpenError::Failed(redb::Error::Io(error)) => Self::Failed {
                path,
                reason: error.into(),
            },
            OpenError::Failed(error) => Self::Failed {
                path,
                reason: error.into(),
            },
        }
    }
}
