//! The rows, as plain values. What other programs do to them is in [`super::other_program`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cfn::model::{
    Approval, ApprovalLevel, Bootstrap, EdgeCase, EdgeCaseTexts, Event, Failures, Mapping, Outcome, Skill, SkillEvent,
    SkillId, StoredFile, StoredJson, StoredTime, VersionRecord,
};
use jiff::Timestamp;

/// Everything that a database holds. A transaction changes a copy, which takes the place of the whole when it commits.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    /// By key, so in the order of recording.
    pub(super) skills: BTreeMap<SkillId, SkillRow>,
    pub(super) versions: BTreeMap<i64, VersionRow>,
    pub(super) approvals: BTreeMap<i64, ApprovalRow>,
    /// Level, category, criteria, and whether they are enabled.
    pub(super) templates: Vec<(ApprovalLevel, String, StoredJson, bool)>,
    pub(super) mappings: Vec<MappingRow>,
    pub(super) contents: BTreeMap<String, Arc<[u8]>>,
    /// The files of versions, by the key of the version.
    pub(super) files: BTreeMap<i64, Vec<StoredFile>>,
    pub(super) bootstrap: Vec<BootstrapRow>,
    pub(super) usage: BTreeMap<i64, UsageEntry>,
    pub(super) outbox: BTreeMap<i64, Queued>,
    pub(super) edge_cases: BTreeMap<i64, (EdgeCase, EdgeCaseTexts)>,
    pub(super) former_names: BTreeMap<String, SkillId>,
    pub(super) events: BTreeMap<i64, (SkillId, SkillEvent)>,
    /// Rows that were added whole.
    pub(super) whole: BTreeMap<(cfn::store::RowKind, i64), cfn::store::Row>,
    pub(super) backoff_until: Option<Timestamp>,
    /// The last key that each table gave: none is given twice.
    pub(super) last: Keys,
    pub(super) revision: Counts,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Keys {
    pub(super) skill: i64,
    pub(super) version: i64,
    pub(super) approval: i64,
    pub(super) usage: i64,
    pub(super) outbox: i64,
    pub(super) edge_case: i64,
    pub(super) event: i64,
}

/// The latest counters of writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) catalogue: u64,
    pub(super) usage: u64,
}

#[derive(Debug, Clone)]
pub(super) struct SkillRow {
    pub(super) skill: Skill,
    pub(super) test_coverage: Option<f64>,
    pub(super) has_test_suite: bool,
    pub(super) replacement: Option<SkillId>,
}

/// `stored` and `approved` of the record are worked out when it is read.
#[derive(Debug, Clone)]
pub(super) struct VersionRow {
    pub(super) skill: SkillId,
    pub(super) record: VersionRecord,
}

#[derive(Debug, Clone)]
pub(super) struct ApprovalRow {
    pub(super) skill: SkillId,
    pub(super) approval: Approval,
}

#[derive(Debug, Clone)]
pub(super) struct MappingRow {
    pub(super) skill: SkillId,
    pub(super) mapping: Mapping,
}

#[derive(Debug, Clone)]
pub(super) struct BootstrapRow {
    pub(super) bootstrap: Bootstrap,
    pub(super) enabled: bool,
}

#[derive(Debug, Clone)]
pub(super) struct UsageEntry {
    pub(super) agent_id: String,
    pub(super) agent_type: String,
    pub(super) skill: SkillId,
    pub(super) task_id: Option<String>,
    pub(super) phase: Option<String>,
    pub(super) loaded_at: String,
    pub(super) approval_level: String,
    pub(super) version: Option<String>,
    pub(super) content_hash: Option<String>,
    pub(super) outcome: Outcome,
    /// While it waits for its outcome: what names its delivery, empty where there is none.
    pub(super) open: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Queued {
    pub(super) key: String,
    pub(super) pattern_id: i64,
    pub(super) event: Event,
    pub(super) created_at: StoredTime,
    /// When a dead letter became one, and why.
    pub(super) dead: Option<(StoredTime, String)>,
    pub(super) failures: Option<Failures>,
    /// Until when it waits for its outcome.
    pub(super) held_until: Option<Timestamp>,
}

impl Tables {
    pub(super) fn skill_named(&self, name: &str) -> Option<&SkillRow> {
        self.skills.values().find(|it| it.skill.name == name)
    }

    /// The skill with this name, or else the one that had it before.
    pub(super) fn skill_called(&self, name: &str) -> Option<&SkillRow> {
        self.skill_named(name).or_else(|| self.skills.get(self.former_names.get(name)?))
    }

    /// The versions of a skill, oldest first.
    pub(super) fn versions_of(&self, skill: SkillId) -> impl DoubleEndedIterator<Item = &VersionRecord> {
        self.versions.values().filter(move |it| it.skill == skill).map(|it| &it.record)
    }

    /// The version that has this number.
    pub(super) fn version(&self, skill: SkillId, number: &str) -> Option<&VersionRecord> {
        self.versions_of(skill).find(|it| it.version == number)
    }

    pub(super) fn is_stored(&self, hash: &str) -> bool {
        self.contents.contains_key(hash)
    }

    /// Agent types with an enabled mapping, by name.
    pub(super) fn agent_types(&self) -> BTreeSet<&str> {
        self.mappings.iter().filter(|it| it.mapping.enabled).map(|it| it.mapping.agent_type.as_str()).collect()
    }

    pub(super) fn mapping_mut(&mut self, skill: SkillId, agent_type: &str) -> Option<&mut Mapping> {
        let found = self.mappings.iter_mut().find(|it| it.skill == skill && it.mapping.agent_type == agent_type);
        found.map(|it| &mut it.mapping)
    }
}

/// The key after the last one.
pub(super) fn next(last: &mut i64) -> i64 {
    *last += 1;
    *last
}
