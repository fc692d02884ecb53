//! Uses in archives: which part of an archive may have those of a task or a skill, and rows as reports show them.
//!
//! A part leaves a gist behind: its newest id, and a short hash of each of its tasks and skills. So nobody asks a server for
//! uses that it does not have. A part without a gist, of an older cfn or of a copied database, is always asked for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::format::{PART, refused};
use super::values::{Value, id_of};
use crate::model::{SkillId, UsageRow};
use crate::store::{Result, StoreError, UsageFilter};

/// The length of an id, and of a hash.
const LENGTH: usize = 8;

/// A part of an archive whose rows are out of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedPart {
    /// The server.
    pub place: String,
    /// The archive has rows from before this day.
    pub before: String,
    /// The SHA-256 of all of its rows.
    pub sha256: String,
    /// The id of the database whose rows these are.
    pub database: String,
    /// The number of the part.
    pub part: i64,
    /// The highest id in the part; `None` if that is not known.
    pub newest: Option<i64>,
    /// The ids of rows that stayed in the log.
    pub kept: Vec<i64>,
}

impl ArchivedPart {
    /// The numbers of its rows in the archive: the first, and the one after the last.
    pub(in crate::store) fn numbers(&self) -> (i64, i64) {
        let length = i64::try_from(PART).unwrap_or(i64::MAX);
        (self.part.saturating_mul(length), self.part.saturating_add(1).saturating_mul(length))
    }

    /// The error if its archive is not where it should be.
    #[must_use]
    pub fn gone(&self) -> StoreError {
        let why = format!("it has no rows of this database from the month before {}", self.before);
        refused(self.place.as_ref(), &why)
    }
}

/// A row of an archive.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedUse {
    /// The id of its skill.
    pub skill: Option<SkillId>,
    /// The row, without the name of the skill.
    pub row: UsageRow,
}

/// Where uses in archives are read, without the other rows.
pub trait ArchivedUses {
    /// The newest rows of a part, at most so many, newest first. They are not compared with the digest, for which all rows would
    /// have to be read. `None` if the archive is not there any more.
    fn uses(&mut self, of: &ArchivedPart, filter: &UsageFilter<'_>, most: usize) -> Result<Option<Vec<ArchivedUse>>>;
}

/// The name of a part's gist. The rows decide what it is, so that one left behind is right again when they come back.
pub(in crate::store) fn gist_name(sha256: &str, part: i64) -> String {
    format!("archive {sha256} {part}")
}

/// The name of the mark that all rows of an archive are back, while the archive may still be there.
pub(in crate::store) fn back_name(sha256: &str) -> String {
    format!("archive {sha256} is back")
}

/// The gist of a part.
pub(in crate::store) fn gist_of(names: &[String], rows: &[Vec<Value>]) -> Vec<u8> {
    let newest = rows.iter().map(|row| id_of(names, row)).max().unwrap_or(i64::MIN);
    let at = |name: &str| names.iter().position(|it| it.eq_ignore_ascii_case(name));
    let (task, skill) = (at("task_id"), at("skill_id"));
    let mut hashes = BTreeSet::new();
    for row in rows {
        let value = |at: Option<usize>| at.and_then(|it| row.get(it));
        if let Some(Value::Text(task)) = value(task) {
            hashes.insert(hash(b"task", task));
        }
        if let Some(Value::Integer(skill)) = value(skill) {
            hashes.insert(hash(b"skill", &skill.to_be_bytes()));
        }
    }
    newest.to_be_bytes().into_iter().chain(hashes.into_iter().flatten()).collect()
}

/// What a gist contains if its part has such rows. By chance it may also contain it without.
pub(in crate::store) fn trace_of(filter: &UsageFilter<'_>) -> [u8; LENGTH] {
    match filter {
        UsageFilter::Task(task) => hash(b"task", task.as_bytes()),
        UsageFilter::Skill(skill) => hash(b"skill", &skill.0.to_be_bytes()),
    }
}

/// The highest id, by the beginning of a gist.
pub(in crate::store) fn newest_of(gist: &[u8]) -> Option<i64> {
    gist.first_chunk::<LENGTH>().map(|it| i64::from_be_bytes(*it))
}

fn hash(kind: &[u8], value: &[u8]) -> [u8; LENGTH] {
    let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(value).finalize();
    digest.first_chunk::<LENGTH>().copied().unwrap_or_default()
}

/// A row as reports show it, if it passes the filter.
pub(in crate::store) fn use_of(names: &[String], row: &[Value], filter: &UsageFilter<'_>) -> Option<ArchivedUse> {
    let value = |name: &str| {
        let at = names.iter().position(|it| it.eq_ignore_ascii_case(name));
        at.and_then(|it| row.get(it)).unwrap_or(&Value::Null)
    };
    let number = |name: &str| if let Value::Integer(number) = value(name) { Some(*number) } else { None };
    let text = |name: &str| match value(name) {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(bits) => Some(f64::from_bits(*bits).to_string()),
        Value::Text(bytes) | Value::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
    };
    let passes = match filter {
        UsageFilter::Task(task) => matches!(value("task_id"), Value::Text(it) if it == task.as_bytes()),
        UsageFilter::Skill(skill) => number("skill_id") == Some(skill.0),
    };
    passes.then(|| ArchivedUse {
        skill: number("skill_id").map(SkillId),
        row: UsageRow {
            id: id_of(names, row),
            skill: None,
            agent_id: text("agent_id").unwrap_or_default(),
            agent_type: text("agent_type").unwrap_or_default(),
            task_id: text("task_id"),
            phase: text("phase"),
            loaded_at: text("loaded_at").unwrap_or_default().into(),
            version: text("version"),
            content_hash: text("content_hash"),
            execution_time_ms: number("execution_time_ms"),
            exit_code: number("exit_code"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{gist_of, newest_of, trace_of, use_of};
    use crate::model::SkillId;
    use crate::store::UsageFilter;
    use crate::store::archives::Value;

    #[test]
    fn a_gist_tells_which_tasks_and_skills_a_part_has() {
        let names = ["id", "skill_id", "task_id"].map(str::to_owned);
        let row = |id, skill, task: Option<&str>| {
            vec![Value::Integer(id), skill, task.map_or(Value::Null, |it| Value::Text(it.into()))]
        };
        let rows =
            [row(7, Value::Integer(1), Some("t")), row(9, Value::Null, None), row(8, Value::Integer(1), Some("u"))];
        let gist = gist_of(&names, &rows);
        assert_eq!((newest_of(&gist), gist.len()), (Some(9), 4 * 8));
        let has = |filter| gist.windows(8).any(|it| it == trace_of(&filter));
        for (filter, expected) in [
            (UsageFilter::Task("t"), true),
            (UsageFilter::Task("u"), true),
            (UsageFilter::Task("v"), false),
            (UsageFilter::Skill(SkillId(1)), true),
            (UsageFilter::Skill(SkillId(2)), false),
        ] {
            assert_eq!(has(filter), expected, "{filter:?}");
            assert_eq!(rows.iter().any(|it| use_of(&names, it, &filter).is_some()), expected, "{filter:?}");
        }
        assert_eq!(newest_of(b"short"), None);
    }
}
