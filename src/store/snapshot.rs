//! The ports for reading. Whatever one of them answers is of the moment of its [`Snapshot`]; in a [`Transaction`](super::Transaction)
//! it has what that transaction wrote itself.

use super::{
    Days, Due, LatestDecision, ListedSkill, NameKind, OutboxSummary, Result, SkillFilter, Undelivered, Unstored,
    UsageFilter,
};
use crate::model::{
    AgentType, Approval, ApprovalLevel, Bootstrap, Candidate, DecisionTime, Delivery, Mapping, OpenUse, Review,
    Revision, Skill, SkillId, SkillName, Tables, UsageCell, UsageRow, UsedSkill, VersionRecord, Waiting,
};

/// Everything as it was at one moment, whatever others write meanwhile.
pub trait Snapshot: Revisions + Serving + Catalogue + UsageLog + Reports + OutboxStatus {}

impl<T: Revisions + Serving + Catalogue + UsageLog + Reports + OutboxStatus> Snapshot for T {}

/// What the query cache stands on.
///
/// Promise: two reads that find the same revision of some tables find the same rows in them, whoever wrote in between and with
/// whatever program. The other way around, a revision may change although no row did.
pub trait Revisions {
    /// The revision of these tables in this snapshot; `None` where the engine cannot promise that it changes with every write.
    fn revision(&self, of: Tables) -> Result<Option<Revision>>;
}

/// What an agent is served from.
///
/// Promise: nothing is a candidate but what was approved, whatever other programs wrote into a skill's row since. What it costs
/// follows what an agent type is mapped to, not how much the database holds.
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
///
/// Promise: "newest" and "latest" go by the order of recording, never by a clock. Names are ordered by their bytes.
pub trait Catalogue {
    /// The skill of this name.
    fn skill(&self, name: &SkillName) -> Result<Option<Skill>>;
    /// The first name of a skill, itself too, that is this one but for upper and lower case; found as fast as a skill.
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
    /// The mappings of a skill, those that are not enabled too, by agent type.
    fn mappings(&self, skill: SkillId) -> Result<Vec<Mapping>>;
    /// Current versions, and then enabled bootstrap skills, whose bytes are not in the database; both by name.
    fn unstored(&self) -> Result<Vec<Unstored>>;
    /// Agent types with an enabled mapping that may be meant by a name: itself first, if it is one, then a bounded number of others.
    fn agent_types_near(&self, name: &AgentType) -> Result<Vec<String>>;
    /// Every name of this kind, in any order, for hints when one is not found.
    fn names(&self, of: NameKind) -> Result<Vec<String>>;
}

/// The usage log: who got or used which skill, and what came of it.
///
/// Promise: sums are those of the rows, exactly, however the engine comes by them and whoever wrote the rows.
pub trait UsageLog {
    /// What a usage row remembers of a skill as it is now.
    fn used(&self, name: &SkillName) -> Result<Option<UsedSkill>>;
    /// The version and bytes that an agent got last of a skill in a task; uses of which one is unknown do not count.
    fn got(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<(String, String)>>;
    /// The last use of a skill by an agent in a task that still waits for its outcome.
    fn open_use(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<OpenUse>>;
    /// Rows of the usage log, newest first.
    fn usage_rows(&self, filter: &UsageFilter<'_>, most: usize) -> Result<Vec<UsageRow>>;
    /// The usage log by skill, agent type and level; archived rows included.
    fn usage_cells(&self, days: Option<&Days>) -> Result<Vec<UsageCell>>;
    /// Uses by UTC day, in order: the last `most` days that have any.
    fn uses_by_day(&self, days: Option<&Days>, most: usize) -> Result<Vec<(String, i64)>>;
}

/// What reports are made of, beside the usage log. Where a category is given: only of its skills.
///
/// Promise: figures of one snapshot agree with each other, and with those of its [`Catalogue`].
pub trait Reports {
    /// Decisions of these days, in the order of deciding, each with when its version was recorded.
    fn decision_times(&self, days: Option<&Days>, category: Option<&str>) -> Result<Vec<DecisionTime>>;
    /// Skills whose current version waits for a decision, in the order of recording.
    fn waiting(&self, category: Option<&str>) -> Result<Vec<Waiting>>;
    /// How many skills there are by level and status, in any order.
    fn levels(&self, category: Option<&str>) -> Result<Vec<(ApprovalLevel, String, i64)>>;
    /// Active skills: key and name, by name.
    fn active_skills(&self, category: Option<&str>) -> Result<Vec<(SkillId, String)>>;
}

/// Which events are queued for the workflow database, and which of them failed.
///
/// Promise: deliveries are in the order in which their events were queued.
pub trait OutboxStatus {
    /// Whether a delivery waits that is due.
    fn is_anything_due(&self, due: &Due<'_>) -> Result<bool>;
    /// The first `most` deliveries that wait, in their order, after the one with this id; not those that wait for their outcome.
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
