//! Whole rows, with every column, for documents that take them to another database.

use serde_json::{Map, Value};

use super::Result;
use crate::model::SkillId;

/// A row: its columns by name, without those that are NULL. Other programs may have written any type of value.
pub type Row = Map<String, Value>;

/// The tables whose rows are read and added whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    /// `skills`.
    Skill,
    /// `skill_versions`.
    Version,
    /// `agent_skill_mappings`.
    Mapping,
    /// `approval_history`.
    Approval,
    /// `skill_usage_log`.
    Usage,
}

impl RowKind {
    /// The table, the column with the skill, and the columns besides the key.
    pub(super) fn table(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::Skill => ("skills", "id", SKILL),
            Self::Version => ("skill_versions", "skill_id", VERSION),
            Self::Mapping => ("agent_skill_mappings", "skill_id", MAPPING),
            Self::Approval => ("approval_history", "skill_id", APPROVAL),
            Self::Usage => ("skill_usage_log", "skill_id", USAGE),
        }
    }
}

#[rustfmt::skip]
const SKILL: &[&str] = &[
    "name", "category", "team", "content_path", "content_hash", "tags", "version", "status", "approval_level",
    "approval_criteria", "last_approved_by", "last_approval_date", "test_coverage", "test_suite_path",
    "required_test_pass_rate", "phase4_pattern_id", "generated_by", "is_auto_generated", "deprecation_note",
    "replacement_id", "owner", "created_at", "updated_at", "pinned_version",
];

#[rustfmt::skip]
const VERSION: &[&str] = &[
    "skill_id", "version", "content_hash", "content_path", "front_matter", "approval_level", "source", "created_at",
    "folder_hash",
];

#[rustfmt::skip]
const MAPPING: &[&str] = &[
    "agent_type", "skill_id", "priority", "required", "conditions", "tdd_condition", "notes", "enabled", "created_at",
    "updated_at", "pinned_version",
];

#[rustfmt::skip]
const APPROVAL: &[&str] = &[
    "skill_id", "version", "approval_level", "approver", "decision", "reasoning", "risk_assessment", "test_results",
    "approval_criteria_check", "escalation_reason", "escalated_to", "escalation_timestamp", "timestamp",
    "review_duration_minutes", "content_hash", "folder_hash",
];

#[rustfmt::skip]
const USAGE: &[&str] = &[
    "agent_id", "agent_type", "skill_id", "task_id", "phase", "loaded_at", "execution_time_ms", "confidence_before",
    "confidence_after", "success_indicator", "test_suite_executed", "test_pass_rate", "notes", "approval_level",
    "phase4_generated", "exit_code", "version", "content_hash", "tokens_avoided", "cost_avoided_usd",
];

/// Reading whole rows.
///
/// Promise: rows are in the order of recording, each with its key as `id`.
pub trait WholeRows {
    /// The first `most` rows after the one with this key: those of a skill, or all.
    fn whole_rows(&self, of: RowKind, skill: Option<SkillId>, after: i64, most: usize) -> Result<Vec<Row>>;
}

/// Adding whole rows.
///
/// Promise: a row is added as it is, with a new key if it has no `id`; nothing is queued for it. Columns that a table does not
/// have are ignored.
pub trait WholeRowWrites {
    /// Adds a row, and returns its key. Refused if the key or the name is taken. A version that is recorded already is
    /// replaced, and becomes the newest one.
    fn add_whole_row(&mut self, of: RowKind, row: &Row) -> Result<i64>;
    /// Sets the replacement of a skill, and changes nothing else in its row.
    fn link_replacement(&mut self, skill: SkillId, replacement: SkillId) -> Result<()>;
}
