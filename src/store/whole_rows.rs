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
