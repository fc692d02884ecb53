//! Where skills live: the contract that every database keeps, in domain terms. No SQL and no type of a database driver is in
//! it, so that another database can stand beside SQLite.
//!
//! # The contract
//!
//! * [`Store::read`] gives a [`Snapshot`]: everything read through it is of one moment, whatever others write meanwhile.
//! * [`write()`] runs work in a [`Transaction`] and makes all of it durable, or none. What the work read is still so when it
//!   commits; where another writer changed it, everything is undone and the work runs again.
//! * A lock that another process holds is waited for, up to the time in the settings; then [`StoreError::Busy`].
//! * Order is the order of recording, never the clock's.
//! * An approval binds to bytes: a version is approved when the latest decision on its bytes is `approved`, or when its level
//!   is `auto`, its bytes are stored and there is no decision on them.
//! * Other bytes that a program writes into a skill's row under a version that is recorded are no version: they wait for review,
//!   and the newest approved version stays served.
//! * A recorded version never changes its bytes.
//! * Every write to the tables that answers are made of changes their [`Revision`](crate::model::Revision), whichever program
//!   writes.
//!
//! # Where it is written
//!
//! | file | what it owns |
//! |---|---|
//! | `snapshot` | the ports for reading, each with its promise |
//! | `transaction` | the ports for writing, and [`write()`] |
//! | `usage_sums` | the care of what makes reports fast |
//! | `file_care` | what only a database that is a file has |
//! | `inspect` | what a benchmark looks at |
//! | `requests`, `reports` | what is asked and answered; the nouns are in `model` |
//! | `error` | what can go wrong |
//! | `sqlite` | the engine for one machine |

mod error;
mod file_care;
mod inspect;
mod reports;
mod requests;
mod snapshot;
pub mod sqlite;
mod transaction;
mod usage_sums;

pub use error::{FileFault, Result, StoreError};
pub use file_care::{FileCare, file_care};
pub use inspect::{Inspect, LockWaits, PlanStep, StatementReport, Trial};
pub use reports::{
    ArchiveReport, BackupReport, CheckReport, MaintainReport, MigrateReport, RestoreReport, StatusReport,
    UnarchiveReport,
};
pub use requests::{
    Days, Due, LatestDecision, ListedSkill, NameKind, NewApproval, NewMapping, NewSkill, NewVersion, OutboxSummary,
    Proof, SkillChange, SkillFilter, Undelivered, Unstored, UsageFilter,
};
pub use snapshot::{Catalogue, OutboxStatus, Reports, Revisions, Serving, Snapshot, UsageLog};
pub use transaction::{CatalogueWrites, Conclusion, Outbox, Transaction, UsageWrites, Work, write, write_unless};
pub use usage_sums::UsageSums;

/// What happens to a committed transaction when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk: for decisions (deploy, update, approvals).
    Full,
    /// The last ones may be lost, none is half there: for usage rows.
    Normal,
}

/// What a command is going to do with a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only reads: nothing of the database is written, not even at the end.
    Read,
    /// It writes.
    Write,
}

/// A database of skills. A thread may have one for itself.
pub trait Store: Send {
    /// Begins a consistent read.
    fn read(&mut self) -> Result<Box<dyn Snapshot + '_>>;
    /// Runs `work` in a transaction, which ends as `work` answers; an error of `work` undoes everything. [`write()`] is how it is
    /// called.
    ///
    /// Where the engine finds a conflict with another writer, be it in one of the calls of `work` or at the commit, it undoes
    /// everything and runs `work` again, whatever `work` answered; after a bounded number of attempts, [`StoreError::Conflict`].
    /// An error other than [`StoreError::OutcomeUnknown`] means that nothing was changed.
    fn attempt(&mut self, durability: Durability, work: &mut Work<'_>) -> Result<()>;
    /// The care of the sums that make reports fast.
    fn usage_sums(&mut self) -> &mut dyn UsageSums;
    /// What only a database that is a file has; [`file_care()`] refuses others.
    fn file_care(&mut self) -> Option<&mut dyn FileCare>;
    /// What a benchmark looks at, where the engine shows it.
    fn inspect(&mut self) -> Option<&mut dyn Inspect>;
}
