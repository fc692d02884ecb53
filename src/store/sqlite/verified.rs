//! Writes whose effect is verified. A trigger of another program can skip a row with `RAISE(IGNORE)`, and SQLite calls
//! that a success: only the rows tell.

use rusqlite::{Connection, Error, Params, Result, ToSql};

use super::prepared::prepare;
use super::rows::change;

/// A row was skipped; it travels inside a `rusqlite::Error`.
#[derive(Debug, thiserror::Error)]
#[error("a write to the table {0} had no effect, as if a trigger of another program skipped it")]
struct Skipped(String);

/// Adds one row.
pub(super) fn insert(connection: &Connection, sql: &str, parameters: impl Params) -> Result<()> {
    require_one(sql, change(connection, sql, parameters)?)
}

/// Adds one row if it is to be added, which is as long as `wanted` finds a row; returns whether it did.
pub(super) fn insert_if(connection: &Connection, sql: &str, wanted: &str, parameters: &[&dyn ToSql]) -> Result<bool> {
    let rows = change(connection, sql, parameters)?;
    if rows == 0 {
        require_none(connection, sql, wanted, parameters)?;
    }
    Ok(rows > 0)
}

/// Changes the row that meets a condition, if there is one; returns how many it changed.
pub(super) fn update(connection: &Connection, sql: &str, parameters: &[&dyn ToSql]) -> Result<usize> {
    let rows = change(connection, sql, parameters)?;
    if rows == 0 {
        require_none(connection, sql, &same_rows(sql), parameters)?;
    }
    Ok(rows)
}

/// Deletes the rows that meet a condition, or changes them so that they do not meet it any more; returns how many.
pub(super) fn clear(connection: &Connection, sql: &str, parameters: &[&dyn ToSql]) -> Result<usize> {
    let rows = change(connection, sql, parameters)?;
    require_none(connection, sql, &same_rows(sql), parameters)?;
    Ok(rows)
}

/// Refuses any number of written rows but one.
pub(super) fn require_one(sql: &str, rows: usize) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(skipped(sql)) }
}

/// Refuses fewer written rows than there are.
pub(super) fn require_all(sql: &str, wanted: usize, rows: usize) -> Result<()> {
    if rows >= wanted { Ok(()) } else { Err(skipped(sql)) }
}

/// Refuses what a statement left behind: rows that a query finds, with as many of the parameters as it has.
pub(super) fn require_none(connection: &Connection, sql: &str, query: &str, parameters: &[&dyn ToSql]) -> Result<()> {
    let mut statement = prepare(connection, query)?;
    let used = parameters.len().min(statement.parameter_count());
    if statement.exists(&parameters[..used])? { Err(skipped(sql)) } else { Ok(()) }
}

/// The query for the rows that a statement is about.
fn same_rows(sql: &str) -> String {
    let condition = sql.find("WHERE ").map_or("", |at| &sql[at..]);
    format!("SELECT 1 FROM {} {condition}", table(sql))
}

fn skipped(sql: &str) -> Error {
    Error::ToSqlConversionFailure(Box::new(Skipped(table(sql).to_owned())))
}

/// The table that a statement of ours writes.
fn table(sql: &str) -> &str {
    let mut words = sql.split_whitespace();
    words.find(|it| matches!(*it, "UPDATE" | "INTO" | "FROM")).and_then(|_| words.next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, Result, params};

    use super::{clear, insert, insert_if, table, update};

    fn database() -> Result<Connection> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 1), (2, 1), (3, 2)")?;
        Ok(connection)
    }

    fn skip(connection: &Connection, what: &str, row: &str) -> Result<()> {
        connection.execute_batch(&format!(
            "CREATE TRIGGER skip BEFORE {what} ON t WHEN {row} BEGIN SELECT RAISE(IGNORE); END"
        ))
    }

    #[test]
    fn a_skipped_row_is_an_error_that_names_the_table() -> Result<()> {
        let is_skipped = |error: &rusqlite::Error| error.to_string().contains("to the table t had no effect");
        let connection = database()?;
        skip(&connection, "INSERT", "NEW.a = 9")?;
        assert!(insert(&connection, "INSERT INTO t VALUES (?1, 0)", [9]).is_err_and(|it| is_skipped(&it)));
        insert(&connection, "INSERT INTO t VALUES (?1, 0)", [8])?;
        let (sql, wanted) = ("INSERT INTO t SELECT ?1, ?2 WHERE ?1 > 5", "SELECT 1 WHERE ?1 > 5");
        assert!(insert_if(&connection, sql, wanted, params![9, 1]).is_err_and(|it| is_skipped(&it)));
        assert!(insert_if(&connection, sql, wanted, params![7, 1])?);
        assert!(!insert_if(&connection, sql, wanted, params![4, 1])?);

        let connection = database()?;
        skip(&connection, "UPDATE", "OLD.a = 2")?;
        let sql = "UPDATE t SET b = ?2\n WHERE a = ?1";
        assert!(update(&connection, sql, params![2, 5]).is_err_and(|it| is_skipped(&it)));
        assert_eq!((update(&connection, sql, params![1, 5])?, update(&connection, sql, params![4, 5])?), (1, 0));

        let connection = database()?;
        skip(&connection, "DELETE", "OLD.a = 2")?;
        let sql = "DELETE FROM t WHERE b = ?1";
        assert!(clear(&connection, sql, params![1]).is_err_and(|it| is_skipped(&it)), "one of two rows stays");
        assert_eq!((clear(&connection, sql, params![2])?, clear(&connection, sql, params![7])?), (1, 0));
        Ok(())
    }

    #[test]
    fn the_table_of_a_statement_is_known() {
        for sql in ["INSERT OR REPLACE INTO t VALUES (1)", "UPDATE t SET a = 1", "DELETE FROM t\n WHERE a = 1"] {
            assert_eq!(table(sql), "t");
        }
    }
}
