//! The sums of archived rows, added up again from the rows where they are.

use rusqlite::{Connection, OptionalExtension, Result, params, params_from_iter};

use super::marks::{identity, is_out, redo_totals};
use super::values::{bound, columns, quoted};
use crate::store::Proof;
use crate::store::archives::{ArchivePlace, Header, Value, id_of};
use crate::store::sqlite::failure::Place;
use crate::store::sqlite::rows::change;
use crate::store::sqlite::sums::{
    bounded, daily_of_rows, gain, money, of_measured, rows_to_sum, skill_of, sums_of_rows, who,
};
use crate::store::sqlite::verified::{clear, require_all};

/// The rows of a part, and their sums: temporary, so that a reader may have them.
const TABLES: &str = "CREATE TEMP TABLE IF NOT EXISTS archive_rows AS SELECT * FROM skill_usage_log WHERE false;
    CREATE TEMP TABLE IF NOT EXISTS archive_sums AS SELECT * FROM usage_daily WHERE false;
    DELETE FROM temp.archive_rows; DELETE FROM temp.archive_sums;";

const ADD_UP: &str = concat!("INSERT INTO temp.archive_sums ", daily_of_rows!("?1, ?2", "temp.archive_rows u", "true"));

const DIFFERENCES: &str = "WITH was AS MATERIALIZED (SELECT * FROM usage_daily WHERE archive_id = ?1 AND part = ?2)
     SELECT (SELECT count(*) FROM temp.archive_sums), (SELECT count(*) FROM temp.archive_rows), (SELECT count(*) FROM (
         SELECT day, skill_id, agent_type, approval_level FROM (SELECT * FROM temp.archive_sums EXCEPT SELECT * FROM was)
         UNION SELECT day, skill_id, agent_type, approval_level FROM (SELECT * FROM was EXCEPT SELECT * FROM temp.archive_sums)))";

/// Adds up the rows of an archive, and compares them with its sums. With `mends`, the sums become those of the rows; then what is
/// returned has no differences.
pub(in crate::store::sqlite) fn prove(
    connection: &mut Connection,
    place: &Place,
    of: &mut dyn ArchivePlace,
    mends: bool,
) -> crate::store::Result<Proof> {
    let ours = identity(connection).map_err(|error| place.fail(&error))?;
    let header = of.open(&ours, None)?;
    let known: Option<i64> = connection
        .query_row("SELECT id FROM usage_archives WHERE sha256 = ?1", [&header.sha256], |row| row.get(0))
        .optional()
        .map_err(|error| place.fail(&error))?;
    let mut proof = Proof { cells: 0, rows: 0, differences: 0 };
    let Some(id) = known else { return Ok(proof) };
    of.parts(&mut |_, _| (), &mut |part, rows| {
        let found = compare(connection, id, part, &header, rows, mends).map_err(|error| place.fail_commit(&error))?;
        proof.add(found);
        Ok(())
    })?;
    if mends {
        let redone = connection.transaction().and_then(|it| redo_totals(&it).and_then(|()| it.commit()));
        redone.map_err(|error| place.fail_commit(&error))?;
    }
    Ok(proof)
}

/// Compares a part, in one transaction.
fn compare(
    connection: &mut Connection,
    archive: i64,
    part: i64,
    header: &Header,
    rows: &[Vec<Value>],
    mends: bool,
) -> Result<Proof> {
    let transaction = connection.transaction()?;
    if !is_out(&transaction, archive, part)? {
        return Ok(Proof { cells: 0, rows: 0, differences: 0 });
    }
    transaction.execute_batch(TABLES)?;
    fill(&transaction, archive, part, header, rows)?;
    let sums = change(&transaction, ADD_UP, [archive, part])?;
    let mut found = transaction.query_row(DIFFERENCES, [archive, part], |row| {
        Ok(Proof { cells: row.get(0)?, rows: row.get(1)?, differences: row.get(2)? })
    })?;
    if mends && found.differences > 0 {
        let old = "DELETE FROM usage_daily WHERE archive_id = ?1 AND part = ?2";
        clear(&transaction, old, params![archive, part])?;
        let new = "INSERT INTO usage_daily SELECT * FROM temp.archive_sums";
        require_all(new, sums, change(&transaction, new, [])?)?;
        redo_totals(&transaction)?;
        transaction.commit()?;
        found.differences = 0;
    }
    Ok(found)
}

/// Puts the rows that are out of the log into the temporary table.
fn fill(connection: &Connection, archive: i64, part: i64, header: &Header, rows: &[Vec<Value>]) -> Result<()> {
    let (names, known) = (&header.columns, columns(connection)?);
    let list: Vec<String> = names.iter().filter(|it| known.contains(it)).map(|it| quoted(it)).collect();
    let holes: Vec<String> = (1..=list.len()).map(|index| format!("?{index}")).collect();
    let sql = format!("INSERT INTO temp.archive_rows ({}) VALUES ({})", list.join(", "), holes.join(", "));
    let mut insert = connection.prepare_cached(&sql)?;
    let mut stays = connection
        .prepare_cached("SELECT 1 FROM usage_archive_kept WHERE archive_id = ?1 AND part = ?2 AND row_id = ?3")?;
    for row in rows {
        if !stays.exists(params![archive, part, id_of(names, row)])? {
            let fields = names.iter().zip(row).filter(|(name, _)| known.contains(name));
            insert.execute(params_from_iter(fields.map(|(_, it)| bound(it))))?;
        }
    }
    Ok(())
}
