//! The skills as a search finds them: each with the bytes that agents get.

use rusqlite::{Connection, Result, Row};

use super::approvals::approved;
use super::candidates::newest_approved;
use super::rows::{Fields, first};
use crate::model::SkillId;
use crate::store::Searchable;

/// The start of the queries. `chosen` is the pinned version, or that in the skill's row, as in `candidates`.
macro_rules! searchable {
    () => {
        concat!(
            "SELECT s.id, s.name, s.tags, coalesce(s.status, 'active') = 'active', s.pinned_version IS NULL,
               coalesce(chosen.id, 9223372036854775807), coalesce(",
            approved!("chosen"),
            ", 0), chosen.version, chosen.content_hash, s.version, s.content_hash
             FROM skills s LEFT JOIN skill_versions chosen
               ON chosen.skill_id = s.id AND chosen.version = coalesce(s.pinned_version, s.version)"
        )
    };
}

const ALL: &str = concat!(searchable!(), " ORDER BY s.id");
const ONE: &str = concat!(searchable!(), " WHERE s.id = ?1");

pub(super) fn all(connection: &Connection, each: &mut dyn FnMut(Searchable)) -> Result<()> {
    let mut statement = connection.prepare_cached(ALL)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(searchable(connection, row)?);
    }
    Ok(())
}

pub(super) fn one(connection: &Connection, skill: SkillId) -> Result<Option<Searchable>> {
    let found = first(connection, ONE, [skill.0], |row| searchable(connection, row))?;
    Ok(found)
}

fn searchable(connection: &Connection, row: &Row<'_>) -> Result<Searchable> {
    let mut fields = Fields::new("skills", row);
    let (id, name, tags) = (SkillId(fields.get()?), fields.text()?, fields.stored()?);
    let (active, free, chosen, approved): (bool, bool, i64, bool) =
        (fields.get()?, fields.get()?, fields.get()?, fields.get()?);
    let chosen_bytes = fields.maybe_text()?.zip(fields.maybe_text()?);
    let current = (fields.text()?, fields.text()?);
    let served = match (active, approved) {
        (true, true) => chosen_bytes,
        (true, false) if free => {
            newest_approved(connection, id, i64::MIN, chosen)?.map(|it| (it.version, it.content_hash))
        }
        _ => None,
    };
    let is_served = served.is_some();
    let (version, content_hash) = served.unwrap_or(current);
    Ok(Searchable { id, name, tags, version, content_hash, served: is_served })
}

#[cfg(test)]
mod tests {
    use super::{ALL, ONE};
    use crate::store::sqlite::plans::{cost, database, scans};

    #[test]
    fn all_skills_are_read_in_one_pass_and_one_by_seeks_alone() -> rusqlite::Result<()> {
        let connection = database()?;
        assert_eq!(scans(&connection, ALL)?, ["SCAN s"]);
        assert!(scans(&connection, ONE)?.is_empty(), "{:?}", scans(&connection, ONE));
        assert_eq!(cost(&connection, ONE, [7])?, (1, 0));
        Ok(())
    }
}
