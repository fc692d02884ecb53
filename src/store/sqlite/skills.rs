//! `skills`: one row per skill, with its current version.

use rusqlite::{Connection, Result, params};

use super::approvals::review;
use super::rows::{Fields, first};
use super::verified;
use crate::model::{ApprovalLevel, Review, Skill, SkillId, SkillName, Status, StoredTags, VersionSource};
use crate::store::{NewSkill, NewVersion, SkillChange};

/// The columns of a [`Skill`], in the order of [`read`]. Partial databases of users may lack values that ours never lack.
macro_rules! columns {
    () => {
        "s.id, s.name, s.category, s.team, s.content_path, s.content_hash, s.tags, s.version, coalesce(s.status, 'active'),
         s.approval_level, s.last_approved_by, s.last_approval_date, s.phase4_pattern_id, s.generated_by, s.owner, s.created_at, s.updated_at, s.pinned_version"
    };
}

pub(super) use columns;

pub(super) const FIND: &str = concat!("SELECT ", columns!(), " FROM skills s WHERE s.name = ?1");

/// The skill that had a name before, by the id that [`FORMER`] finds.
const FIND_FORMER: &str = concat!("SELECT ", columns!(), " FROM skills s WHERE s.id = ?1");

/// Apart, since most names are of no skill before: a shorter statement takes less time to prepare.
const FORMER: &str = "SELECT skill_id FROM cfn_aliases WHERE name = ?1";

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Skill> {
    Ok(Skill {
        id: SkillId(fields.get()?),
        name: fields.text()?,
        category: fields.text()?,
        team: fields.maybe_text()?,
        content_path: fields.text()?,
        content_hash: fields.text()?,
        tags: fields.stored()?,
        version: fields.text()?,
        status: fields.text()?,
        approval_level: fields.level()?,
        last_approved_by: fields.maybe_text()?,
        last_approval_date: fields.stored()?,
        phase4_pattern_id: fields.number()?,
        generated_by: fields.maybe_text()?,
        owner: fields.maybe_text()?,
        created_at: fields.stored()?,
        updated_at: fields.stored()?,
        pinned_version: fields.maybe_text()?,
    })
}

pub(super) fn find(connection: &Connection, name: &SkillName) -> Result<Option<Skill>> {
    if let Some(found) = first(connection, FIND, [name.as_str()], |row| read(&mut Fields::new("skills", row)))? {
        return Ok(Some(found));
    }
    let former = first(connection, FORMER, [name.as_str()], |row| Fields::new("cfn_aliases", row).number())?;
    let Some(former) = former.flatten() else { return Ok(None) };
    first(connection, FIND_FORMER, [former], |row| read(&mut Fields::new("skills", row)))
}

const REVIEW: &str = concat!(
    "SELECT s.id, ",
    review!("v"),
    " FROM skills s
     LEFT JOIN skill_versions v ON v.skill_id = s.id AND v.version = s.version AND v.content_hash = s.content_hash
     WHERE s.id = ?1"
);

pub(super) fn review_of(connection: &Connection, skill: SkillId) -> Result<Review> {
    let found = first(connection, REVIEW, [skill.0], |row| {
        let mut fields = Fields::new("skills", row);
        let _id: i64 = fields.get()?;
        fields.word()
    })?;
    Ok(found.unwrap_or(Review::None))
}

pub(super) fn insert(connection: &Connection, skill: &NewSkill<'_>, version: &NewVersion<'_>) -> Result<SkillId> {
    verified::insert(
        connection,
        "INSERT INTO skills (name, category, team, content_path, content_hash, tags, version, status, approval_level,
           phase4_pattern_id, generated_by, is_auto_generated, owner, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'active', ?8, ?9, ?10, ?11, ?12, ?13, ?13)",
        params![
            skill.name.as_str(),
            skill.category.as_str(),
            skill.team,
            version.content_path,
            version.content_hash.to_string(),
            StoredTags::of(skill.tags),
            version.version,
            version.approval_level.as_str(),
            skill.phase4_pattern_id,
            match (skill.phase4_pattern_id, version.source) {
                (Some(_), _) => "phase4",
                (None, VersionSource::Add) => "manual",
                (None, _) => "imported",
            },
            skill.phase4_pattern_id.is_some(),
            skill.owner,
            version.now,
        ],
    )?;
    Ok(SkillId(connection.last_insert_rowid()))
}

pub(super) fn set_version(connection: &Connection, skill: SkillId, version: &NewVersion<'_>) -> Result<()> {
    verified::update(
        connection,
        "UPDATE skills SET version = ?2, content_hash = ?3, content_path = ?4, approval_level = ?5, updated_at = ?6 WHERE id = ?1",
        params![
            skill.0,
            version.version,
            version.content_hash.to_string(),
            version.content_path,
            version.approval_level.as_str(),
            version.now,
        ],
    )?;
    Ok(())
}

pub(super) fn update(connection: &Connection, skill: SkillId, to: &SkillChange<'_>) -> Result<()> {
    verified::update(
        connection,
        "UPDATE skills SET category = coalesce(?2, category), approval_level = coalesce(?3, approval_level),
           status = coalesce(?4, status), team = coalesce(?5, team), tags = coalesce(?6, tags), owner = coalesce(?7, owner),
           phase4_pattern_id = coalesce(?8, phase4_pattern_id),
           generated_by = CASE WHEN ?8 IS NULL THEN generated_by ELSE 'phase4' END,
           is_auto_generated = CASE WHEN ?8 IS NULL THEN is_auto_generated ELSE 1 END,
           replacement_id = CASE WHEN ?10 THEN ?11 ELSE replacement_id END,
           deprecation_note = CASE WHEN ?10 THEN ?12 ELSE deprecation_note END,
           updated_at = ?9
         WHERE id = ?1",
        params![
            skill.0,
            to.category,
            to.approval_level.map(ApprovalLevel::as_str),
            to.status.map(Status::as_str),
            to.team,
            to.tags.map(StoredTags::of),
            to.owner,
            to.phase4_pattern_id,
            to.now,
            to.retirement.is_some(),
            to.retirement.and_then(|it| it.replacement).map(|it| it.0),
            to.retirement.and_then(|it| it.note),
        ],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{FIND, FIND_FORMER, FORMER, REVIEW};
    use crate::store::sqlite::plans::{cost, database, scans};

    #[test]
    fn a_skill_is_found_by_its_name() -> rusqlite::Result<()> {
        let connection = database()?;
        assert!(scans(&connection, FIND)?.is_empty(), "{:?}", scans(&connection, FIND));
        assert_eq!(cost(&connection, FIND, ["s7"])?, (1, 0));
        for sql in [FORMER, FIND_FORMER, REVIEW] {
            assert!(scans(&connection, sql)?.is_empty(), "{:?}", scans(&connection, sql));
        }
        Ok(())
    }
}
