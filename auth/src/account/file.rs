//! Accounts in a file, which is read again when it has changed, and in the environment.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use apply_cookies::Clock;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::crowd::Crowd;
use super::list::List;
use super::source::{Account, AccountFuture, AccountSource, Accounts};

/// How often the file is looked at, at most.
const PAUSE_MS: u64 = 1000;

/// The most bytes of the file: some fifty thousand accounts.
const FILE_MAX: u64 = 16 * 1024 * 1024;

impl Accounts {
    /// Accounts in a file in TOML. `apply-cookies password` prints hashes for it; those of werkzeug
    /// are taken too.
    ///
    /// ```toml
    /// ada = "$argon2id$v=19$m=19456,t=2,p=1$…$…"
    ///
    /// [grace]
    /// password = "scrypt:32768:8:1$…$…"
    /// email = "grace@example.com"
    /// name = "Grace Hopper"
    /// roles = ["admin"]
    /// ```
    ///
    /// A changed file is in force a second later. One that cannot be read then, or in which anything
    /// is wrong, is logged once at ERROR, and the accounts stay as they were. Change it by renaming a
    /// complete file over it: of one that is written in place, half may be read.
    ///
    /// # Errors
    ///
    /// When the file cannot be read now, or anything in it is wrong.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, AccountsError> {
        Ok(Self::from_source(FileAccounts::open(
            path.into(),
            Clock::system(),
        )?))
    }

    /// Accounts in a variable of the environment: `name:hash`, one behind the other, with white space
    /// or `;` between them, as in `APP_USERS='ada:scrypt:32768:8:1$…$… grace:$argon2id$…'`. In single
    /// quotation marks, since the shell would replace `$…`.
    ///
    /// # Errors
    ///
    /// When the variable is not set, or anything in it is wrong.
    pub fn from_env(variable: &str) -> Result<Self, AccountsError> {
        let text =
            std::env::var(variable).map_err(|_| AccountsError::Unset(variable.to_owned()))?;
        let list = List::from_words(&text).map_err(|reason| AccountsError::List {
            place: variable.to_owned(),
            reason,
        })?;
        Ok(Self::from_source(Fixed(list)))
    }
}

/// Accounts that do not change.
struct Fixed(List);

impl AccountSource for Fixed {
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>> {
        Box::pin(std::future::ready(Ok(self.0.find(name).cloned())))
    }

    fn crowd(&self) -> Crowd {
        self.0.crowd.clone()
    }
}

struct FileAccounts {
    path: PathBuf,
    clock: Clock,
    list: RwLock<Arc<List>>,
    /// Held by whoever looks at the file; the others go on with what there is.
    watch: Mutex<Watch>,
}

struct Watch {
    next_look: u64,
    /// A digest of the text that the list was made of.
    seen: [u8; 32],
    /// The last error, which is logged once.
    error: Option<String>,
}

impl FileAccounts {
    fn open(path: PathBuf, clock: Clock) -> Result<Self, AccountsError> {
        let text = read(&path)?;
        let list = list(&path, &text)?;
        let watch = Watch {
            next_look: clock.now().get() + PAUSE_MS,
            seen: Sha256::digest(&*text).into(),
            error: None,
        };
        Ok(Self {
            path,
            clock,
            list: RwLock::new(Arc::new(list)),
            watch: Mutex::new(watch),
        })
    }

    /// What the file says, at most a second ago.
    fn list(&self) -> Arc<List> {
        if let Ok(mut watch) = self.watch.try_lock() {
            let now = self.clock.now().get();
            // The second: a clock that was set back.
            if now >= watch.next_look || watch.next_look > now + PAUSE_MS {
                watch.next_look = now + PAUSE_MS;
                self.look(&mut watch);
            }
        }
        self.list
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn look(&self, watch: &mut Watch) {
        // The text itself: a file system's time and length do not show every change.
        let looked = read(&self.path).and_then(|text| {
            let seen = Sha256::digest(&*text).into();
            if seen != watch.seen {
                let list = Arc::new(list(&self.path, &text)?);
                *self.list.write().unwrap_or_else(PoisonError::into_inner) = list;
                watch.seen = seen;
            }
            Ok(())
        });
        let error = looked.err().map(|error| error.to_string());
        if error == watch.error {
            return;
        }
        if let Some(error) = &error {
            tracing::error!(%error, "the accounts stay as they were");
        } else {
            tracing::info!("the accounts file can be read again");
        }
        watch.error = error;
    }
}

impl AccountSource for FileAccounts {
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>> {
        Box::pin(std::future::ready(Ok(self.list().find(name).cloned())))
    }

    fn crowd(&self) -> Crowd {
        self.list().crowd.clone()
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, AccountsError> {
    let failed = |error| AccountsError::File {
        path: path.to_owned(),
        error,
    };
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).map_err(failed)?;
    let length = file
        .take(FILE_MAX + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if length as u64 > FILE_MAX {
        return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
    }
    Ok(text)
}

fn list(path: &Path, text: &str) -> Result<List, AccountsError> {
    List::from_toml(text).map_err(|reason| AccountsError::List {
        place: path.display().to_string(),
        reason,
    })
}

/// Why there are no accounts.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// The file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// Something in the list is wrong.
    #[error("{place}: {reason}")]
    List {
        /// The file or the variable.
        place: String,
        /// What, without a hash.
        reason: String,
    },
    /// The variable is not set, or is not text.
    #[error(
        "set {0} to the accounts, as in `ada:HASH grace:HASH`; `apply-cookies password` makes hashes"
    )]
    Unset(String),
}

apply_cookies::debug_as_text!(AccountsError);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use apply_cookies::UnixMillis;

    use super::*;
    use crate::account::hash::PasswordHash;
    use crate::account::parameters::Parameters;

    struct Rig {
        path: PathBuf,
        now: Arc<AtomicU64>,
        accounts: FileAccounts,
    }

    fn hash() -> String {
        PasswordHash::dummy(Parameters::NEW).to_text()
    }

    impl Rig {
        fn new(name: &str) -> Self {
            let folder =
                std::env::temp_dir().join(format!("apply-cookies-auth-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let path = folder.join(name);
            std::fs::write(&path, format!("ada = '{}'", hash())).unwrap();
            let now = Arc::new(AtomicU64::new(1_795_000_000_000));
            let clock = now.clone();
            let clock =
                Clock::from_fn(move || UnixMillis::new(clock.load(Ordering::Relaxed)).unwrap());
            let accounts = FileAccounts::open(path.clone(), clock).unwrap();
            Self {
                path,
                now,
                accounts,
            }
        }

        fn write(&self, text: &str) {
            let draft = self.path.with_extension("new");
            std::fs::write(&draft, text).unwrap();
            std::fs::rename(draft, &self.path).unwrap();
        }

        fn pass(&self, millis: u64) {
            self.now.fetch_add(millis, Ordering::Relaxed);
        }

        fn knows(&self, name: &str) -> bool {
            self.accounts.list().find(name).is_some()
        }
    }

    impl Drop for Rig {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    #[test]
    fn a_changed_file_is_in_force_after_a_second() {
        let rig = Rig::new("changed.toml");
        rig.write(&format!("grace = '{}'\nalan = '{}'", hash(), hash()));
        rig.pass(999);
        assert!(rig.knows("ada"), "looked at more than once a second");
        rig.pass(1);
        assert!(!rig.knows("ada") && rig.knows("grace") && rig.knows("alan"));
    }

    #[test]
    fn a_broken_or_missing_file_leaves_the_accounts_as_they_were_and_is_noted_once() {
        let rig = Rig::new("broken.toml");
        let error = || rig.accounts.watch.lock().unwrap().error.clone();
        for (text, expected) in [
            ("ada = 'hunter2'", "account ada: not a hash"),
            ("", "it contains no account"),
            ("ada = ", "line 1 is not TOML"),
        ] {
            rig.write(text);
            rig.pass(1000);
            assert!(rig.knows("ada"));
            let noted = error().unwrap();
            assert!(
                noted.contains(expected) && !noted.contains("hunter2"),
                "{noted}"
            );
        }
        std::fs::remove_file(&rig.path).unwrap();
        rig.pass(1000);
        assert!(rig.knows("ada"));
        assert!(error().unwrap().contains("cannot read"));
        rig.write(&format!("grace = '{}'", hash()));
        rig.pass(1000);
        assert!(rig.knows("grace") && !rig.knows("ada"));
        assert_eq!(error(), None);
    }

    /// Within one step of the file system's time, and of the same length.
    #[test]
    fn a_change_that_leaves_no_sign_is_seen() {
        let rig = Rig::new("unmarked.toml");
        let written = std::fs::metadata(&rig.path).unwrap().modified().unwrap();
        assert!(rig.knows("ada"));
        std::fs::write(&rig.path, format!("eve = '{}'", hash())).unwrap();
        let file = File::options().write(true).open(&rig.path).unwrap();
        file.set_modified(written).unwrap();
        rig.pass(1000);
        assert!(rig.knows("eve"));
    }

    #[test]
    fn a_file_that_is_wrong_from_the_start_is_refused_with_its_name() {
        let rig = Rig::new("refused.toml");
        rig.write("[ada]\npasword = ''");
        let error = Accounts::from_file(&rig.path).unwrap_err().to_string();
        assert!(
            error.contains("refused.toml: account ada: write ada = \"HASH\""),
            "{error}"
        );
        let error = Accounts::from_env("APPLY_COOKIES_NOT_SET")
            .unwrap_err()
            .to_string();
        assert!(error.contains("set APPLY_COOKIES_NOT_SET"), "{error}");
    }
}
