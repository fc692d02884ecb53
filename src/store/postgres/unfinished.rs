//! What this engine does not do yet.

#![allow(unused_imports, reason = "for the time being")]

use jiff::civil::Date;

use super::PostgresStore;
use super::state::State;
use crate::model::*;
use crate::store::*;

const NOT_YET: StoreError = StoreError::Defect("PostgreSQL cannot do this yet");

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

impl UsageWrites for State<'_> {
    fn log_usage(&mut self, _usage: &Usage<'_>) -> Result<()> {
        Err(NOT_YET)
    }
    fn complete_usage(&mut self, _open: &OpenUse, _phase: Option<&str>, _outcome: &Outcome) -> Result<()> {
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
