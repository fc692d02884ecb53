//! Names of skills: all of them, and one that differs only in case.

use rusqlite::{Connection, Result};

use super::rows::{collect, first};

pub(super) fn all(connection: &Connection) -> Result<Vec<String>> {
    collect(connection, "SELECT name FROM skills WHERE typeof(name) = 'text'", [], |row| row.get(0))
}

/// The first name at or after a text, in byte order. Text sorts before blobs, which are not names.
const FROM: &str = "SELECT name FROM skills WHERE name >= ?1 AND name < x'' ORDER BY name LIMIT 1";

/// A name that differs only in case. The index of the UNIQUE constraint is in byte order, and one without case would
/// cost every process that opens the database; a scan for each skill would slow down large imports. So this seeks from
/// one spelling to the next, and each name that the index finds rules out the spellings before it: some eight seeks
/// among 100,000 names, where a scan takes milliseconds.
pub(super) fn without_case(connection: &Connection, name: &str) -> Result<Option<String>> {
    let mut from = Some(name.to_ascii_uppercase());
    while let Some(spelling) = from {
        let found: Option<String> = first(connection, FROM, [spelling], |row| row.get(0))?;
        match found {
            Some(found) if found.eq_ignore_ascii_case(name) => return Ok(Some(found)),
            Some(found) => from = next_spelling(name, found.as_bytes()),
            None => return Ok(None),
        }
    }
    Ok(None)
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
    use super::{FROM, next_spelling, without_case};
    use crate::store::sqlite::plans::{database, scans};

    #[test]
    fn a_name_is_found_in_other_letters_by_seeks_alone() -> rusqlite::Result<()> {
        let connection = database()?;
        assert!(scans(&connection, FROM)?.is_empty(), "{:?}", scans(&connection, FROM));
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
            assert_eq!(without_case(&connection, asked)?.as_deref(), there, "{asked}");
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
