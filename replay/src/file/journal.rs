//! The file's tables, and the single transaction for each batch of claims.
//!
//! | table | key | value |
//! |---|---|---|
//! | `apply-cookies` | `format`, `scope`, `horizon`, `floor` | little tables of numbers, below |
//! | `claims` | end of the generation, number of the row | records of claims |
//! | `barriers` | end of the generation, number of the row | records of barriers |
//!
//! A batch adds one row for each generation that it touches, at the end of that generation. So a
//! commit writes few pages however many claims it contains, the file is read only when it is
//! opened, and expired entries are a range at the front.

use apply_cookies_protocol::{StoreScope, UnixMillis};
use redb::{
    Database, ReadableDatabase, ReadableTable, StorageBackend, Table, TableDefinition, TableError,
};

use super::ledger::{Additions, Epoch, Floor, Ledger};
use super::record::{BarrierRecord, ClaimRecord};

/// Generation, number of the row.
type RowKey = (u64, u64);
type Rows = TableDefinition<'static, RowKey, &'static [u8]>;

const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("apply-cookies");
const CLAIMS: Rows = TableDefinition::new("claims");
const BARRIERS: Rows = TableDefinition::new("barriers");

/// The format that this version reads and writes.
///
/// In format 1 barriers were kept in generations of a day, by their number.
const FORMAT: u32 = 2;

/// The most rows that one commit forgets, so that no claim waits long for them.
pub(super) const FORGET_ROWS: usize = 256;

/// Memory for pages. Only the two ends of each table are ever touched.
const CACHE_BYTES: usize = 8 << 20;

pub(super) struct Journal {
    database: Database,
    /// The number of the next row.
    number: u64,
    /// The file's present values.
    floor: Floor,
    /// Whether there may be rows left below the floor.
    has_forgettable: bool,
}

/// The reason why a file cannot be used.
#[derive(Debug)]
pub(super) enum OpenError {
    /// Another process has it.
    Locked,
    /// It is a redb file, but not a store of this kind.
    Foreign,
    /// It is of another version.
    Format(u32),
    /// It is damaged, or cannot be read or written.
    Failed(redb::Error),
}

impl OpenError {
    pub(super) fn damaged() -> Self {
        Self::Failed(redb::Error::Corrupted("the file is damaged".to_owned()))
    }
}

impl<E: Into<redb::Error>> From<E> for OpenError {
    fn from(error: E) -> Self {
        match error.into() {
            redb::Error::DatabaseAlreadyOpen => Self::Locked,
            error => Self::Failed(error),
        }
    }
}

impl Journal {
    /// Makes the tables in an empty backend.
    pub(super) fn create(backend: impl StorageBackend, epoch: Epoch) -> Result<(), OpenError> {
        let database = database(backend)?;
        let transaction = database.begin_write()?;
        {
            let mut about = transaction.open_table(ABOUT)?;
            about.insert("format", &FORMAT.to_be_bytes()[..])?;
            about.insert("scope", &epoch.scope.to_bytes()[..])?;
            about.insert("horizon", &epoch.horizon.get().to_be_bytes()[..])?;
            write_floor(&mut about, Floor::default())?;
            transaction.open_table(CLAIMS)?;
            transaction.open_table(BARRIERS)?;
        }
        transaction.commit()?;
        Ok(database.close()?)
    }

    /// Opens a file made by [`create`](Self::create), and reads all of it.
    pub(super) fn open(backend: impl StorageBackend) -> Result<(Self, Ledger), OpenError> {
        let database = database(backend)?;
        let (ledger, number) = load(&database)?;
        let journal = Self {
            database,
            number,
            floor: ledger.floor(),
            has_forgettable: true,
        };
        Ok((journal, ledger))
    }

    /// Whether there are rows to forget.
    pub(super) fn has_forgettable_below(&self, floor: Floor) -> bool {
        self.has_forgettable || self.floor != floor
    }

    /// Writes a batch, and forgets some expired rows. The batch is on the disk when this returns.
    pub(super) fn commit(
        &mut self,
        additions: &Additions,
        floor: Floor,
    ) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        if floor != self.floor {
            write_floor(&mut transaction.open_table(ABOUT)?, floor)?;
            self.floor = floor;
            self.has_forgettable = true;
        }
        let mut left = FORGET_ROWS;
        for (table, added, first) in [
            (CLAIMS, &additions.claims, first_above(floor.claims)),
            (BARRIERS, &additions.barriers, first_above(floor.barriers)),
        ] {
            if !added.is_empty() || self.has_forgettable {
                let mut table = transaction.open_table(table)?;
                for (generation, row) in added.iter() {
                    table.insert((generation, self.number), row)?;
                    // Only a file that was tampered with has so many; a row must replace no other.
                    self.number = self.number.checked_add(1).ok_or_else(|| {
                        redb::Error::Corrupted("the numbers of rows have run out".to_owned())
                    })?;
                }
                if self.has_forgettable {
                    left -= table
                        .extract_from_if(..first, |_, _| true)?
                        .take(left)
                        .try_fold(0, |count, row| row.map(|_| count + 1))?;
                }
            }
        }
        self.has_forgettable &= left == 0;
        Ok(transaction.commit()?)
    }
}

/// The first key that counts, where generations that end by `floor` do not.
pub(super) const fn first_above(floor: u64) -> RowKey {
    (floor.saturating_add(1), 0)
}

pub(super) fn database(backend: impl StorageBackend) -> Result<Database, OpenError> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    // All of it is read anyway, and a corrupt file must not be trusted.
    builder.set_check_integrity_on_open(true);
    Ok(builder.create_with_backend(backend)?)
}

fn write_floor(about: &mut Table<'_, &str, &[u8]>, floor: Floor) -> redb::Result {
    let numbers = [floor.claims, floor.barriers, floor.issued_before].map(u64::to_be_bytes);
    about.insert("floor", numbers.as_flattened())?;
    Ok(())
}

fn read_floor(about: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<Floor, OpenError> {
    let stored = about.get("floor")?.ok_or_else(OpenError::damaged)?;
    let (claims, barriers, issued_before) = match stored.value().as_chunks() {
        ([claims, barriers, issued_before], []) => (claims, barriers, issued_before),
        // Written before the third number was kept. Every barrier is issued before its generation
        // ends, so this refuses too much, for one lifetime.
        ([claims, barriers], []) => (claims, barriers, barriers),
        _ => return Err(OpenError::damaged()),
    };
    Ok(Floor {
        claims: u64::from_be_bytes(*claims),
        barriers: u64::from_be_bytes(*barriers),
        issued_before: u64::from_be_bytes(*issued_before),
    })
}

/// Everything that still counts, and the number of the next row.
fn load(database: &Database) -> Result<(Ledger, u64), OpenError> {
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
    let horizon = u64::from_be_bytes(value(&about, "horizon")?.ok_or_else(OpenError::damaged)?);
    let epoch = Epoch {
        scope: StoreScope::from_random(value(&about, "scope")?.ok_or_else(OpenError::damaged)?),
        horizon: UnixMillis::new(horizon).ok_or_else(OpenError::damaged)?,
    };
    let floor = read_floor(&about)?;

    let mut ledger = Ledger::new(epoch, floor);
    let mut next = 0;
    for row in transaction
        .open_table(CLAIMS)?
        .range(first_above(floor.claims)..)?
    {
        let (key, row) = row?;
        let (generation, number) = key.value();
        next = next.max(number.saturating_add(1));
        let mut row = row.value();
        while !row.is_empty() {
            let claim = ClaimRecord::read(&mut row).ok_or_else(OpenError::damaged)?;
            ledger.load_claim(generation, claim);
        }
    }
    let table = transaction.open_table(BARRIERS)?;
    for row in table.range(first_above(floor.barriers)..)? {
        let (key, row) = row?;
        let (generation, number) = key.value();
        next = next.max(number.saturating_add(1));
        let mut row = row.value();
        while !row.is_empty() {
            let barrier = BarrierRecord::read(&mut row).ok_or_else(OpenError::damaged)?;
            ledger.load_barrier(generation, barrier);
        }
    }
    Ok((ledger, next))
}

pub(super) fn value<const N: usize>(
    about: &impl ReadableTable<&'static str, &'static [u8]>,
    key: &str,
) -> Result<Option<[u8; N]>, redb::Error> {
    Ok(about
        .get(key)?
        .and_then(|value| value.value().try_into().ok()))
}
