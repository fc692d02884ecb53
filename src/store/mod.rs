//! The contract of a skills database, in domain terms: without SQL and types of database drivers, so that every engine
//! can implement it.
//!
//! # The contract
//!
//! * [`Store::read`] returns a [`Snapshot`]: a consistent state, whatever others write meanwhile.
//! * [`write()`] runs work in a [`Transaction`], which is committed as a whole or not at all. The data that the work
//!   read is unchanged when it commits; if another writer changed it, everything is undone and the work runs again.
//! * An operation waits for locks of other processes up to the configured time, and then fails with
//!   [`StoreError::Busy`].
//! * Order is the order of recording, and never depends on a clock.
//! * An approval applies to bytes: a version is approved if the latest decision on its folder is `approved`, or if its
//!   level is `auto`, its skill file is stored, and no decision about that file in any folder refuses it. Without a
//!   decision on its folder, it is approved in part if the latest decision on its skill file alone is `approved`; or if
//!   its level is `auto`, another program recorded it, and the rest of its folder was found later.
//! * If another program changes the hash in a skill's row without a new version number, the new bytes are not a
//!   version: they wait for review, and the newest approved version is still served.
//! * The bytes of a recorded version never change.
//! * Every write to tables that answers depend on changes their [`Revision`](crate::model::Revision), whichever program
//!   writes.
//!
//! # Files
//!
//! | file | what it owns |
//! |---|---|
//! | `snapshot` | the ports for reading, each with its promise |
//! | `transaction` | the ports for writing, and [`write()`] |
//! | `lifecycle` | the ports for names, events and removal |
//! | `usage_sums` | the care of the sums that make reports fast |
//! | `usage_push` | uses on their way from a follower to its primary |
//! | `whole_rows` | rows with every column, for documents |
//! | `copying` | copies of a whole database to another engine |
//! | `following` | databases that follow another one |
//! | `care`, `file_care` | the care of a database, and of its file |
//! | `examination` | what a quick look at a database finds |
//! | `former_names` | which former names were used |
//! | `inspect` | measurements for benchmarks |
//! | `tally` | what this process asks of its databases, where somebody counts it |
//! | `search_index` | the ports of the search index |
//! | `agent_runs` | the history of agents' runs |
//! | `requests`, `about`, `listing`, `answers`, `reports` | parameters and results; the nouns are in `model` |
//! | `error`, `file_error` | errors |
//! | `archives` | archives of the usage log, in files and elsewhere |
//! | `sqlite`, `postgres` | the engines |

mod about;
mod agent_runs;
mod answers;
mod archives;
mod calls;
mod care;
pub mod copying;
mod error;
mod examination;
mod file_care;
mod file_error;
pub mod following;
mod former_names;
mod inspect;
mod lifecycle;
mod listing;
pub mod postgres;
mod reports;
mod requests;
mod search_index;
mod snapshot;
pub mod sqlite;
mod tally;
mod transaction;
mod usage_push;
mod usage_sums;
mod whole_rows;

pub use about::About;
pub use agent_runs::{AgentRuns, AgentTimes, AgentTotals};
pub use answers::{AgentTypeCounts, Holder, Searchable, SilentMapping};
pub use archives::{ArchivePlace, ArchiveRecord, ArchivedDays, ArchivedPart, ArchivedUse, ArchivedUses, FileArchive};
pub use calls::{file_care, write, write_unless};
pub use care::{Care, Maintenance};
pub use error::{FileFault, Result, StoreError};
pub use examination::{Examination, FileFacts, FileRights, HotQuery, LogFacts, Pages, Repairable, disabling_bootstrap};
pub use file_care::FileCare;
use following::FollowTarget;
pub use former_names::FormerNames;
pub use inspect::{Inspect, LockWaits, PlanStep, StatementReport, Trial};
pub use lifecycle::{DeletedRows, Erased, Lifecycle, LifecycleWrites, NewEvent, Spelling};
pub use listing::{SkillFilter, SkillOrder, SkillPage};
pub use reports::{
    ArchiveReport, BackupReport, CheckReport, DatabaseStatus, LostDecisions, MaintainReport, MigrateReport,
    RestoreReport, ScrubReport, ServerStatus, StatusReport, UnarchiveReport,
};
pub use requests::{
    Days, Due, LatestDecision, NameKind, NewApproval, NewEdgeCase, NewMapping, NewSkill, NewVersion, OutboxSummary,
    Proof, Retirement, SkillChange, Undelivered, Unstored, UsageFilter,
};
pub use search_index::{Postings, PostingsWrites, SearchIndex};
pub use snapshot::{
    Catalogue, Criteria, EdgeCases, Mappings, OutboxStatus, Reports, Revisions, Searching, Serving, Snapshot, UsageLog,
};
pub use tally::{QueriedTable, QueryType, Tally};
pub use transaction::{
    BootstrapWrites, CatalogueWrites, Claims, Conclusion, CriteriaWrites, EdgeCaseWrites, Outbox, Pins, Transaction,
    UsageWrites, Work,
};
pub use usage_push::{OfferedRow, OfferedUse, Received, UsagePush, UsageReceiver};
pub use usage_sums::UsageSums;
pub use whole_rows::{Row, RowKind, WholeRowWrites, WholeRows};

/// The durability of a committed transaction in a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It is on disk: for decisions (deploy, update, approvals).
    Full,
    /// The last transactions may be lost, but only as a whole: for usage rows.
    Normal,
}

/// The access that a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading: nothing is written to the database, not even when it is closed.
    Read,
    /// Reading and writing.
    Write,
}

/// A connection to a skills database. It can be moved to another thread, but not shared.
pub trait Store: Send {
    /// Starts a consistent read.
    fn read(&mut self) -> Result<Box<dyn Snapshot + '_>>;
    /// Runs `work` in a transaction, and commits or undoes it as `work` concludes; an error of `work` undoes
    /// everything. Use [`write()`] to call it.
    ///
    /// If the engine detects a conflict with another writer, in a call of `work` or at the commit, it undoes everything
    /// and runs `work` again, whatever its result was; after a limited number of attempts, it returns
    /// [`StoreError::Conflict`]. After any error but [`StoreError::OutcomeUnknown`], nothing was changed.
    fn attempt(&mut self, durability: Durability, work: &mut Work<'_>) -> Result<()>;
    /// The care of the sums that make reports fast.
    fn usage_sums(&mut self) -> &mut dyn UsageSums;
    /// The search index. Nothing is opened yet.
    fn search_index(&mut self) -> Box<dyn SearchIndex>;
    /// The care of the database.
    fn care(&mut self) -> &mut dyn Care;
    /// The care of the file, if the database is one. [`file_care()`] returns an error for others.
    fn file_care(&mut self) -> Option<&mut dyn FileCare>;
    /// Following another database, if the engine supports it.
    fn follower(&mut self) -> Option<&mut dyn FollowTarget>;
    /// Measurements for benchmarks, if the engine supports them.
    fn inspect(&mut self) -> Option<&mut dyn Inspect>;
    /// Leaves the database at the end of a process. An engine may skip what the end of a process does anyway.
    fn leave(self: Box<Self>) {}
}
