//! A wall clock for servers, which a test sets.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, LazyLock};

use super::folder::Folder;
use super::program::{User, find, run, short};

/// The clock of the servers that are started with it. Clones are the same clock; several servers may
/// have one. What a server measures by a monotonic clock goes on as ever.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    folder: Folder,
    file: File,
}

impl Clock {
    /// The real time, until it is set.
    pub fn new() -> Self {
        let folder = Folder::new("clock");
        let file = File::create(folder.path().join("hands")).unwrap();
        let clock = Self(Arc::new(Hands { folder, file }));
        clock.shift(0);
        clock
    }

    /// From now on the real time and this many milliseconds.
    pub fn shift(&self, millis: i64) {
        self.write(millis << 1);
    }

    /// From now on this, in milliseconds since 1970. What waits for a wall clock then waits for
    /// ever: a statement's timeout in Postgres, a failover in Redis.
    pub fn freeze_at(&self, millis: u64) {
        self.write(i64::try_from(millis).unwrap() << 1 | 1);
    }

    fn write(&self, word: i64) {
        let word = word.to_ne_bytes();
        self.0.file.write_all_at(&[word, word].concat(), 0).unwrap();
    }

    /// Gives it to a program.
    pub fn set_on(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &*LIBRARY.1).env(
            "APPLY_COOKIES_TEST_CLOCK",
            self.0.folder.path().join("hands"),
        );
    }
}

static LIBRARY: LazyLock<(Folder, PathBuf)> = LazyLock::new(|| {
    let folder = Folder::on_disk("library");
    let library = folder.path().join("clock.so");
    let mut cc = short(find("cc", "CC", "gcc"), User::Own);
    cc.args(["-x", "c", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"])
        .args(["-shared", "-fPIC", "-o"])
        .args([library.as_os_str(), "-".as_ref()]);
    run(&mut cc, include_str!("clock.c")).unwrap();
    (folder, library)
});
