//! A transaction: tables that are copied before the first change, and what the contract's reads and writes do with them. What has
//! more to it than a line is in the file of its noun.

use std::sync::Arc;

use cfn::model::{
    AgentType, ApprovalLevel, CacheKey, ContentHash, DecisionTime, Delivery, Failures, Moment, OpenUse, OriginUses,
    Outcome, Revision, SkillFolder, SkillId, SkillName, StoredJson, Tables as Read, Usage, UsageCell, UsageRow,
    UsedSkill, Waiting,
};
use cfn::settings::Queued;
use cfn::store::{
    ArchivedPart, CatalogueWrites, Claims, CriteriaWrites, Days, Due, NewApproval, NewMapping, NewSkill, NewVersion,
    Outbox, OutboxStatus, OutboxSummary, Pins, Reports, Result, Revisions, SkillChange, Undelivered, UsageFilter,
    UsageLog, UsageWrites,
};
use jiff::Timestamp;
use jiff::civil::Date;

use super::database::{Conflicts, Database, locked};
use super::errors::conflict;
use super::tables::Tables;

/// Everything as it was when it began, and what was changed since.
pub(super) struct MemoryTransaction<'d> {
    pub(super) database: &'d Database,
    pub(super) tables: Arc<Tables>,
    pub(super) queued: Queued,
    /// Whether another writer was in the way: then it cannot commit any more, whatever its work makes of the error.
    pub(super) conflicted: bool,
}

impl Database {
    pub(super) fn begin(&self, queued: Queued) -> (Arc<Tables>, MemoryTransaction<'_>) {
        let began = Arc::clone(&locked(&self.committed));
        let tables = Arc::clone(&began);
        (began, MemoryTransaction { database: self, tables, queued, conflicted: false })
    }
}

impl MemoryTransaction<'_> {
    pub(super) fn change(&mut self) -> Result<&mut Tables> {
        if self.conflicted || self.database.conflicts(Conflicts::AtFirstWrite) {
            self.conflicted = true;
            return Err(conflict());
        }
        Ok(Arc::make_mut(&mut self.tables))
    }

    pub(super) fn change_catalogue(&mut self) -> Result<&mut Tables> {
        let unique = self.database.unique();
        let tables = self.change()?;
        tables.revision.catalogue = unique;
        Ok(tables)
    }

    pub(super) fn change_usage(&mut self) -> Result<&mut Tables> {
        let unique = self.database.unique();
        let tables = self.change()?;
        tables.revision.usage = unique;
        Ok(tables)
    }

    /// The id of a delivery, unique across all databases and never reused.
    fn new_key(&self) -> String {
        format!("{:032x}", self.database.unique())
    }
}

impl Revisions for MemoryTransaction<'_> {
    fn revision(&self, of: Read) -> Result<Option<Revision>> {
        let counts = self.tables.revision;
        let usage = Some(counts.usage).filter(|_| of == Read::CatalogueAndUsage);
        let state = [Some(counts.catalogue), usage].into_iter().flatten().flat_map(u64::to_be_bytes).collect();
        Ok(Some(Revision::new(u128::from(self.database.id).to_be_bytes(), state, CacheKey([7; 32]))))
    }
}

impl UsageLog for MemoryTransaction<'_> {
    fn used(&self, name: &SkillName, agent_type: &AgentType) -> Result<Option<UsedSkill>> {
        Ok(self.tables.used(name.as_str(), agent_type.as_str()))
    }

    fn got(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<(String, String)>> {
        Ok(self.tables.got(skill, agent_id, task_id))
    }

    fn open_use(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<OpenUse>> {
        Ok(self.tables.open_use(skill, agent_id, task_id))
    }

    fn archived_parts(&self, _: &UsageFilter<'_>) -> Result<Vec<ArchivedPart>> {
        Ok(Vec::new())
    }

    fn skill_names(&self, skills: &[SkillId]) -> Result<Vec<(SkillId, String)>> {
        Ok(self.tables.skill_names(skills))
    }

    fn usage_rows(&self, filter: &UsageFilter<'_>, most: usize) -> Result<Vec<UsageRow>> {
        Ok(self.tables.usage_rows(filter, most))
    }

    fn usage_cells(&self, days: Option<Days>) -> Result<Vec<UsageCell>> {
        Ok(self.tables.usage_cells(days))
    }

    fn uses_by_origin(&self, days: Days, agent_type: Option<&str>, category: Option<&str>) -> Result<Vec<OriginUses>> {
        Ok(self.tables.uses_by_origin(days, agent_type, category))
    }

    fn uses_by_day(&self, days: Option<Days>, most: usize) -> Result<Vec<(Date, i64)>> {
        Ok(self.tables.uses_by_day(days, most))
    }
}

impl Reports for MemoryTransaction<'_> {
    fn decision_times(&self, days: Option<Days>, category: Option<&str>) -> Result<Vec<DecisionTime>> {
        Ok(self.tables.decision_times(days, category))
    }

    fn waiting(&self, category: Option<&str>) -> Result<Vec<Waiting>> {
        Ok(self.tables.waiting(category))
    }

    fn levels(&self, category: Option<&str>) -> Result<Vec<(ApprovalLevel, String, i64)>> {
        Ok(self.tables.levels(category))
    }

    fn active_skills(&self, category: Option<&str>) -> Result<Vec<(SkillId, String)>> {
        Ok(self.tables.active_skills(category))
    }
}

impl OutboxStatus for MemoryTransaction<'_> {
    fn is_anything_due(&self, due: Due) -> Result<bool> {
        Ok(self.tables.is_anything_due(due))
    }

    fn waiting_deliveries(&self, after: i64, most: usize) -> Result<Vec<Delivery>> {
        Ok(self.tables.waiting_deliveries(after, most))
    }

    fn outbox_summary(&self) -> Result<OutboxSummary> {
        Ok(self.tables.outbox_summary())
    }

    fn dead_letters(&self, most: usize) -> Result<Vec<Undelivered>> {
        Ok(self.tables.dead_letters(most))
    }

    fn failing_deliveries(&self, most: usize) -> Result<Vec<Undelivered>> {
        Ok(self.tables.failing_deliveries(most))
    }

    fn backoff_until(&self) -> Result<Option<Timestamp>> {
        Ok(self.tables.backoff_until)
    }
}

impl Outbox for MemoryTransaction<'_> {
    fn announce_deployed(&mut self, skill: SkillId, now: Moment) -> Result<()> {
        if self.queued != Queued::Nothing {
            let key = self.new_key();
            self.change()?.queue_deployed(skill, key, now);
        }
        Ok(())
    }

    fn announce_updated(&mut self, skill: SkillId, now: Moment) -> Result<()> {
        if self.queued == Queued::Everything {
            let key = self.new_key();
            self.change()?.queue_updated(skill, key, now);
        }
        Ok(())
    }

    fn forget_delivered(&mut self, delivery: &Delivery) -> Result<()> {
        self.change().map(|it| it.forget_delivered(delivery))
    }

    fn delivery_failed(&mut self, delivery: &Delivery, failures: &Failures) -> Result<()> {
        if let Some(queued) = self.change()?.queued(delivery).filter(|it| it.dead.is_none()) {
            queued.failures = Some(failures.clone());
        }
        Ok(())
    }

    fn bury(&mut self, delivery: &Delivery, reason: &str, now: Moment) -> Result<()> {
        if let Some(queued) = self.change()?.queued(delivery) {
            queued.dead = Some((now.into(), reason.to_owned()));
        }
        Ok(())
    }

    fn retry_dead_letters(&mut self) -> Result<usize> {
        self.change().map(Tables::retry_dead_letters)
    }

    fn back_off(&mut self, until: Option<Timestamp>) -> Result<()> {
        self.change().map(|it| it.backoff_until = until)
    }
}

impl Claims for MemoryTransaction<'_> {
    fn claim(&mut self, _: &[&str]) -> Result<()> {
        Ok(())
    }
}

impl CatalogueWrites for MemoryTransaction<'_> {
    fn insert_skill(&mut self, skill: &NewSkill<'_>, version: &NewVersion<'_>) -> Result<SkillId> {
        self.change_catalogue()?.insert_skill(skill, version)
    }

    fn update_skill(&mut self, skill: SkillId, change: &SkillChange<'_>) -> Result<()> {
        self.change_catalogue().map(|it| it.update_skill(skill, change))
    }

    fn record_version(&mut self, skill: SkillId, version: &NewVersion<'_>) -> Result<()> {
        self.change_catalogue()?.record_version(skill, version)
    }

    fn attach_folder(&mut self, version_id: i64, folder: &SkillFolder) -> Result<()> {
        self.change_catalogue().map(|it| it.attach_folder(version_id, folder))
    }

    fn describe_version(&mut self, version_id: i64, front_matter: Option<&StoredJson>) -> Result<()> {
        self.change_catalogue().map(|it| it.describe_version(version_id, front_matter))
    }

    fn store_content(&mut self, hash: &ContentHash, bytes: &[u8]) -> Result<()> {
        self.change_catalogue().map(|it| it.store_content(hash, bytes))
    }

    fn record_approval(&mut self, skill: SkillId, approval: &NewApproval<'_>) -> Result<()> {
        self.change_catalogue()?.record_approval(skill, approval)
    }

    fn add_mapping(&mut self, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()> {
        self.change_catalogue()?.add_mapping(skill, mapping)
    }

    fn change_mapping(&mut self, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()> {
        self.change_catalogue().map(|it| it.change_mapping(skill, mapping))
    }

    fn remove_mapping(&mut self, skill: SkillId, agent_type: &AgentType) -> Result<bool> {
        self.change_catalogue().map(|it| it.remove_mapping(skill, agent_type.as_str()))
    }
}

impl Pins for MemoryTransaction<'_> {
    fn pin(
        &mut self,
        skill: SkillId,
        agent_type: Option<&AgentType>,
        version: Option<&str>,
        now: Moment,
    ) -> Result<()> {
        self.change_catalogue().map(|it| it.pin(skill, agent_type.map(AgentType::as_str), version, now))
    }
}

impl CriteriaWrites for MemoryTransaction<'_> {
    fn record_assessment(&mut self, decision: i64, assessment: &StoredJson) -> Result<()> {
        self.change_catalogue().map(|it| it.record_assessment(decision, assessment))
    }
}

impl UsageWrites for MemoryTransaction<'_> {
    fn log_usage(&mut self, usage: &Usage<'_>) -> Result<()> {
        let (everything, key) = (self.queued == Queued::Everything, self.new_key());
        let tables = self.change_usage()?;
        tables.skill_mut(usage.skill_id)?;
        let delivery = if everything { tables.queue_use(usage, &key) } else { None };
        tables.append_usage(usage, usage.awaits_outcome().then(|| delivery.unwrap_or_default()));
        Ok(())
    }

    fn complete_usage(&mut self, open: &OpenUse, phase: Option<&str>, outcome: &Outcome) -> Result<()> {
        let (everything, key) = (self.queued == Queued::Everything, self.new_key());
        let tables = self.change_usage()?;
        if let Some(entry) = tables.complete_use(open.id, phase, outcome).cloned() {
            tables.queue_outcome(open, &entry, key, everything);
        }
        Ok(())
    }
}
