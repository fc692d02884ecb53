//! Where skills live: the contract that every database keeps, in domain terms. No SQL and no type of a database driver is in
//! it, so that another database can stand beside SQLite.
//!
//! # The contract
//!
//! * [`Store::read`] gives a [`Snapshot`]: everything read through it is of one moment, whatever others write meanwhile.
//! * [`write()`] runs work in a [`Transaction`] and makes all of it durable, or none. What the work read is still so when it
//!   commits; where another writer changed it, everything is undone and the work runs again.
//! * A lock that another process holds is waited for, up to the time in the settings; then [`StoreError::Busy`].
//! * Order is by row id, never by the clock.
//! * An approval binds to bytes: a version is approved when the latest decision on its bytes is `approved`, or when its level
//!   is `auto`, its bytes are stored and there is no decision on them.
//! * Other bytes that a program writes into a skill's row under a version that is recorded are no version: they wait for review,
//!   and the newest approved version stays served.
//! * A recorded version never changes its bytes.
//! * Every write to the tables that answers are made of changes their [`Mark`], whichever program writes.

mod error;
mod inspect;
mod reports;
mod requests;
pub mod sqlite;
mod write;

use std::path::Path;

use crate::model::{
    AgentType, Approval, ApprovalLevel, Bootstrap, Candidate, ContentHash, DecisionTime, Delivery, Failures, Mapping,
    Mark, OpenUse, Outcome, Review, Skill, SkillId, SkillName, Tables, Usage, UsageCell, UsageRow, UsedSkill,
    VersionRecord, Waiting,
};

pub use error::{Result, StoreError};
pub use inspect::{Inspect, LockWaits, PlanStep, StatementReport, Trial};
pub use reports::{
    ArchiveReport, BackupReport, CheckReport, MaintainReport, MigrateReport, RestoreReport, StatusReport,
    UnarchiveReport,
};
pub use requests::{
    Backlog, Days, Due, LatestDecision, ListedSkill, NameKind, NewApproval, NewMapping, NewSkill, NewVersion,
    OutboxSummary, Proof, SkillChange, SkillFilter, Sums, Undelivered, Unstored, UsageFilter,
};
pub use write::{Conclusion, write, write_unless};

/// What happens to a committed transaction when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk: for decisions (deploy, update, approvals).
    Full,
    /// The last ones may be lost, none is half there: for usage rows.
    Normal,
}

/// A database of skills.
pub trait Store {
    /// Begins a consistent read.
    fn read(&mut self) -> Result<Box<dyn Snapshot + '_>>;
    /// Runs `work` in a transaction, which ends as `work` answers; an error of `work` undoes everything. [`write()`] is how it is
    /// called.
    ///
    /// Where the engine finds a conflict with another writer, be it in one of the calls of `work` or at the commit, it undoes
    /// everything and runs `work` again, whatever `work` answered; after a bounded number of attempts, [`StoreError::Conflict`].
    /// An error other than [`StoreError::OutcomeUnknown`] means that nothing was changed.
    fn attempt(&mut self, durability: Durability, work: &mut Work<'_>) -> Result<()>;
}

/// What is to be done in a transaction.
pub type Work<'a> = dyn FnMut(&mut dyn Transaction) -> Result<Conclusion> + 'a;

/// Everything as it was at one moment.
pub trait Snapshot: Freshness + Serving + Catalogue + Reporting + Outgoing {}

impl<T: Freshness + Serving + Catalogue + Reporting + Outgoing> Snapshot for T {}

/// What the query cache asks.
pub trait Freshness {
    /// Names the state that these tables have in this snapshot; `None` where nothing sees to it that every write changes it.
    fn mark(&self, of: Tables) -> Result<Option<Mark>>;
}

/// What an agent is served from.
pub trait Serving {
    /// What an agent type is mapped to: active skills and enabled mappings, required first, then by priority, then by name.
    fn candidates(&self, agent_type: &AgentType) -> Result<Vec<Candidate>>;
    /// Enabled bootstrap skills in their order.
    fn bootstrap(&self) -> Result<Vec<Bootstrap>>;
    /// The latest `test_pass_rate` that was logged for a skill.
    fn latest_pass_rate(&self, skill: SkillId) -> Result<Option<f64>>;
    /// The front matter of a version, as JSON.
    fn front_matter(&self, skill: SkillId, version: &str) -> Result<Option<String>>;
    /// The bytes stored under a hash, as they are: the caller compares them with the hash.
    fn content(&self, hash: &str) -> Result<Option<Vec<u8>>>;
}

/// What operators look at.
pub trait Catalogue {
    /// The skill of this name.
    fn skill(&self, name: &SkillName) -> Result<Option<Skill>>;
    /// The name of a skill that is this one in other letters of upper and lower case; found as fast as a skill.
    fn name_without_case(&self, name: &SkillName) -> Result<Option<String>>;
    /// Skills that pass the filter, by name, each with the agent types that it is mapped to.
    fn list(&self, filter: &SkillFilter) -> Result<Vec<ListedSkill>>;
    /// The versions of a skill, newest first.
    fn versions(&self, skill: SkillId) -> Result<Vec<VersionRecord>>;
    /// The decisions about a skill, newest first.
    fn approvals(&self, skill: SkillId) -> Result<Vec<Approval>>;
    /// The latest decision about bytes of a skill, in whatever version they are.
    fn latest_decision(&self, skill: SkillId, content_hash: &str) -> Result<Option<LatestDecision>>;
    /// What became of the review of a skill's current version.
    fn review(&self, skill: SkillId) -> Result<Review>;
    /// The agent types that get a skill.
    fn mappings(&self, skill: SkillId) -> Result<Vec<Mapping>>;
    /// Current versions, and bootstrap skills, whose bytes are not in the database.
    fn unstored(&self) -> Result<Vec<Unstored>>;
    /// Agent types with an enabled mapping that may be meant by a name: itself first, if it is one, then a bounded number of others.
    fn agent_types_near(&self, name: &AgentType) -> Result<Vec<String>>;
    /// Every name of this kind, for hints when one is not found.
    fn names(&self, of: NameKind) -> Result<Vec<String>>;
}

/// What reports are made of. Where a category is given: only of its skills.
pub trait Reporting {
    /// What a usage row remembers of a skill as it is now.
    fn used(&self, name: &SkillName) -> Result<Option<UsedSkill>>;
    /// The version and bytes that an agent got last of a skill in a task.
    fn got(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<(String, String)>>;
    /// The last use of a skill by an agent in a task that still waits for its outcome.
    fn open_use(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<OpenUse>>;
    /// Rows of the usage log, newest first.
    fn usage_rows(&self, filter: &UsageFilter<'_>, most: usize) -> Result<Vec<UsageRow>>;
    /// How much of the usage log is not in the rollups, and whether they can be trusted.
    fn backlog(&self) -> Result<Backlog>;
    /// The usage log by skill, agent type and level; both kinds of sums give the same cells.
    fn usage_cells(&self, days: Option<&Days>, sums: Sums) -> Result<Vec<UsageCell>>;
    /// Uses by UTC day, in order: the last `most` days that have any.
    fn uses_by_day(&self, days: Option<&Days>, sums: Sums, most: usize) -> Result<Vec<(String, i64)>>;
    /// Compares every rollup with a full scan.
    fn prove(&self) -> Result<Proof>;
    /// Decisions of these days, with when what they decide on was recorded.
    fn decision_times(&self, days: Option<&Days>, category: Option<&str>) -> Result<Vec<DecisionTime>>;
    /// Skills whose current version waits for a decision, by id.
    fn waiting(&self, category: Option<&str>) -> Result<Vec<Waiting>>;
    /// How many skills there are by level and status.
    fn levels(&self, category: Option<&str>) -> Result<Vec<(ApprovalLevel, String, i64)>>;
    /// Active skills: key and name, by name.
    fn active_skills(&self, category: Option<&str>) -> Result<Vec<(SkillId, String)>>;
}

/// What waits to be delivered to the workflow database.
pub trait Outgoing {
    /// Whether a delivery waits that is due.
    fn is_anything_due(&self, due: &Due<'_>) -> Result<bool>;
    /// The first `most` deliveries that wait, in their order, after the one with this id.
    fn waiting_deliveries(&self, after: i64, most: usize) -> Result<Vec<Delivery>>;
    /// How much waits, and since when.
    fn outbox_summary(&self) -> Result<OutboxSummary>;
    /// Deliveries that are not tried any more, in order.
    fn dead_letters(&self, most: usize) -> Result<Vec<Undelivered>>;
    /// Deliveries that wait and have failed before, in order.
    fn failing_deliveries(&self, most: usize) -> Result<Vec<Undelivered>>;
    /// Until when the server is not tried, in seconds since 1970.
    fn backoff_until(&self) -> Result<Option<i64>>;
}

/// What becomes of what waits. An event is queued in the transaction that makes it happen, so it is neither lost nor invented;
/// only what the settings say is queued, and only for a skill that was generated from a pattern.
pub trait Outbox {
    /// Queues that a skill was deployed.
    fn announce_deployed(&mut self, skill: SkillId, now: &str) -> Result<()>;
    /// Queues that a skill has new bytes.
    fn announce_updated(&mut self, skill: SkillId, now: &str) -> Result<()>;
    /// Forgets what was delivered.
    fn forget_delivered(&mut self, delivery: &Delivery) -> Result<()>;
    /// Remembers that an attempt failed.
    fn delivery_failed(&mut self, delivery: &Delivery, failures: &Failures) -> Result<()>;
    /// Makes a delivery a dead letter, with its reason.
    fn bury(&mut self, delivery: &Delivery, reason: &str, now: &str) -> Result<()>;
    /// Lets every dead letter wait again; how many there were.
    fn retry_dead_letters(&mut self) -> Result<usize>;
    /// Remembers until when the server is not tried, in seconds since 1970; `None`: it can be reached.
    fn back_off(&mut self, until: Option<i64>) -> Result<()>;
}

/// A write that is not visible to anybody else before it is committed.
pub trait Transaction: Snapshot + Outbox {
    /// Adds a skill and records its first version.
    fn insert_skill(&mut self, skill: &NewSkill<'_>, version: &NewVersion<'_>) -> Result<SkillId>;
    /// Changes the fields that are given, and nothing else.
    fn update_skill(&mut self, skill: SkillId, change: &SkillChange<'_>) -> Result<()>;
    /// Makes other bytes the current version and records it.
    fn record_version(&mut self, skill: SkillId, version: &NewVersion<'_>) -> Result<()>;
    /// Adds what was read from a version's file: the front matter of a version that another program recorded.
    fn describe_version(&mut self, version_id: i64, front_matter: Option<&str>) -> Result<()>;
    /// Stores bytes under their hash, where they are not there already.
    fn store_content(&mut self, hash: &ContentHash, bytes: &[u8]) -> Result<()>;
    /// Records a decision about bytes, and who approved last where it is an approval.
    fn record_approval(&mut self, skill: SkillId, approval: &NewApproval<'_>) -> Result<()>;
    /// Adds a mapping where it is missing; says whether it was.
    fn add_mapping(&mut self, skill: SkillId, mapping: &NewMapping<'_>) -> Result<bool>;
    /// Makes a mapping that is there what it is to be; whether it is enabled stays.
    fn change_mapping(&mut self, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()>;
    /// Writes one usage row, and queues it for the workflow database as [`Outbox`] says: one that awaits its outcome is delivered
    /// with it, or after ten minutes.
    fn log_usage(&mut self, usage: &Usage<'_>) -> Result<()>;
    /// Adds its outcome to a use, which is open no more; what was delivered without it is delivered as a change.
    fn complete_usage(&mut self, open: &OpenUse, phase: Option<&str>, outcome: &Outcome) -> Result<()>;
    /// Brings up to `most` rows of the usage log into the rollups, and what changed since they were.
    fn roll_up(&mut self, most: i64) -> Result<()>;
    /// Throws the rollups away, and repairs what keeps them exact: every row is to be rolled up again.
    fn forget_rollups(&mut self) -> Result<()>;
    /// Records which bytes a bootstrap skill has.
    fn bind_bootstrap(&mut self, name: &str, hash: &ContentHash) -> Result<()>;
}

/// The care of a database that is one file.
pub trait Maintenance {
    /// What the file is, and how the connection really is set up.
    fn status(&mut self) -> Result<StatusReport>;
    /// Looks for damage and orphans.
    fn check(&mut self) -> Result<CheckReport>;
    /// A copy of the committed state, safe under writers; appears whole or not at all.
    fn backup(&mut self, to: &Path) -> Result<BackupReport>;
    /// Replaces everything by a backup, safe under readers; the state before is kept beside the file.
    fn restore(&mut self, from: &Path) -> Result<RestoreReport>;
    /// Gives free pages back and refreshes what the query planner knows, where that pays.
    fn maintain(&mut self) -> Result<MaintainReport>;
    /// Moves the usage rows of the days before `before` to a file, which is on the disk before any of them leaves the log; what
    /// reports add up stays the same. `progress` gets the rows that are done, and all.
    fn archive(&mut self, before: &str, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<ArchiveReport>;
    /// Brings the rows of such a file back; those that are in the log already are left alone.
    fn unarchive(&mut self, from: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<UnarchiveReport>;
    /// Brings an older schema up to date in one transaction, after a backup beside the file; `fill` runs inside it.
    fn migrate(&mut self, fill: &mut dyn FnMut(&mut dyn Transaction) -> Result<()>) -> Result<MigrateReport>;
}
