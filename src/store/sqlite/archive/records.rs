//! What is archived, and what could be.

use rusqlite::{Connection, Result, Row};

use crate::store::ArchiveRecord;
use crate::store::sqlite::sums::day_of;

/// The archives that the database remembers.
pub(in crate::store::sqlite) fn records(connection: &Connection) -> Result<Vec<ArchiveRecord>> {
    let sql = "SELECT file, before, rows, parts, (SELECT count(*) FROM usage_archive_parts p WHERE p.archive_id = a.id)
         FROM usage_archives a ORDER BY before, file";
    let record = |row: &Row<'_>| {
        let (place, before) = (row.get(0)?, row.get(1)?);
        Ok(ArchiveRecord { place, before, rows: row.get(2)?, parts: row.get(3)?, parts_out: row.get(4)? })
    };
    connection.prepare(sql)?.query_map([], record)?.collect()
}

/// The months with rows from before this day, by their first days.
pub(in crate::store::sqlite) fn months(connection: &Connection, before: &str) -> Result<Vec<String>> {
    const SQL: &str = concat!(
        "SELECT DISTINCT substr(",
        day_of!(),
        ", 1, 7) || '-01' FROM skill_usage_log u WHERE ",
        day_of!(),
        " > '' AND ",
        day_of!(),
        " < ?1 ORDER BY 1"
    );
    connection.prepare(SQL)?.query_map([before], |row| row.get(0))?.collect()
}
