//! What this engine does not do yet.

#![allow(unused_imports, reason = "for the time being")]

use jiff::civil::Date;

use super::PostgresStore;
use super::state::State;
use crate::model::*;
use crate::store::*;

const NOT_YET: StoreError = StoreError::Defect("PostgreSQL cannot do this yet");

/// No index.
pub(super) struct NoIndex;

impl Serving for State<'_> {
    fn candidates(&self, _agent_type: &AgentType) -> Result<Vec<Candidate>> {
        Err(NOT_YET)
    }
    fn bootstrap(&self) -> Result<Vec<Bootstrap>> {
        Err(NOT_YET)
    }
    fn latest_pass_rate(&self, _skill: SkillId) -> Result<Option<f64>> {
        Err(NOT_YET)
    }
    fn front_matter(&self, _skill: SkillId, _version: &str) -> Result<Option<StoredJson>> {
        Err(NOT_YET)
    }
    fn files(&self, _skill: SkillId, _version: &str) -> Result<Vec<StoredFile>> {
        Err(NOT_YET)
    }
    fn content(&self, _hash: &str) -> Result<Option<Vec<u8>>> {
        Err(NOT_YET)
    }
}

impl Searching for State<'_> {
    fn searchable(&self, _each: &mut dyn FnMut(Searchable)) -> Result<()> {
        Err(NOT_YET)
    }
    fn searchable_skill(&self, _skill: SkillId) -> Result<Option<Searchable>> {
        Err(NOT_YET)
    }
}

impl Criteria for State<'_> {
    fn test_coverage(&self, _skill: SkillId) -> Result<Option<f64>> {
        Err(NOT_YET)
    }
    fn criteria_templates(&self, _category: &str) -> Result<Vec<(ApprovalLevel, StoredJson)>> {
        Err(NOT_YET)
    }
}

impl Mappings for State<'_> {
    fn mappings(&self, _skill: SkillId) -> Result<Vec<Mapping>> {
        Err(NOT_YET)
    }
    fn agent_types(&self) -> Result<Vec<AgentTypeCounts>> {
        Err(NOT_YET)
    }
    fn silent_mappings(&self, _agent_type: &AgentType) -> Result<Vec<SilentMapping>> {
        Err(NOT_YET)
    }
    fn agent_types_near(&self, _name: &AgentType) -> Result<Vec<String>> {
        Err(NOT_YET)
    }
}

impl UsageLog for State<'_> {
    fn used(&self, _name: &SkillName, _agent_type: &AgentType) -> Result<Option<UsedSkill>> {
        Err(NOT_YET)
    }
    fn got(&self, _skill: SkillId, _agent_id: &str, _task_id: &str) -> Result<Option<(String, String)>> {
        Err(NOT_YET)
    }
    fn open_use(&self, _skill: SkillId, _agent_id: &str, _task_id: &str) -> Result<Option<OpenUse>> {
        Err(NOT_YET)
    }
    fn usage_rows(&self, _filter: &UsageFilter<'_>, _most: usize) -> Result<Vec<UsageRow>> {
        Err(NOT_YET)
    }
    fn usage_cells(&self, _days: Option<Days>) -> Result<Vec<UsageCell>> {
        Err(NOT_YET)
    }
    fn uses_by_day(&self, _days: Option<Days>, _most: usize) -> Result<Vec<(Date, i64)>> {
        Err(NOT_YET)
    }
}

impl Reports for State<'_> {
    fn decision_times(&self, _days: Option<Days>, _category: Option<&str>) -> Result<Vec<DecisionTime>> {
        Err(NOT_YET)
    }
    fn waiting(&self, _category: Option<&str>) -> Result<Vec<Waiting>> {
        Err(NOT_YET)
    }
    fn levels(&self, _category: Option<&str>) -> Result<Vec<(ApprovalLevel, String, i64)>> {
        Err(NOT_YET)
    }
    fn active_skills(&self, _category: Option<&str>) -> Result<Vec<(SkillId, String)>> {
        Err(NOT_YET)
    }
}

impl EdgeCases for State<'_> {
    fn edge_cases(&self, _of: Option<SkillId>) -> Result<Vec<EdgeCase>> {
        Err(NOT_YET)
    }
    fn edge_case(&self, _id: i64) -> Result<Option<(EdgeCase, EdgeCaseTexts)>> {
        Err(NOT_YET)
    }
}

impl OutboxStatus for State<'_> {
    fn is_anything_due(&self, _due: Due) -> Result<bool> {
        Err(NOT_YET)
    }
    fn waiting_deliveries(&self, _after: i64, _most: usize) -> Result<Vec<Delivery>> {
        Err(NOT_YET)
    }
    fn outbox_summary(&self) -> Result<OutboxSummary> {
        Err(NOT_YET)
    }
    fn dead_letters(&self, _most: usize) -> Result<Vec<Undelivered>> {
        Err(NOT_YET)
    }
    fn failing_deliveries(&self, _most: usize) -> Result<Vec<Undelivered>> {
        Err(NOT_YET)
    }
    fn backoff_until(&self) -> Result<Option<i64>> {
        Err(NOT_YET)
    }
}

impl CriteriaWrites for State<'_> {
    fn record_assessment(&mut self, _decision: i64, _assessment: &StoredJson) -> Result<()> {
        Err(NOT_YET)
    }
}

impl UsageWrites for State<'_> {
    fn log_usage(&mut self, _usage: &Usage<'_>) -> Result<()> {
        Err(NOT_YET)
    }
    fn complete_usage(&mut self, _open: &OpenUse, _phase: Option<&str>, _outcome: &Outcome) -> Result<()> {
        Err(NOT_YET)
    }
}

impl EdgeCaseWrites for State<'_> {
    fn record_edge_case(&mut self, _skill: SkillId, _case: &NewEdgeCase<'_>) -> Result<i64> {
        Err(NOT_YET)
    }
    fn resolve_edge_case(&mut self, _id: i64, _note: Option<&str>, _now: Moment) -> Result<bool> {
        Err(NOT_YET)
    }
}

impl Outbox for State<'_> {
    fn announce_deployed(&mut self, _skill: SkillId, _now: Moment) -> Result<()> {
        Err(NOT_YET)
    }
    fn announce_updated(&mut self, _skill: SkillId, _now: Moment) -> Result<()> {
        Err(NOT_YET)
    }
    fn forget_delivered(&mut self, _delivery: &Delivery) -> Result<()> {
        Err(NOT_YET)
    }
    fn delivery_failed(&mut self, _delivery: &Delivery, _failures: &Failures) -> Result<()> {
        Err(NOT_YET)
    }
    fn bury(&mut self, _delivery: &Delivery, _reason: &str, _now: Moment) -> Result<()> {
        Err(NOT_YET)
    }
    fn retry_dead_letters(&mut self) -> Result<usize> {
        Err(NOT_YET)
    }
    fn back_off(&mut self, _until: Option<i64>) -> Result<()> {
        Err(NOT_YET)
    }
}

impl UsageSums for PostgresStore {
    fn is_behind(&mut self) -> Result<bool> {
        Err(NOT_YET)
    }
    fn catch_up(&mut self, _progress: &mut dyn FnMut(u64)) -> Result<()> {
        Err(NOT_YET)
    }
    fn prove(&mut self) -> Result<Proof> {
        Err(NOT_YET)
    }
    fn rebuild(&mut self, _progress: &mut dyn FnMut(u64)) -> Result<()> {
        Err(NOT_YET)
    }
}

impl SearchIndex for NoIndex {
    fn read(&mut self) -> Result<Box<dyn Postings + '_>> {
        Err(NOT_YET)
    }
    fn write(&mut self, _work: &mut dyn FnMut(&mut dyn PostingsWrites) -> Result<()>) -> Result<bool> {
        Err(NOT_YET)
    }
    fn clear(&mut self) -> Result<bool> {
        Err(NOT_YET)
    }
}
