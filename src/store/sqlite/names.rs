//! Names of skills, present and former: all of them, those that differ only in case, and changes.

use rusqlite::{Connection, Result, params};

use super::rows::{collect, first};
use super::verified::{clear, insert, update};
use crate::model::{Moment, SkillId};
use crate::store::Spelling;

pub(super) fn all(connection: &Connection) -> Result<Vec<String>> {
    collect(connection, "SELECT name FROM skills WHERE typeof(name) = 'text'", [], |row| row.get(0))
}

pub(super) fn all_former(connection: &Connection) -> Result<Vec<String>> {
    let sql = "SELECT a.name FROM cfn_aliases a JOIN skills s ON s.id = a.skill_id WHERE typeof(a.name) = 'text'";
    collect(connection, sql, [], |row| row.get(0))
}

pub(super) fn former(connection: &Connection, skill: SkillId) -> Result<Vec<String>> {
    // A skill has few, and all skills together have not many.
    let sql = "SELECT name FROM cfn_aliases WHERE skill_id = ?1 AND typeof(name) = 'text' ORDER BY name";
    collect(connection, sql, [skill.0], |row| row.get(0))
}

/// The first name at or after a text, in byte order. Text sorts before blobs, which are not names.
const NAME_FROM: &str = "SELECT name, id, name FROM skills WHERE name >= ?1 AND name < x'' ORDER BY name LIMIT 1";

/// The first former name at or after a text. It counts for as long as its skill is there.
const FORMER_NAME_FROM: &str = "SELECT a.name, s.id, s.name FROM cfn_aliases a JOIN skills s ON s.id = a.skill_id
   WHERE a.name >= ?1 AND a.name < x'' ORDER BY a.name LIMIT 1";

/// All names that differ at most in case. The index of the UNIQUE constraint is in byte order, and one without case would
/// cost every process that opens the database; a scan for each skill would slow down large imports. So this seeks from
/// one spelling to the next, and each name that the index finds rules out the spellings before it: some eight seeks
/// among 100,000 names, where a scan takes milliseconds.
pub(super) fn spellings(connection: &Connection, name: &str) -> Result<Vec<Spelling>> {
    let mut all = Vec::new();
    for sql in [NAME_FROM, FORMER_NAME_FROM] {
        let mut from = name.to_ascii_uppercase();
        while let Some(found) = at_or_after(connection, sql, name, from)? {
            from = format!("{}\0", found.name);
            all.push(found);
        }
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

/// The first spelling of `name` at or after a text.
fn at_or_after(connection: &Connection, sql: &str, name: &str, text: String) -> Result<Option<Spelling>> {
    let mut from = Some(text);
    while let Some(spelling) = from {
        let found = first(connection, sql, [spelling], |row| {
            Ok(Spelling { name: row.get(0)?, skill: SkillId(row.get(1)?), present: row.get(2)? })
        })?;
        match found {
            Some(found) if found.name.eq_ignore_ascii_case(name) => return Ok(Some(found)),
            Some(found) => from = next_spelling(name, found.name.as_bytes()),
            None => return Ok(None),
        }
    }
    Ok(None)
}

pub(super) fn rename(connection: &Connection, skill: SkillId, to: &str, now: Moment) -> Result<()> {
    let sql = "SELECT id, name FROM skills WHERE id = ?1 AND name <> ?2";
    let Some(old) = first(connection, sql, params![skill.0, to], |row| row.get::<_, String>(1))? else {
        return Ok(());
    };
    update(connection, "UPDATE skills SET name = ?2, updated_at = ?3 WHERE id = ?1", params![skill.0, to, now])?;
    clear(connection, "DELETE FROM cfn_aliases WHERE name = ?1", params![to])?;
    insert(connection, "INSERT OR REPLACE INTO cfn_aliases VALUES (?1, ?2)", params![old, skill.0])?;
    update(
        connection,
        "UPDATE bootstrap_skills SET skill_name = ?2, updated_at = ?3 WHERE skill_name = ?1
           AND NOT EXISTS (SELECT 1 FROM bootstrap_skills WHERE skill_name = ?2)",
        params![old, to, now],
    )?;
    Ok(())
}

/// The first spelling of `name`, in byte order, after `after`, which is not a spelling of it.
fn next_spelling(name: &str, after: &[u8]) -> Option<String> {
    let spellings = |it: u8| [it.to_ascii_uppercase(), it.to_ascii_lowercase()];
    let with = |prefix: &[u8], letter: &[u8], rest: &str| {
        String::from_utf8([prefix, letter, rest.to_ascii_uppercase().as_bytes()].concat()).ok()
    };
    let mut next = None;
    for (at, letter) in name.bytes().enumerate() {
        let Some(&there) = after.get(at) else { return with(after, &[], &name[at..]) };
        if let Some(higher) = spellings(letter).into_iter().find(|it| *it > there) {
            next = Some((at, higher));
        }
        if !spellings(letter).contains(&there) {
            break;
        }
    }
    let (at, higher) = next?;
    with(&after[..at], &[higher], &name[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::{FORMER_NAME_FROM, NAME_FROM, next_spelling, spellings};
    use crate::store::sqlite::plans::{database, scans};

    #[test]
    fn a_name_is_found_in_other_letters_by_seeks_alone() -> rusqlite::Result<()> {
        let connection = database()?;
        for sql in [NAME_FROM, FORMER_NAME_FROM] {
            assert!(scans(&connection, sql)?.is_empty(), "{:?}", scans(&connection, sql));
        }
        for name in ["Foo", "FOO-bar", "fOoBar", "a_b", "Zz-9", "fab", "foO-"] {
            connection.execute(
                "INSERT INTO skills (name, category, content_path, content_hash, version) VALUES (?1, 'domain', '', '', '1.0.0')",
                [name],
            )?;
        }
        for (asked, there) in [
            ("foo", Some("Foo")),
            ("FOO", Some("Foo")),
            ("foo-BAR", Some("FOO-bar")),
            ("FOOBAR", Some("fOoBar")),
            ("A_B", Some("a_b")),
            ("zz-9", Some("Zz-9")),
            ("FOO-", Some("foO-")),
            ("fo", None),
            ("foo-ba", None),
            ("foo-barr", None),
            ("a-b", None),
            ("zz", None),
            ("0", None),
            ("zzzz", None),
            ("S7", Some("s7")),
        ] {
            let found: Vec<String> = spellings(&connection, asked)?.into_iter().map(|it| it.name).collect();
            assert_eq!(found, there.map(str::to_owned).into_iter().collect::<Vec<_>>(), "{asked}");
        }
        Ok(())
    }

    #[test]
    fn spellings_come_in_the_order_of_bytes_and_none_is_left_out() {
        let spellings = ["A-B1", "A-b1", "a-B1", "a-b1"];
        let mut texts: Vec<String> = spellings.iter().map(|it| (*it).to_owned()).collect();
        texts.extend(
            ["A", "A-", "A-BZ", "A-a", "A-b", "A-z1", "B", "Z", "_", "a", "a-B", "a-B2", "a-b", "a-b2", "b", ""]
                .map(str::to_owned),
        );
        for after in texts.iter().filter(|it| !spellings.contains(&it.as_str())) {
            let expected = spellings.iter().find(|it| **it > after.as_str()).map(|it| (*it).to_owned());
            assert_eq!(next_spelling("a-b1", after.as_bytes()), expected, "{after}");
        }
    }
}
