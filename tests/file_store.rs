//! The store in a file: the contract, and what only a file can get wrong.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies::Clock;
use apply_cookies::replay::conformance::{self, StoreMaker};
use apply_cookies::replay::{
    Claim, ClaimFuture, ClaimListener, FileReplayStore, HorizonFuture, ReplayStore,
};

/// A folder that goes with the test. Not in the system's temporary one, which may be in memory.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "file-store-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::SeqCst)
        );
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("replay")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A store in a folder of its own.
struct Kept {
    store: FileReplayStore,
    folder: Folder,
}

impl ReplayStore for Kept {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        self.store.claim(claim)
    }

    fn scope(&self) -> Option<apply_cookies::protocol::StoreScope> {
        self.store.scope()
    }

    fn listen(&self, listener: std::sync::Weak<dyn ClaimListener>) {
        self.store.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.store.horizon()
    }
}

struct Maker;

impl StoreMaker for Maker {
    type Store = Kept;

    fn make(&self, clock: Clock) -> Kept {
        let folder = Folder::new();
        let store = FileReplayStore::open(folder.file(), clock).unwrap();
        Kept { store, folder }
    }

    fn make_small(&self, clock: Clock) -> Option<Kept> {
        let folder = Folder::new();
        let store = FileReplayStore::open_with_capacity(folder.file(), clock, 100).unwrap();
        Some(Kept { store, folder })
    }

    fn reopen(&self, kept: Kept, clock: Clock) -> Option<Kept> {
        let Kept { store, folder } = kept;
        drop(store);
        let store = FileReplayStore::open(folder.file(), clock).unwrap();
        Some(Kept { store, folder })
    }

    fn schedules(&self) -> u64 {
        50
    }
}

#[test]
fn it_keeps_every_rule_of_the_contract() {
    assert_eq!(conformance::check(&Maker), []);
}
