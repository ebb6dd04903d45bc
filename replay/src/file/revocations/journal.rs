//! The file's tables, and the single transaction for each batch of revocations.
//!
//! | table | key | value |
//! |---|---|---|
//! | `apply-cookies-revocations` | `format`, `scope`, `horizon`, `floor`, `moment` | little tables of numbers |
//! | `revocations` | end of the generation, number of the row | records: digest 16, at 8 (milliseconds, big-endian) |
//!
//! As in the file of claims, a batch adds a row to each generation that it touches.

use apply_cookies_protocol::{StoreScope, UnixMillis};
use redb::{Database, ReadableDatabase, StorageBackend, TableDefinition, TableError};

use crate::file::journal::{FORGET_ROWS, OpenError, database, first_above, value};
use crate::file::ledger::Rows;
use crate::memory::revoked::{Added, Epoch, Floor, Revoked};
use crate::moments::Moments;
use crate::revocation::{Record, RevocationDigest};

const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("apply-cookies-revocations");
const REVOCATIONS: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("revocations");

/// The format that this version reads and writes.
const FORMAT: u32 = 1;

const RECORD: usize = 24;

pub(super) struct Journal {
    database: Database,
    /// The number of the next row.
    number: u64,
    /// The file's present values.
    floor: Floor,
    moment: UnixMillis,
    /// Whether there may be rows left below the floor.
    has_forgettable: bool,
}

/// What a batch writes.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) rows: Rows,
    pub(super) floor: Option<Floor>,
    /// No moment that is given out is later.
    pub(super) moment: Option<UnixMillis>,
}

impl Changes {
    pub(super) fn add(&mut self, (generation, record): Added) {
        let row = self.rows.of(generation);
        row.extend_from_slice(&record.digest.to_bytes());
        row.extend_from_slice(&record.at.get().to_be_bytes());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.floor.is_none() && self.moment.is_none()
    }
}

impl Journal {
    /// Makes the tables in an empty backend.
    pub(super) fn create(backend: impl StorageBackend, epoch: Epoch) -> Result<(), OpenError> {
        let database = database(backend)?;
        let transaction = database.begin_write()?;
        {
            let mut about = transaction.open_table(ABOUT)?;
            let moment = epoch.horizon.get().to_be_bytes();
            about.insert("format", &FORMAT.to_be_bytes()[..])?;
            about.insert("scope", &epoch.scope.to_bytes()[..])?;
            about.insert("horizon", &moment[..])?;
            about.insert("moment", &moment[..])?;
            about.insert("floor", &[0; 16][..])?;
            transaction.open_table(REVOCATIONS)?;
        }
        transaction.commit()?;
        Ok(database.close()?)
    }

    /// Opens a file made by [`create`](Self::create), and reads all of it.
    pub(super) fn open(
        backend: impl StorageBackend,
        capacity: usize,
    ) -> Result<(Self, Revoked), OpenError> {
        let database = database(backend)?;
        let transaction = database.begin_read()?;
        let about = match transaction.open_table(ABOUT) {
            Ok(about) => about,
            Err(TableError::Storage(error)) => return Err(error.into()),
            Err(_) => return Err(OpenError::Foreign),
        };
        let format = u32::from_be_bytes(value(&about, "format")?.ok_or(OpenError::Foreign)?);
        if format != FORMAT {
            return Err(OpenError::Format(format));
        }
        let time = |name| {
            let millis = u64::from_be_bytes(value(&about, name)?.ok_or_else(OpenError::damaged)?);
            UnixMillis::new(millis).ok_or_else(OpenError::damaged)
        };
        let scope = value(&about, "scope")?.ok_or_else(OpenError::damaged)?;
        let epoch = Epoch {
            scope: StoreScope::from_random(scope),
            horizon: time("horizon")?,
        };
        let moment = time("moment")?;
        let floor = value::<16>(&about, "floor")?.ok_or_else(OpenError::damaged)?;
        let (numbers, _) = floor.as_chunks();
        let floor = Floor {
            generations: u64::from_be_bytes(numbers[0]),
            before: u64::from_be_bytes(numbers[1]),
        };
        let revoked = Revoked::new(epoch, Moments::after(moment), floor, capacity);
        let mut number = 0;
        let table = transaction.open_table(REVOCATIONS)?;
        for row in table.range(first_above(floor.generations)..)? {
            let (key, row) = row?;
            let (generation, of_row) = key.value();
            number = number.max(of_row.saturating_add(1));
            let (records, []) = row.value().as_chunks::<RECORD>() else {
                return Err(OpenError::damaged());
            };
            for record in records {
                let record = read(record, generation).ok_or_else(OpenError::damaged)?;
                revoked.load(generation, &record);
            }
        }
        drop((table, transaction));
        let journal = Self {
            database,
            number,
            floor,
            moment,
            has_forgettable: true,
        };
        Ok((journal, revoked))
    }

    /// No moment that was given out is later.
    pub(super) const fn moment(&self) -> UnixMillis {
        self.moment
    }

    pub(super) const fn has_forgettable(&self) -> bool {
        self.has_forgettable
    }

    /// Writes a batch, and forgets some rows. The batch is on the disk when this returns.
    pub(super) fn commit(&mut self, changes: &Changes) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut about = transaction.open_table(ABOUT)?;
            if let Some(floor) = changes.floor {
                let numbers = [floor.generations, floor.before].map(u64::to_be_bytes);
                about.insert("floor", numbers.as_flattened())?;
                self.floor = floor;
                self.has_forgettable = true;
            }
            if let Some(moment) = changes.moment {
                about.insert("moment", &moment.get().to_be_bytes()[..])?;
                self.moment = moment;
            }
            let mut table = transaction.open_table(REVOCATIONS)?;
            for (generation, row) in changes.rows.iter() {
                table.insert((generation, self.number), row)?;
                self.number += 1;
            }
            if self.has_forgettable {
                let first = first_above(self.floor.generations);
                let removed = table
                    .extract_from_if(..first, |_, _| true)?
                    .take(FORGET_ROWS)
                    .try_fold(0, |count, row| row.map(|_| count + 1))?;
                self.has_forgettable = removed == FORGET_ROWS;
            }
        }
        Ok(transaction.commit()?)
    }
}

fn read(record: &[u8; RECORD], generation: u64) -> Option<Record> {
    let (digest, at) = record.split_first_chunk()?;
    Some(Record {
        digest: RevocationDigest::from_bytes(*digest),
        at: UnixMillis::new(u64::from_be_bytes(at.try_into().ok()?))?,
        ends_at: UnixMillis::EPOCH.plus(generation),
    })
}
