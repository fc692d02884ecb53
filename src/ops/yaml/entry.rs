//! What a document has about a skill, a mapping, a decision and a use. Text is kept as it is spelled: `1.10` is a version, and
//! no number. Unknown keys are ignored.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::error::DocumentError;
use super::folder::FileEntry;
use crate::ops::error::Result;
use crate::store::Row;

/// A text column with JSON: YAML of any form, or the text itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Json(pub(super) String);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            value => serde_json::to_string(&value).map(Self).map_err(D::Error::custom),
        }
    }
}

/// A column that holds 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Flag(pub(super) i64);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(flag) => Ok(Self(flag.into())),
            Value::Number(number) if matches!(number.as_i64(), Some(0 | 1)) => Ok(Self(number.as_i64().unwrap_or(0))),
            _ => Err(D::Error::custom("expected true, false, 0 or 1")),
        }
    }
}

/// Declares an entry, each of whose columns may be missing.
macro_rules! entry {
    ($(#[$about:meta])* $name:ident { $($column:ident: $type:ty),+ $(,)? } $($(#[$attribute:meta])* $more:ident: $of:ty)?) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub(super) struct $name {
            $(#[serde(skip_serializing_if = "Option::is_none")] pub(super) $column: Option<$type>,)+
            $($(#[$attribute])* pub(super) $more: $of,)?
        }
    };
}

entry! {
    /// A skill.
    SkillEntry {
        id: i64, name: String, category: String, team: String, content_path: String, content_hash: String, tags: Json,
        version: String, status: String, approval_level: String, approval_criteria: Json, last_approved_by: String,
        last_approval_date: String, test_coverage: f64, test_suite_path: String, required_test_pass_rate: f64,
        phase4_pattern_id: i64, generated_by: String, is_auto_generated: Flag, deprecation_note: String,
        replacement_id: i64, owner: String, created_at: String, updated_at: String, pinned_version: String,
        content: String,
    }
    #[serde(skip_serializing)] versions: Vec<VersionEntry>
}

entry! {
    /// A version of a skill.
    VersionEntry {
        id: i64, version: String, content_hash: String, content_path: String, approval_level: String, source: String,
        created_at: String, content: String, folder_hash: String,
    }
    #[serde(skip_serializing)] files: Vec<FileEntry>
}

entry! {
    /// A mapping.
    MappingEntry {
        id: i64, agent_type: String, skill_id: i64, priority: i64, required: Flag, conditions: Json,
        tdd_condition: Json, notes: String, enabled: Flag, created_at: String, updated_at: String,
        pinned_version: String,
    }
}

entry! {
    /// A decision.
    ApprovalEntry {
        id: i64, skill_id: i64, version: String, approval_level: String, approver: String, decision: String,
        reasoning: String, risk_assessment: Json, test_results: Json, approval_criteria_check: Json,
        escalation_reason: String, escalated_to: String, escalation_timestamp: String, timestamp: String,
        review_duration_minutes: i64, content_hash: String, folder_hash: String,
    }
}

entry! {
    /// A use.
    UsageEntry {
        id: i64, agent_id: String, agent_type: String, skill_id: i64, task_id: String, phase: String,
        loaded_at: String, execution_time_ms: i64, confidence_before: f64, confidence_after: f64,
        success_indicator: Flag, test_suite_executed: Flag, test_pass_rate: f64, notes: String,
        approval_level: String, phase4_generated: Flag, exit_code: i64, version: String, content_hash: String,
        tokens_avoided: i64, cost_avoided_usd: f64,
    }
}

impl SkillEntry {
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    pub(super) fn hash(&self) -> &str {
        self.content_hash.as_deref().unwrap_or_default()
    }

    /// The current version, if the document lists it.
    pub(super) fn current(&self) -> Option<&VersionEntry> {
        self.versions.iter().find(|it| it.version == self.version && it.content_hash == self.content_hash)
    }

    /// The versions; in a document of the old scripts, only the current one.
    pub(super) fn versions(&mut self) -> Vec<VersionEntry> {
        let versions = std::mem::take(&mut self.versions);
        if !versions.is_empty() {
            return versions;
        }
        vec![VersionEntry {
            id: None,
            version: self.version.clone(),
            content_hash: self.content_hash.clone(),
            content_path: self.content_path.clone(),
            approval_level: self.approval_level.clone(),
            source: Some("import".to_owned()),
            created_at: self.created_at.clone(),
            content: self.content.take(),
            folder_hash: None,
            files: Vec::new(),
        }]
    }
}

impl VersionEntry {
    /// The hashes of its folder and of all files in it.
    pub(super) fn hashes(&self) -> impl Iterator<Item = &str> {
        let own = [&self.content_hash, &self.folder_hash].into_iter().flatten().map(String::as_str);
        own.chain(self.files.iter().map(FileEntry::hash))
    }

    /// The size of its contents in the document.
    pub(super) fn len(&self) -> usize {
        self.content.as_ref().map_or(0, String::len) + self.files.iter().map(FileEntry::len).sum::<usize>()
    }
}

/// An entry as a row.
pub(super) fn row(entry: &impl Serialize) -> Result<Row> {
    match serde_json::to_value(entry) {
        Ok(Value::Object(row)) => Ok(row),
        _ => Err(DocumentError::Invalid { problem: "a value cannot be stored".to_owned() }.into()),
    }
}
