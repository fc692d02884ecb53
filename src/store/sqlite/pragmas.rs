//! The pragmas of a connection, by what it is opened for.

use super::options::Options;
use crate::store::Durability;

/// The pragmas of a connection.
pub(super) type Pragmas = &'static str;

/// The pragmas of the architecture reference, and protections. The log is checkpointed at 16 MiB: with SQLite's default
/// of 4 MiB, bulk writes would write and sync the index pages four times as often.
pub(super) const REFERENCE: Pragmas =
    "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -64000; PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 268435456; PRAGMA journal_size_limit = 16777216; PRAGMA wal_autocheckpoint = 4096;";

/// The same without memory mapping, see [`Options::long_lived`].
const LONG_LIVED: Pragmas = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -64000; PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 0; PRAGMA journal_size_limit = 16777216; PRAGMA wal_autocheckpoint = 4096;";

/// For work on all skills: mapped pages stay resident, so that a process would be as large as the database.
const ALL_ROWS: Pragmas = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 0; PRAGMA journal_size_limit = 16777216; PRAGMA wal_autocheckpoint = 4096;";

/// A load reads about a hundred scattered pages. With a mapping, each costs a page fault that also maps its neighbours;
/// with a large cache, each costs a fault for fresh memory. A cache of 32 pages, used over and over, takes a quarter
/// less time and a third less memory, and is as fast with 100,000 skills as with 1,000. SQLite maps nothing by itself.
const FEW_ROWS: Pragmas = "PRAGMA cache_size = 32; PRAGMA temp_store = MEMORY;";

/// The same for a decision, which is durable without a pragma: see [`durability`].
const FEW_ROWS_WRITTEN: Pragmas =
    "PRAGMA cache_size = 32; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4096;";

pub(super) fn for_reading(options: &Options) -> Pragmas {
    match options {
        Options { long_lived: true, .. } => LONG_LIVED,
        Options { few_rows: true, .. } => FEW_ROWS,
        Options { all_rows: true, .. } => ALL_ROWS,
        Options { .. } => REFERENCE,
    }
}

pub(super) fn for_writing(options: &Options) -> Pragmas {
    if is_for_few_rows(options) { FEW_ROWS_WRITTEN } else { for_reading(options) }
}

/// For a file that may be truncated while it is read.
pub(super) fn without_mapping(options: &Options) -> Pragmas {
    if options.few_rows { FEW_ROWS } else { LONG_LIVED }
}

/// The durability of a connection that was just opened: that of the pragmas, or SQLite's own.
pub(super) fn durability(options: &Options) -> Durability {
    if is_for_few_rows(options) { Durability::Full } else { Durability::Normal }
}

fn is_for_few_rows(options: &Options) -> bool {
    options.few_rows && !options.long_lived
}
