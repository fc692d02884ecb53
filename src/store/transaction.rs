//! The ports for writing.

use jiff::Timestamp;

use super::{
    LifecycleWrites, NewApproval, NewEdgeCase, NewMapping, NewSkill, NewVersion, Result, SkillChange, Snapshot,
    WholeRowWrites,
};
use crate::model::{
    AgentType, Bootstrap, ContentHash, Delivery, Failures, Moment, OpenUse, Outcome, SkillFolder, SkillId, StoredJson,
    Usage,
};

/// Reading and writing that is invisible to others before the commit. The data that it read is unchanged when it
/// commits.
pub trait Transaction:
    Snapshot
    + Claims
    + CatalogueWrites
    + Pins
    + LifecycleWrites
    + BootstrapWrites
    + CriteriaWrites
    + UsageWrites
    + EdgeCaseWrites
    + Outbox
    + WholeRowWrites
{
}

impl<
    T: Snapshot
        + Claims
        + CatalogueWrites
        + Pins
        + LifecycleWrites
        + BootstrapWrites
        + CriteriaWrites
        + UsageWrites
        + EdgeCaseWrites
        + Outbox
        + WholeRowWrites,
> Transaction for T
{
}

/// Says which skills a transaction is about, so that transactions about others need not wait for it.
///
/// Promise: without a claim, a transaction is about everything. With one, what was read about these skills is unchanged
/// when it commits, and no transaction without a claim runs meanwhile; but other skills may change.
pub trait Claims {
    /// Claims skills by their names or former names, in whatever case. It comes before anything is read or written.
    /// Without names, the transaction only adds rows to logs.
    fn claim(&mut self, names: &[&str]) -> Result<()>;
}

/// Writes to skills, versions, approvals and mappings.
///
/// Promise: each call writes only what it documents, and keeps the other columns of a row. The bytes of a recorded
/// version never change. Adding to a missing skill is refused; changing a missing row changes nothing. What a call that
/// returns nothing cannot write may be refused later: by a call that returns something, or by the commit.
pub trait CatalogueWrites {
    /// Adds a skill and records its first version; refused if the name is taken.
    fn insert_skill(&mut self, skill: &NewSkill<'_>, version: &NewVersion<'_>) -> Result<SkillId>;
    /// Changes only the given fields.
    fn update_skill(&mut self, skill: SkillId, change: &SkillChange<'_>) -> Result<()>;
    /// Makes a new folder the current version, and records it. A version already recorded with this folder is
    /// completed, and keeps its first recorder, unless that was another program; one recorded with other bytes is
    /// refused.
    fn record_version(&mut self, skill: SkillId, version: &NewVersion<'_>) -> Result<()>;
    /// Records the files of a version that was recorded as a skill file alone; nothing if files are recorded. Decisions
    /// about the skill file stay decisions about it alone.
    fn attach_folder(&mut self, version_id: i64, folder: &SkillFolder) -> Result<()>;
    /// Adds the data of a version's file, if unknown because another program recorded the version.
    fn describe_version(&mut self, version_id: i64, front_matter: Option<&StoredJson>) -> Result<()>;
    /// Stores bytes under their hash, and replaces any others there.
    fn store_content(&mut self, hash: &ContentHash, bytes: &[u8]) -> Result<()>;
    /// Records a decision about bytes; for an approval, also the last approver.
    fn record_approval(&mut self, skill: SkillId, approval: &NewApproval<'_>) -> Result<()>;
    /// Adds a mapping if it is missing.
    fn add_mapping(&mut self, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()>;
    /// Changes an existing mapping.
    fn change_mapping(&mut self, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()>;
    /// Removes a mapping; returns whether there was one.
    fn remove_mapping(&mut self, skill: SkillId, agent_type: &AgentType) -> Result<bool>;
}

/// Versions that are served whatever comes later.
pub trait Pins {
    /// Pins a skill to a version, for all agent types or for one that it is mapped to, whose pin wins; `None` ends that
    /// pin. Changing a missing skill or mapping changes nothing.
    fn pin(&mut self, skill: SkillId, agent_type: Option<&AgentType>, version: Option<&str>, now: Moment)
    -> Result<()>;
}

/// Writes to the bootstrap skills.
pub trait BootstrapWrites {
    /// Adds a bootstrap skill, enabled, if its name and its position are free; returns whether they were.
    fn add_bootstrap(&mut self, bootstrap: &Bootstrap, now: Moment) -> Result<bool>;
    /// Records the hash of a bootstrap skill, once.
    fn bind_bootstrap(&mut self, name: &str, hash: &ContentHash) -> Result<()>;
    /// Disables the bootstrap skills with these bytes; returns their names, in the order of bytes.
    fn disable_bootstrap(&mut self, content_hash: &str, now: Moment) -> Result<Vec<String>>;
}

/// Writes to the assessments of decisions.
pub trait CriteriaWrites {
    /// Records the assessment of the bytes that a decision is about, in place of an earlier one.
    fn record_assessment(&mut self, decision: i64, assessment: &StoredJson) -> Result<()>;
}

/// Writes to the usage log.
///
/// Promise: a use is one row, and its event for the workflow database, if any, is queued with it.
pub trait UsageWrites {
    /// Writes one usage row, and queues it for the workflow database as [`Outbox`] says: one that
    /// [awaits its outcome](Usage::awaits_outcome) is delivered with it, or after ten minutes.
    fn log_usage(&mut self, usage: &Usage<'_>) -> Result<()>;
    /// Adds the outcome to an open use, which closes it. If the use was delivered without it, the outcome is delivered
    /// as a change.
    fn complete_usage(&mut self, open: &OpenUse, phase: Option<&str>, outcome: &Outcome) -> Result<()>;
}

/// Writes to edge cases.
///
/// Promise: a row changes only when it is resolved, which happens once.
pub trait EdgeCaseWrites {
    /// Adds an edge case of a skill, and returns its id; refused if there is no such skill.
    fn record_edge_case(&mut self, skill: SkillId, case: &NewEdgeCase<'_>) -> Result<i64>;
    /// Resolves an edge case, with a note if there is one; returns whether it was unresolved.
    fn resolve_edge_case(&mut self, id: i64, note: Option<&str>, now: Moment) -> Result<bool>;
}

/// Queues events for the workflow database, and settles their deliveries.
///
/// Promise: an event is queued in the transaction of its cause, so it is neither lost nor invented. Only configured
/// events are queued, and only for skills generated from a pattern. A delivery is identified by its key, not only by
/// its id: after a restore, another one may have the id.
pub trait Outbox {
    /// Queues the event that a skill was deployed.
    fn announce_deployed(&mut self, skill: SkillId, now: Moment) -> Result<()>;
    /// Queues the event that a skill was updated.
    fn announce_updated(&mut self, skill: SkillId, now: Moment) -> Result<()>;
    /// Removes a delivered event.
    fn forget_delivered(&mut self, delivery: &Delivery) -> Result<()>;
    /// Records a failed attempt, unless the delivery is already a dead letter.
    fn delivery_failed(&mut self, delivery: &Delivery, failures: &Failures) -> Result<()>;
    /// Makes a delivery a dead letter, with the reason.
    fn bury(&mut self, delivery: &Delivery, reason: &str, now: Moment) -> Result<()>;
    /// Queues every dead letter again, as if it had never failed; returns their number.
    fn retry_dead_letters(&mut self) -> Result<usize>;
    /// Records the end of the backoff, to the second; `None` if the server is reachable.
    fn back_off(&mut self, until: Option<Timestamp>) -> Result<()>;
}

/// Work in a transaction, which may run again.
pub type Work<'a> = dyn FnMut(&mut dyn Transaction) -> Result<Conclusion> + 'a;

/// How to end a transaction after its work succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Commit everything.
    Commit,
    /// Undo everything.
    Undo,
}
