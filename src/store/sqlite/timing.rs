//! Times statements from their start to their end, if somebody counts them. What a caller does between two rows is part
//! of it, and so is what triggers do.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use crate::store::{QueriedTable, QueryType, Tally};

/// Times the statements of this connection.
pub(super) fn time_statements(connection: &mut Connection) -> rusqlite::Result<()> {
    if Tally::is_on() { time(connection, Tally::queried) } else { Ok(()) }
}

fn time(
    connection: &mut Connection,
    mut timed: impl FnMut(QueryType, QueriedTable, Duration) + Send + 'static,
) -> rusqlite::Result<()> {
    // A statement may begin before another one has ended: each is known by the place of its text.
    let mut running: Vec<(usize, Instant)> = Vec::new();
    let codes = TraceEventCodes::SQLITE_TRACE_STMT | TraceEventCodes::SQLITE_TRACE_PROFILE;
    let note = move |event: TraceEvent<'_>| match event {
        // The text of a trigger is a comment.
        TraceEvent::Stmt(statement, text) if !text.starts_with("--") => {
            running.push((place(&statement.sql()), Instant::now()));
        }
        TraceEvent::Profile(statement, _) => {
            let text = statement.sql();
            let Some(at) = running.iter().rposition(|it| it.0 == place(&text)) else { return };
            let (_, since) = running.swap_remove(at);
            if let Some((what, table)) = query(&text) {
                timed(what, table, since.elapsed());
            }
        }
        _ => {}
    };
    connection.trace_v2(codes, Some(note))
}

fn place(text: &str) -> usize {
    text.as_ptr().addr()
}

/// What a statement does, and the first table that it names; `None` if it is about no table.
fn query(text: &str) -> Option<(QueryType, QueriedTable)> {
    let mut words = text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_')).filter(|it| !it.is_empty());
    let first = words.next()?;
    let what = match first {
        it if it.eq_ignore_ascii_case("select") || it.eq_ignore_ascii_case("with") => QueryType::Select,
        it if it.eq_ignore_ascii_case("insert") || it.eq_ignore_ascii_case("replace") => QueryType::Insert,
        it if it.eq_ignore_ascii_case("update") => QueryType::Update,
        it if it.eq_ignore_ascii_case("delete") => QueryType::Delete,
        _ => return None,
    };
    Some((what, words.find_map(table).unwrap_or(QueriedTable::Other)))
}

fn table(word: &str) -> Option<QueriedTable> {
    Some(match word {
        "skills" => QueriedTable::Skills,
        "skill_versions" | "skill_contents" | "skill_files" => QueriedTable::Versions,
        "agent_skill_mappings" => QueriedTable::Mappings,
        "skill_usage_log" | "usage_daily" | "usage_totals" | "usage_dirty" => QueriedTable::UsageLog,
        "approval_history" => QueriedTable::Approvals,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use rusqlite::Connection;

    use super::{query, time};
    use crate::store::{QueriedTable, QueryType};

    #[test]
    fn a_statement_is_known_by_its_first_word_and_its_first_table() {
        for (text, expected) in [
            ("SELECT a FROM skills s JOIN skill_versions v", Some((QueryType::Select, QueriedTable::Skills))),
            ("WITH x AS (SELECT 1) SELECT * FROM approval_history", Some((QueryType::Select, QueriedTable::Approvals))),
            ("INSERT INTO skill_usage_log(a) VALUES(1)", Some((QueryType::Insert, QueriedTable::UsageLog))),
            ("UPDATE outbox SET a = 1", Some((QueryType::Update, QueriedTable::Other))),
            ("DELETE FROM agent_skill_mappings", Some((QueryType::Delete, QueriedTable::Mappings))),
            ("BEGIN IMMEDIATE", None),
            ("PRAGMA foreign_keys", None),
            ("", None),
        ] {
            assert_eq!(query(text), expected, "{text}");
        }
    }

    #[test]
    fn statements_that_overlap_are_timed_each() -> rusqlite::Result<()> {
        let (sender, timed) = mpsc::channel();
        let mut connection = Connection::open_in_memory()?;
        time(&mut connection, move |what, table, _| {
            let _ = sender.send((what, table)); // the test listens until its end
        })?;
        connection.execute_batch(
            "CREATE TABLE skills (a); CREATE TABLE approval_history (a); INSERT INTO skills VALUES (1), (2)",
        )?;
        let mut outer = connection.prepare("SELECT a FROM skills")?;
        let mut rows = outer.query([])?;
        while let Some(row) = rows.next()? {
            let a: i64 = row.get(0)?;
            connection.execute("UPDATE approval_history SET a = ?1", [a])?;
        }
        drop(rows);
        let expected = [
            (QueryType::Insert, QueriedTable::Skills),
            (QueryType::Update, QueriedTable::Approvals),
            (QueryType::Update, QueriedTable::Approvals),
            (QueryType::Select, QueriedTable::Skills),
        ];
        assert_eq!(timed.try_iter().collect::<Vec<_>>(), expected);
        Ok(())
    }
}
