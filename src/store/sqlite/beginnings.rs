//! Names that begin with a text, for completions: found by seeks, however many there are.

use rusqlite::{Connection, Result, params};

use super::rows::{collect, first, is_set};
use super::{mappings, names};
use crate::store::NameKind;

const SKILLS: [&str; 2] = [
    "SELECT name FROM skills WHERE name >= ?1 AND name < ?2 ORDER BY name LIMIT ?3",
    "SELECT name FROM skills WHERE name >= ?1 AND name < ?2 ORDER BY name DESC LIMIT 1",
];

const LAST_AGENT_TYPE: &str = concat!(
    "SELECT agent_type FROM agent_skill_mappings WHERE agent_type >= ?1 AND agent_type < ?2 AND ",
    is_set!("enabled"),
    " ORDER BY agent_type DESC LIMIT 1"
);

/// The first names that begin with a text, and the last one.
pub(super) fn names(connection: &Connection, of: NameKind, with: &str, most: usize) -> Result<Vec<String>> {
    // No text that begins so sorts after it: there is no higher character.
    let (end, limit) = (format!("{with}{}", char::MAX), i64::try_from(most).unwrap_or(i64::MAX));
    let (mut names, last): (Vec<String>, _) = match of {
        NameKind::Skill => (collect(connection, SKILLS[0], params![with, end, limit], |row| row.get(0))?, SKILLS[1]),
        NameKind::AgentType => (mappings::agent_types_between(connection, with, &end, limit)?, LAST_AGENT_TYPE),
        NameKind::FormerName => return former(connection, with, most),
    };
    let last: Option<String> = first(connection, last, [with, &end], |row| row.get(0))?;
    names.extend(last.filter(|it| names.last().is_none_or(|highest| it > highest)));
    Ok(names)
}

/// Their index is in an order without case, and they are few.
fn former(connection: &Connection, with: &str, most: usize) -> Result<Vec<String>> {
    let mut names = names::all_former(connection)?;
    names.retain(|it| it.starts_with(with));
    names.sort();
    let last = names.get(most..).and_then(<[_]>::last).cloned();
    names.truncate(most);
    names.extend(last);
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::{LAST_AGENT_TYPE, SKILLS, names};
    use crate::store::NameKind;
    use crate::store::sqlite::plans::{database, scans};

    #[test]
    fn names_that_begin_with_a_text_are_found_by_seeks() -> rusqlite::Result<()> {
        let connection = database()?;
        for sql in [SKILLS[0], SKILLS[1], LAST_AGENT_TYPE] {
            assert!(scans(&connection, sql)?.is_empty(), "{sql}");
        }
        assert_eq!(names(&connection, NameKind::Skill, "s49", 3)?, ["s49", "s490", "s491", "s499"]);
        assert_eq!(names(&connection, NameKind::AgentType, "a4", 2)?, ["a4", "a40", "a49"]);
        assert_eq!(names(&connection, NameKind::AgentType, "b", 2)?, [""; 0]);
        Ok(())
    }
}
