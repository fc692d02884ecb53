//! The tables that a follower has from its primary.

use crate::store::copying::{TABLES, Table};

/// How rows of a table are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belongs {
    /// They belong to the skill with the id in this column.
    ToSkill(&'static str),
    /// The same, and those that meet the condition concern every skill: the bytes that they are about may be anywhere.
    ToSkillOrAll(&'static str, &'static str),
    /// They belong to the version with the id in this column.
    ToVersion(&'static str),
    /// The table is small, and always pulled as a whole.
    ToNothing,
}

/// The followed tables, in an order in which rows can be written: what a trigger would add to a skill is there before the skill. The
/// bytes are no part of this: they are found by their hashes.
const FOLLOWED: [(&str, Belongs); 11] = [
    ("skill_versions", Belongs::ToSkill("skill_id")),
    ("skill_files", Belongs::ToVersion("version_id")),
    ("skills", Belongs::ToSkill("id")),
    ("cfn_aliases", Belongs::ToSkill("skill_id")),
    ("cfn_events", Belongs::ToSkillOrAll("skill_id", "event IN ('revoked', 'purged')")),
    ("approval_history", Belongs::ToSkill("skill_id")),
    ("agent_skill_mappings", Belongs::ToSkill("skill_id")),
    ("phase4_skill_generation", Belongs::ToSkill("skill_id")),
    ("edge_case_tracking", Belongs::ToSkill("skill_id")),
    ("bootstrap_skills", Belongs::ToNothing),
    ("approval_criteria_templates", Belongs::ToNothing),
];

/// Columns that name bytes by their hashes.
const NAMING: [(&str, &str); 4] = [
    ("skill_versions", "content_hash"),
    ("skill_files", "hash"),
    ("skills", "content_hash"),
    ("bootstrap_skills", "content_hash"),
];

/// Every followed table.
pub fn followed() -> impl Iterator<Item = (&'static Table, Belongs)> {
    let table = |name: &str| TABLES.iter().find(|it| it.name == name);
    FOLLOWED.iter().filter_map(move |(name, belongs)| Some((table(name)?, *belongs)))
}

/// The column of a table that names bytes.
#[must_use]
pub fn naming_column(table: &Table) -> Option<usize> {
    let (_, name) = NAMING.iter().find(|(of, _)| *of == table.name)?;
    table.columns.iter().position(|it| it.name == *name)
}

#[cfg(test)]
mod tests {
    use super::{FOLLOWED, NAMING, followed, naming_column};

    #[test]
    fn every_followed_table_and_column_is_one_that_is_copied() {
        assert_eq!(followed().count(), FOLLOWED.len());
        assert_eq!(followed().filter(|(table, _)| naming_column(table).is_some()).count(), NAMING.len());
    }
}
