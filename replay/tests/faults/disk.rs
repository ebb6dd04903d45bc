//! A disk that fails on command, and that loses in a power cut what was not synced.

use std::collections::BTreeSet;
use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

/// Bytes that a disk writes as one: a write may be cut between two of these.
const SECTOR: usize = 512;

/// Bytes that a file system allocates as one.
const BLOCK: usize = 4096;

/// The fault. Operations are writes, changes of the length and syncs, counted from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// This operation fails, and no other.
    Once(u64),
    /// This one fails, and all that follow, as when the power goes.
    Stop(u64),
    /// No block is allocated beyond this many.
    Full(usize),
}

/// A file in memory. Clones are the same file.
#[derive(Clone, Debug)]
pub(super) struct Disk(Arc<Mutex<State>>);

struct State {
    /// The content that the process reads.
    seen: Vec<u8>,
    /// The content that a power cut leaves for certain.
    synced: Vec<u8>,
    /// The changes since, in order.
    unsynced: Vec<Change>,
    blocks: BTreeSet<usize>,
    fault: Fault,
    operations: u64,
    syncs: u64,
    failed: bool,
}

#[derive(Clone)]
enum Change {
    Length(usize),
    Write(usize, Vec<u8>),
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Length(length) => file.resize(*length, 0),
            Self::Write(offset, bytes) => {
                let end = offset + bytes.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[*offset..end].copy_from_slice(bytes);
            }
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State(..)")
    }
}

impl Disk {
    /// A disk with this file on it.
    pub(super) fn with(file: Vec<u8>, fault: Fault) -> Self {
        Self(Arc::new(Mutex::new(State {
            // Zeros are a hole.
            blocks: (file.chunks(BLOCK).enumerate())
                .filter(|(_, block)| block.iter().any(|byte| *byte != 0))
                .map(|(n, _)| n)
                .collect(),
            seen: file.clone(),
            synced: file,
            unsynced: Vec::new(),
            fault,
            operations: 0,
            syncs: 0,
            failed: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Whether the fault has happened.
    pub(super) fn has_failed(&self) -> bool {
        self.state().failed
    }

    /// Operations and syncs so far, and blocks given out.
    pub(super) fn counts(&self) -> (u64, u64, usize) {
        let state = self.state();
        (state.operations, state.syncs, state.blocks.len())
    }

    /// The file as another process finds it when this one is killed.
    pub(super) fn after_a_kill(&self) -> Vec<u8> {
        self.state().seen.clone()
    }

    /// The file as found after a power cut: `survives` says which sectors of which unsynced write
    /// are there.
    pub(super) fn after_a_power_cut(&self, mut survives: impl FnMut() -> bool) -> Vec<u8> {
        let state = self.state();
        let mut file = state.synced.clone();
        for change in &state.unsynced {
            match change {
                Change::Length(_) => {
                    if survives() {
                        change.apply(&mut file);
                    }
                }
                Change::Write(offset, bytes) => {
                    for (n, sector) in bytes.chunks(SECTOR).enumerate() {
                        if survives() {
                            Change::Write(offset + n * SECTOR, sector.to_vec()).apply(&mut file);
                        }
                    }
                }
            }
        }
        file
    }
}

impl State {
    /// Counts an operation, and says whether it fails.
    fn operate(&mut self) -> Result<(), Error> {
        let number = self.operations;
        self.operations += 1;
        let fails = match self.fault {
            Fault::Once(at) => number == at,
            Fault::Stop(at) => number >= at,
            Fault::None | Fault::Full(_) => false,
        };
        self.failed |= fails;
        if fails {
            Err(Error::other("the disk fails"))
        } else {
            Ok(())
        }
    }

    /// Allocates the blocks for these bytes, or none if one is unavailable.
    fn give_blocks(&mut self, offset: usize, length: usize) -> Result<(), Error> {
        let blocks = offset / BLOCK..(offset + length).div_ceil(BLOCK);
        if let Fault::Full(limit) = self.fault {
            let fresh = blocks.clone().filter(|n| !self.blocks.contains(n)).count();
            if fresh > 0 && self.blocks.len() + fresh > limit {
                self.failed = true;
                return Err(Error::from(ErrorKind::StorageFull));
            }
        }
        self.blocks.extend(blocks);
        Ok(())
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.unsynced.push(change);
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, Error> {
        Ok(self.state().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let state = self.state();
        let offset = usize::try_from(offset).unwrap();
        let bytes = (state.seen)
            .get(offset..offset + out.len())
            .ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<(), Error> {
        let mut state = self.state();
        state.operate()?;
        // A hole takes no blocks.
        let length = usize::try_from(length).unwrap();
        state.blocks.retain(|block| block * BLOCK < length);
        state.change(Change::Length(length));
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let mut state = self.state();
        let offset = usize::try_from(offset).unwrap();
        // A write that fails may have been half done.
        if let Err(error) = state.operate() {
            if matches!(state.fault, Fault::Once(_)) {
                state.change(Change::Write(offset, data[..data.len() / 2].to_vec()));
            } else {
                state.unsynced.push(Change::Write(offset, data.to_vec()));
            }
            return Err(error);
        }
        state.give_blocks(offset, data.len())?;
        state.change(Change::Write(offset, data.to_vec()));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), Error> {
        let mut state = self.state();
        state.syncs += 1;
        let done = state.operate();
        let unsynced = std::mem::take(&mut state.unsynced);
        match done {
            // Linux treats data that it failed to write as written: it can be read until the power
            // fails, and no later sync writes it.
            Err(_) if matches!(state.fault, Fault::Once(_)) => {}
            Err(_) => state.unsynced = unsynced,
            Ok(()) => {
                for change in unsynced {
                    change.apply(&mut state.synced);
                }
            }
        }
        done
    }
}
