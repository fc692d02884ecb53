//! `skill diff`: the differences between two versions of a skill, by line.

use std::time::Duration;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::body::require_body;
use super::error::{Result, require_skill, require_version};
use crate::model::{Skill, SkillName, Version, VersionRecord};
use crate::store::{Snapshot, Store};

/// The time after which a comparison is no longer the shortest one: files of strangers may be made to take forever.
const LONGEST: Duration = Duration::from_secs(2);

/// Number of context lines around a change.
const CONTEXT: usize = 3;

/// The versions to compare.
#[derive(Debug, Clone)]
pub struct Diff<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// The earlier one; by default the version that agents get, else the previous one.
    pub from: Option<Version>,
    /// The later one; by default the current bytes.
    pub to: Option<Version>,
}

/// Two versions, and their differences.
#[derive(Debug, Clone, Serialize)]
pub struct DiffReport {
    /// The skill.
    pub name: String,
    /// The earlier version; `None` if there is none.
    pub from: Option<String>,
    /// The later version.
    pub to: String,
    /// The changes, with context lines.
    pub hunks: Vec<Hunk>,
    /// Number of added lines.
    pub added: usize,
    /// Number of removed lines.
    pub removed: usize,
}

/// Adjacent lines.
#[derive(Debug, Clone, Serialize)]
pub struct Hunk {
    /// The first line of the earlier version, from 1.
    pub from_line: usize,
    /// The first line of the later version, from 1.
    pub to_line: usize,
    /// The lines, in order.
    pub lines: Vec<DiffLine>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffLine {
    /// The change.
    pub change: LineChange,
    /// Its text, without the line end.
    pub text: String,
}

/// The change of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LineChange {
    /// It is in both versions.
    Same,
    /// It is in the later version only.
    Added,
    /// It is in the earlier version only.
    Removed,
}

/// Compares two versions, from one snapshot. Bytes are hashed before they are compared.
pub fn diff(store: &mut dyn Store, request: &Diff<'_>) -> Result<DiffReport> {
    let snapshot = store.read()?;
    let skill = require_skill(snapshot.as_ref(), request.name)?;
    compare(snapshot.as_ref(), &skill, request.from, request.to)
}

/// The same inside a snapshot.
pub(super) fn compare(
    snapshot: &dyn Snapshot,
    skill: &Skill,
    from: Option<Version>,
    to: Option<Version>,
) -> Result<DiffReport> {
    let versions = snapshot.versions(skill.id)?;
    let (to, to_hash) = match to {
        Some(version) => {
            require_version(&skill.name, &versions, version).map(|it| (it.version.clone(), it.content_hash.clone()))?
        }
        None => (skill.version.clone(), skill.content_hash.clone()),
    };
    let from = match from {
        Some(version) => Some(require_version(&skill.name, &versions, version)?),
        None => before(skill, &versions, &to_hash),
    };
    between(snapshot, skill, from, (&to, &to_hash)).map(|it| it.0)
}

/// The changes since the newest approved version with other bytes, and the current text.
pub(super) fn since_approved(snapshot: &dyn Snapshot, skill: &Skill) -> Result<(DiffReport, String)> {
    let versions = snapshot.versions(skill.id)?;
    let approved = versions.iter().find(|it| it.approved && it.content_hash != skill.content_hash);
    between(snapshot, skill, approved, (&skill.version, &skill.content_hash))
}

/// The changes from one version, if any, to another; and the text of the latter.
fn between(
    snapshot: &dyn Snapshot,
    skill: &Skill,
    from: Option<&VersionRecord>,
    (to, to_hash): (&str, &str),
) -> Result<(DiffReport, String)> {
    let earlier = from
        .map(|it| require_body(snapshot, &skill.name, &it.version, &it.content_hash))
        .transpose()?
        .unwrap_or_default();
    let later = require_body(snapshot, &skill.name, to, to_hash)?;
    let hunks = hunks(&earlier, &later);
    let count = |change| hunks.iter().flat_map(|it| &it.lines).filter(|it| it.change == change).count();
    let report = DiffReport {
        name: skill.name.clone(),
        from: from.map(|it| it.version.clone()),
        to: to.to_owned(),
        added: count(LineChange::Added),
        removed: count(LineChange::Removed),
        hunks,
    };
    Ok((report, later))
}

/// The approved pinned version with other bytes, else the newest approved one, else the newest one.
fn before<'v>(skill: &Skill, versions: &'v [VersionRecord], hash: &str) -> Option<&'v VersionRecord> {
    let others = || versions.iter().filter(|it| it.content_hash != hash);
    let pinned = others().find(|it| it.approved && Some(&it.version) == skill.pinned_version.as_ref());
    pinned.or_else(|| others().find(|it| it.approved)).or_else(|| others().next())
}

fn hunks(earlier: &str, later: &str) -> Vec<Hunk> {
    let diff = TextDiff::configure().timeout(LONGEST).diff_lines(earlier, later);
    let mut hunks = Vec::new();
    for group in diff.grouped_ops(CONTEXT) {
        let Some(first) = group.first() else { continue };
        let lines = group.iter().flat_map(|it| diff.iter_changes(it)).map(|it| DiffLine {
            change: match it.tag() {
                ChangeTag::Equal => LineChange::Same,
                ChangeTag::Insert => LineChange::Added,
                ChangeTag::Delete => LineChange::Removed,
            },
            text: it.value().trim_end_matches(['\n', '\r']).to_owned(),
        });
        hunks.push(Hunk {
            from_line: first.old_range().start + 1,
            to_line: first.new_range().start + 1,
            lines: lines.collect(),
        });
    }
    hunks
}

#[cfg(test)]
mod tests {
    use super::{LineChange, hunks};

    /// The numbers from 1 on, a line each.
    fn numbers(most: usize) -> String {
        let numbers: Vec<_> = (1..=most).map(|it| it.to_string()).collect();
        numbers.join("\n") + "\n"
    }

    #[test]
    fn changes_come_with_the_lines_around_them() {
        let earlier = numbers(20);
        let hunks = hunks(&earlier, &earlier.replace("\n10\n", "\nten\nand more\n"));
        let places: Vec<_> = hunks.iter().map(|it| (it.from_line, it.to_line, it.lines.len())).collect();
        assert_eq!(places, [(7, 7, 9)]);
        let changed = hunks.iter().flat_map(|it| &it.lines).filter(|it| it.change != LineChange::Same);
        let texts: Vec<_> = changed.map(|it| (it.change, it.text.as_str())).collect();
        let expected = [(LineChange::Removed, "10"), (LineChange::Added, "ten"), (LineChange::Added, "and more")];
        assert_eq!(texts, expected);
    }

    #[test]
    fn equal_texts_have_no_hunks_and_far_changes_have_their_own() {
        assert!(hunks("a\nb\n", "a\nb\n").is_empty());
        let earlier = numbers(40);
        let later = earlier.replacen("2\n", "two\n", 1).replace("\n39\n", "\nthirty-nine\n");
        assert_eq!(hunks(&earlier, &later).len(), 2);
    }
}
