//! The ports for reading. They return the state of their [`Snapshot`]; in a [`Transaction`](super::Transaction), this
//! includes its own writes.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{
    About, AgentTypeCounts, ArchivedPart, Days, Due, Holder, LatestDecision, Lifecycle, NameKind, OutboxSummary,
    Result, Searchable, SilentMapping, SkillFilter, Undelivered, Unstored, UsageFilter, WholeRows,
};
use crate::model::{
    AgentType, Approval, ApprovalLevel, Bootstrap, Candidate, DecisionTime, Delivery, EdgeCase, EdgeCaseTexts,
    ListedSkill, Mapping, OpenUse, OriginUses, Review, Revision, Skill, SkillId, SkillName, StoredFile, StoredJson,
    Tables, UsageCell, UsageRow, UsedSkill, VersionBytes, VersionRecord, Waiting,
};

/// A consistent state of the database, whatever others write meanwhile.
pub trait Snapshot:
    Revisions
    + Serving
    + Searching
    + Catalogue
    + Lifecycle
    + Criteria
    + Mappings
    + UsageLog
    + Reports
    + EdgeCases
    + OutboxStatus
    + WholeRows
{
}

impl<
    T: Revisions
        + Serving
        + Searching
        + Catalogue
        + Lifecycle
        + Criteria
        + Mappings
        + UsageLog
        + Reports
        + EdgeCases
        + OutboxStatus
        + WholeRows,
> Snapshot for T
{
}

/// Revisions, for the query cache.
///
/// Promise: if two reads find the same revision of some tables, they find the same rows in them, whichever program
/// wrote in between. The revision may change without a change of the rows.
pub trait Revisions {
    /// The revision of these tables in this snapshot; `None` if the engine cannot promise that it changes with every
    /// write.
    fn revision(&self, of: Tables) -> Result<Option<Revision>>;
}

/// Serving agents.
///
/// Promise: only approved versions are candidates, whatever other programs wrote into a skill's row, and of a pinned
/// skill only the pinned version. The cost depends
/// on the mappings of the agent type, not on the size of the database.
pub trait Serving {
    /// The skills of an agent type: active, with enabled mappings; required ones first, then by priority and name. In
    /// place of a deprecated skill, there is its first replacement that is active, if a version of it may be served; so
    /// the same skill may be there for itself and in place of others.
    fn candidates(&self, agent_type: &AgentType) -> Result<Vec<Candidate>>;
    /// Enabled bootstrap skills, in order.
    fn bootstrap(&self) -> Result<Vec<Bootstrap>>;
    /// The last logged `test_pass_rate` of a skill.
    fn latest_pass_rate(&self, skill: SkillId) -> Result<Option<f64>>;
    /// The front matter of a version, as JSON.
    fn front_matter(&self, skill: SkillId, version: &str) -> Result<Option<StoredJson>>;
    /// The recorded files of a version, in the order of the bytes of their paths, unverified; none for a plain folder.
    fn files(&self, skill: SkillId, version: &str) -> Result<Vec<StoredFile>>;
    /// The bytes stored for a hash, unverified: the caller compares them with the hash.
    fn content(&self, hash: &str) -> Result<Option<Vec<u8>>>;
}

/// Searching skills.
///
/// Promise: a skill is served in the version that [`Serving::candidates`] would give an agent type without a pin of its
/// own.
pub trait Searching {
    /// Calls `each` with every skill, in order of their ids.
    fn searchable(&self, each: &mut dyn FnMut(Searchable)) -> Result<()>;
    /// The same for one skill.
    fn searchable_skill(&self, skill: SkillId) -> Result<Option<Searchable>>;
}

/// The catalogue of skills.
///
/// Promise: "newest" and "latest" refer to the order of recording, never to a clock. Names are ordered by their bytes.
pub trait Catalogue {
    /// The skill with this name, or else the one that had it before.
    fn skill(&self, name: &SkillName) -> Result<Option<Skill>>;
    /// The same. `next` is what will be read about it, so that an engine on a server can read all of it at once: twice
    /// what is read twice.
    fn skill_and(&self, name: &SkillName, next: &[About<'_>]) -> Result<Option<Skill>> {
        let _ = next;
        self.skill(name)
    }
    /// A page of the skills that match the filter, each with its agent types.
    fn list(&self, filter: &SkillFilter) -> Result<Vec<ListedSkill>>;
    /// The versions of a skill, newest first.
    fn versions(&self, skill: SkillId) -> Result<Vec<VersionRecord>>;
    /// The same versions by their numbers and bytes, for what is published: whether each is approved costs much to find
    /// out.
    fn version_bytes(&self, skill: SkillId) -> Result<Vec<VersionBytes>> {
        Ok(self.versions(skill)?.iter().map(VersionBytes::from).collect())
    }
    /// The decisions about a skill, newest first.
    fn approvals(&self, skill: SkillId) -> Result<Vec<Approval>>;
    /// The latest decision about a folder of a skill, in any version; without `folder_hash`, about a skill file alone.
    fn latest_decision(
        &self,
        skill: SkillId,
        content_hash: &str,
        folder_hash: Option<&str>,
    ) -> Result<Option<LatestDecision>>;
    /// The review state of a skill's current version.
    fn review(&self, skill: SkillId) -> Result<Review>;
    /// Every version that has these bytes as any file, or a folder with this hash, and every skill whose row has the
    /// hash; by name and version.
    fn holders(&self, hash: &str) -> Result<Vec<Holder>>;
    /// Current versions, and then enabled bootstrap skills, whose bytes are not in the database; both by name.
    fn unstored(&self) -> Result<Vec<Unstored>>;
    /// Every name of this kind, in any order, for hints when one is not found.
    fn names(&self, of: NameKind) -> Result<Vec<String>>;
    /// The first names of this kind that begin with a text, at most `most`, and the last one, so that what all of them
    /// begin with follows; in order. The cost depends on `most`, not on the size of the database.
    fn names_beginning(&self, of: NameKind, with: &str, most: usize) -> Result<Vec<String>>;
}

/// What the risk of a skill is assessed by.
///
/// Promise: other programs write these values too, so none is validated.
pub trait Criteria {
    /// The recorded test coverage of a skill; `None` also if it is not a number.
    fn test_coverage(&self, skill: SkillId) -> Result<Option<f64>>;
    /// The enabled criteria templates of a category, each with its level, in the order of recording.
    fn criteria_templates(&self, category: &str) -> Result<Vec<(ApprovalLevel, StoredJson)>>;
}

/// The mappings from agent types to skills.
///
/// Promise: agent types are ordered by the bytes of their names.
pub trait Mappings {
    /// The mappings of a skill, including disabled ones, by agent type.
    fn mappings(&self, skill: SkillId) -> Result<Vec<Mapping>>;
    /// Every agent type with an enabled mapping to an active skill, with counts.
    fn agent_types(&self) -> Result<Vec<AgentTypeCounts>>;
    /// Mappings of an agent type without effect, because they are disabled or their skill is not active; by name.
    fn silent_mappings(&self, agent_type: &AgentType) -> Result<Vec<SilentMapping>>;
    /// Agent types with an enabled mapping that are similar to a name: the name itself first, if it is one, then a
    /// limited number of others.
    fn agent_types_near(&self, name: &AgentType) -> Result<Vec<String>>;
}

/// The usage log.
///
/// Promise: sums are exactly those of the rows, however the engine computes them, and whichever program wrote the rows.
pub trait UsageLog {
    /// The current properties of a skill that a usage row of an agent type records; the skill may be given by a former
    /// name.
    fn used(&self, name: &SkillName, agent_type: &AgentType) -> Result<Option<UsedSkill>>;
    /// The version and bytes of a skill that an agent got last in a task; uses without both are ignored.
    fn got(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<(String, String)>>;
    /// The last use of a skill by an agent in a task that awaits its outcome.
    fn open_use(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<OpenUse>>;
    /// Rows of the usage log, newest first.
    fn usage_rows(&self, filter: &UsageFilter<'_>, most: usize) -> Result<Vec<UsageRow>>;
    /// Parts of archives on servers that may have such rows too. What is in the log is not there, and the other way round.
    fn archived_parts(&self, filter: &UsageFilter<'_>) -> Result<Vec<ArchivedPart>>;
    /// The names of these skills, but of those that are gone.
    fn skill_names(&self, skills: &[SkillId]) -> Result<Vec<(SkillId, String)>>;
    /// The usage log by skill, agent type and level; archived rows included.
    fn usage_cells(&self, days: Option<Days>) -> Result<Vec<UsageCell>>;
    /// The uses of these days in the log by origin, the most first. They are counted row by row.
    fn uses_by_origin(&self, days: Days, agent_type: Option<&str>, category: Option<&str>) -> Result<Vec<OriginUses>>;
    /// Uses by UTC day, in order, for the last `most` days with uses.
    fn uses_by_day(&self, days: Option<Days>, most: usize) -> Result<Vec<(Date, i64)>>;
}

/// Data for reports, besides the usage log. A category restricts it to skills of that category.
///
/// Promise: figures of one snapshot agree with each other, and with its [`Catalogue`].
pub trait Reports {
    /// Decisions of these days, in the order of deciding, each with the time when its version was recorded.
    fn decision_times(&self, days: Option<Days>, category: Option<&str>) -> Result<Vec<DecisionTime>>;
    /// Skills whose current version waits for review, in order of recording.
    fn waiting(&self, category: Option<&str>) -> Result<Vec<Waiting>>;
    /// The number of skills by level and status, in any order.
    fn levels(&self, category: Option<&str>) -> Result<Vec<(ApprovalLevel, String, i64)>>;
    /// Ids and names of active skills, by name.
    fn active_skills(&self, category: Option<&str>) -> Result<Vec<(SkillId, String)>>;
}

/// Edge cases, whichever program recorded them.
///
/// Promise: they are in the order of recording. They are not part of a [`Revision`], so answers about them are not kept.
pub trait EdgeCases {
    /// Every edge case, or those of one skill.
    fn edge_cases(&self, of: Option<SkillId>) -> Result<Vec<EdgeCase>>;
    /// One edge case, with its long texts.
    fn edge_case(&self, id: i64) -> Result<Option<(EdgeCase, EdgeCaseTexts)>>;
}

/// The state of the outbox: queued events and failed deliveries.
///
/// Promise: deliveries are in the order of queueing.
pub trait OutboxStatus {
    /// Whether a delivery is due.
    fn is_anything_due(&self, due: Due) -> Result<bool>;
    /// The first `most` queued deliveries after the one with this id, in order, without those that await their outcome.
    fn waiting_deliveries(&self, after: i64, most: usize) -> Result<Vec<Delivery>>;
    /// A summary of the outbox.
    fn outbox_summary(&self) -> Result<OutboxSummary>;
    /// Dead letters, in order.
    fn dead_letters(&self, most: usize) -> Result<Vec<Undelivered>>;
    /// Queued deliveries that have failed before, in order.
    fn failing_deliveries(&self, most: usize) -> Result<Vec<Undelivered>>;
    /// The end of the backoff, to the second.
    fn backoff_until(&self) -> Result<Option<Timestamp>>;
}
