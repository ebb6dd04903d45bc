//! Folders of servers.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::program::{User, run, short};

/// Removed with its value. It is outside of the workspace, where Postgres may have no rights: it runs
/// as another user.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// In memory if there is room: a Postgres begins with a copy of a thousand files, which takes
    /// seconds on a slow disk. What a killed process wrote is there in any case. `TMPDIR` sets
    /// another place, as a measurement should.
    pub fn new(kind: &str) -> Self {
        Self::within(&PLACES.fast, kind)
    }

    /// In the system's temporary folder, from which libraries can be loaded.
    pub fn on_disk(kind: &str) -> Self {
        Self::within(&PLACES.disk, kind)
    }

    fn within(place: &Path, kind: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = place.join(format!("{kind}-{number}"));
        make(&path);
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The parents of all folders of this process.
struct Places {
    fast: PathBuf,
    disk: PathBuf,
    /// Removes them when its input ends, which is when this process ends in whatever way: statics
    /// are not dropped, and a killed process drops nothing.
    remover: Child,
}

static PLACES: LazyLock<Places> = LazyLock::new(|| {
    let disk = place(&std::env::temp_dir());
    let fast = if std::env::var_os("TMPDIR").is_none() && has_room(MEMORY) {
        place(MEMORY.as_ref())
    } else {
        disk.clone()
    };
    // A killed Postgres leaves a segment of shared memory, whose number is in its lock file. And
    // servers may still be writing when their starter is gone.
    let script = r#"trap "" HUP INT TERM; cat
        sed -sn 7p "$1"/*/data/postmaster.pid | while read key id; do ipcrm -m "$id"; done
        for try in 1 2 3 4 5; do rm -rf "$@" && exit; sleep 1; done"#;
    let remover = Command::new("sh")
        .args(["-c", script, "remover"])
        .args([&fast, &disk])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Places {
        fast,
        disk,
        remover: remover.unwrap(),
    }
});

const MEMORY: &str = "/dev/shm";

/// Two gigabytes: containers often have 64 MB there.
fn has_room(folder: &str) -> bool {
    let mut df = short("df", User::Own);
    let answer = run(df.args(["-k", "--output=avail", folder]), "");
    let free = answer
        .ok()
        .and_then(|text| text.lines().last()?.trim().parse().ok());
    free.is_some_and(|free: u64| free > 2_000_000)
}

fn place(parent: &Path) -> PathBuf {
    let name = format!("apply-cookies-servers-{}", std::process::id());
    let mut place = parent.join(name);
    while place.exists() {
        // Of an earlier process of this id, whose servers are still ending.
        place.as_mut_os_string().push("-");
    }
    make(&place);
    place
}

/// Everybody may enter it, whatever the umask.
fn make(path: &Path) {
    std::fs::create_dir(path).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}
