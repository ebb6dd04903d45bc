//! The vault in a folder: what a restart, a kill, another process and a wrong folder must not do.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::vault::has_bounds_and_one_lease;
use super::*;
use crate::oidc::{FileVault, FileVaultError, Vault, VaultId};

/// A folder for a vault, not yet made. Removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let name = format!("vault-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn open(&self) -> Result<FileVault, FileVaultError> {
        FileVault::open(&self.0, 100)
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn id(byte: u8) -> VaultId {
    VaultId([byte; 16])
}

async fn store(vault: &FileVault, byte: u8, until: u64) {
    let stored = vault.store(id(byte), vec![byte; 500], at(NOW), at(until));
    stored.await.unwrap();
}

async fn load(vault: &FileVault, byte: u8) -> Option<Vec<u8>> {
    vault.load(id(byte), at(NOW)).await.unwrap()
}

/// The name of the file of an entry.
fn file(byte: u8) -> String {
    format!("{byte:02x}").repeat(16)
}

#[tokio::test]
async fn it_has_the_bounds_and_leases_of_the_one_in_memory() {
    let folder = Folder::new();
    has_bounds_and_one_lease(&FileVault::open(&folder.0, 2).unwrap()).await;
}

#[tokio::test]
async fn a_restart_finds_what_was_stored_and_nothing_of_what_was_removed() {
    let folder = Folder::new();
    let vault = folder.open().unwrap();
    for byte in [1, 2, 3] {
        store(&vault, byte, NOW + 60).await;
    }
    vault.remove(id(1)).await.unwrap();
    assert!(vault.lease(id(2), at(NOW), at(NOW + 15)).await.unwrap());
    let replaced = vault.replace(id(3), vec![9], at(NOW), at(NOW + 30));
    assert!(replaced.await.unwrap());
    drop(vault);
    // A process may have ended while it was writing.
    fs::write(folder.0.join("new"), "half").unwrap();

    let vault = folder.open().unwrap();
    assert_eq!(folder.files(), [file(2), file(3), "lock".to_owned()]);
    assert_eq!(load(&vault, 1).await, None);
    assert_eq!(load(&vault, 2).await, Some(vec![2; 500]));
    assert_eq!(load(&vault, 3).await, Some(vec![9]));
    // Whoever had the lease is gone.
    assert!(vault.lease(id(2), at(NOW), at(NOW + 15)).await.unwrap());
    assert_eq!(vault.load(id(3), at(NOW + 30)).await.unwrap(), None);
    // The next one takes those away whose time is over.
    let later = vault.store(id(4), vec![4], at(NOW + 30), at(NOW + 90));
    later.await.unwrap();
    assert_eq!(
        folder.files(),
        [file(2), file(4), "lock".to_owned()],
        "after 30 s"
    );
}

#[tokio::test]
async fn entries_that_a_restart_found_count() {
    let folder = Folder::new();
    store(&folder.open().unwrap(), 1, NOW + 60).await;
    let vault = FileVault::open(&folder.0, 1).unwrap();
    let full = vault.store(id(2), vec![2], at(NOW), at(NOW + 60)).await;
    let why = full.unwrap_err().to_string();
    assert!(why.contains("full"), "{why}");
    assert_eq!(folder.files(), [file(1), "lock".to_owned()]);
}

#[tokio::test]
async fn one_process_at_a_time_has_it() {
    let folder = Folder::new();
    let vault = folder.open().unwrap();
    let refused = folder.open().unwrap_err();
    assert!(matches!(refused, FileVaultError::Locked(_)), "{refused}");
    drop(vault);
    folder.open().unwrap();
}

#[tokio::test]
async fn a_folder_of_something_else_is_left_as_it_was() {
    let folder = Folder::new();
    fs::create_dir(&folder.0).unwrap();
    fs::write(folder.0.join("photo"), "me").unwrap();
    let inside = FileVault::open(folder.0.join("photo"), 9).unwrap_err();
    for refused in [folder.open().unwrap_err(), inside] {
        assert!(matches!(refused, FileVaultError::Foreign(_)), "{refused}");
    }
    assert_eq!(folder.files(), ["photo"]);
    let nowhere = FileVault::open(folder.0.join("no/vault"), 9).unwrap_err();
    assert!(
        matches!(nowhere, FileVaultError::Failed { .. }),
        "{nowhere}"
    );
    // Of a program that has a lock of the same name.
    for (name, content) in [("lock", ""), ("new", "my letters"), ("lock", "4711\n")] {
        fs::write(folder.0.join(name), content).unwrap();
        let refused = folder.open().unwrap_err();
        assert!(matches!(refused, FileVaultError::Foreign(_)), "{refused}");
        assert_eq!(fs::read(folder.0.join(name)).unwrap(), content.as_bytes());
    }
    assert_eq!(folder.files(), ["lock", "new", "photo"]);
    for name in ["new", "photo"] {
        fs::remove_file(folder.0.join(name)).unwrap();
    }
    // As after a crash in the moment in which it was made.
    fs::write(folder.0.join("lock"), "").unwrap();
    store(&folder.open().unwrap(), 1, NOW + 60).await;
    assert_eq!(load(&folder.open().unwrap(), 1).await, Some(vec![1; 500]));
}

#[tokio::test]
async fn a_damaged_entry_is_named_and_left_as_it_was() {
    let folder = Folder::new();
    for content in [&b"\x01short"[..], b"\x02of another format"] {
        store(&folder.open().unwrap(), 1, NOW + 60).await;
        fs::write(folder.0.join(file(1)), content).unwrap();
        let refused = folder.open().unwrap_err();
        assert!(refused.to_string().contains(&file(1)), "{refused}");
        assert_eq!(fs::read(folder.0.join(file(1))).unwrap(), content);
        fs::remove_file(folder.0.join(file(1))).unwrap();
    }
}

#[tokio::test]
async fn an_entry_that_somebody_has_deleted_is_gone_and_the_vault_goes_on() {
    let folder = Folder::new();
    let vault = folder.open().unwrap();
    store(&vault, 1, NOW + 60).await;
    store(&vault, 2, NOW + 60).await;
    fs::remove_file(folder.0.join(file(1))).unwrap();
    assert_eq!(load(&vault, 1).await, None);
    assert_eq!(load(&vault, 2).await, Some(vec![2; 500]));
    vault.remove(id(1)).await.unwrap();
    store(&vault, 1, NOW + 60).await;
    assert_eq!(load(&vault, 1).await, Some(vec![1; 500]));
}

#[cfg(unix)]
#[tokio::test]
async fn its_owner_alone_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    store(&folder.open().unwrap(), 1, NOW + 60).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.0), 0o700);
    for name in folder.files() {
        assert_eq!(mode(&folder.0.join(name)), 0o600);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn one_that_was_moved_away_is_written_no_more() {
    let (folder, elsewhere) = (Folder::new(), Folder::new());
    let vault = folder.open().unwrap();
    store(&vault, 1, NOW + 60).await;
    fs::rename(&folder.0, &elsewhere.0).unwrap();
    // As another process may by now.
    let other = folder.open().unwrap();
    let refused = vault.store(id(2), vec![2], at(NOW), at(NOW + 60)).await;
    assert!(refused.unwrap_err().to_string().contains("replaced"));
    let refused = vault.replace(id(1), vec![2], at(NOW), at(NOW + 60)).await;
    assert!(refused.is_err());
    drop(other);
    assert_eq!(folder.files(), ["lock"]);
}

/// Also the program that the next test kills: it replaces one entry after the other, without an end, and
/// says so after each.
#[tokio::test]
async fn what_is_replaced_is_what_is_loaded() {
    let own = Folder::new();
    let path = std::env::var_os("REPLACE_IN").map_or_else(|| own.0.clone(), PathBuf::from);
    let killed = std::env::var_os("REPLACE_IN").is_some();
    let vault = FileVault::open(path, 100).unwrap();
    for turn in 0_u64.. {
        for byte in 0..3 {
            let content = turn.to_be_bytes().repeat(25_000);
            let stored = vault.store(id(byte), content.clone(), at(NOW), at(NOW + 60));
            stored.await.unwrap();
            assert_eq!(load(&vault, byte).await, Some(content));
        }
        println!("replaced {turn}");
        if !killed && turn == 3 {
            break;
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_kill_leaves_each_entry_as_it_was_or_as_it_became() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let folder = Folder::new();
    let program = "oidc::tests::file_vault::what_is_replaced_is_what_is_loaded";
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", program, "--nocapture"])
            .env("REPLACE_IN", &folder.0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The harness's own words may be in front.
        let said = |line: String| Some(line.split_once("replaced ")?.1.parse::<u64>().unwrap());
        let first = lines.by_ref().map_while(Result::ok).find_map(said);
        assert_eq!(first, Some(0));
        // Somewhere in the middle of a turn.
        std::thread::sleep(Duration::from_micros(700 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let last = lines.map_while(Result::ok).filter_map(said).last();
        let last = last.unwrap_or(0);

        let vault = folder.open().unwrap();
        for byte in 0..3 {
            let kept = load(&vault, byte).await.unwrap();
            let turn = u64::from_be_bytes(kept[..8].try_into().unwrap());
            assert!((last..=last + 1).contains(&turn), "{turn} after {last}");
            assert_eq!(kept, turn.to_be_bytes().repeat(25_000));
        }
    }
}
