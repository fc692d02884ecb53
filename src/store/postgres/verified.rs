//! Writes whose effect is verified. A BEFORE trigger of another program can skip a row by returning NULL, and PostgreSQL calls
//! that a success. A statement that may be sent together with the COMMIT must find it out by itself, so it fails: what it ends
//! with is a text that is no number.

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// What such a text begins with; the name of a table follows.
const SKIPPED: &str = "cfn skipped ";

/// The last query of a statement, which fails where a condition holds: rows of this table were not written. `concat` is not
/// immutable, so that the planner does not compute it.
macro_rules! skipped {
    ($table:literal, $when:expr) => {
        concat!("SELECT concat('cfn skipped ', '", $table, "')::int WHERE ", $when)
    };
}

/// Adds one row to a table, or as long as a query finds a row.
macro_rules! added {
    ($table:literal, $rest:expr) => {
        concat!(
            "WITH w AS (INSERT INTO ",
            $table,
            " ",
            $rest,
            " RETURNING 1) ",
            $crate::store::postgres::verified::skipped!($table, "NOT EXISTS (SELECT FROM w)")
        )
    };
    ($table:literal, $rest:expr, $wanted:expr) => {
        concat!($crate::store::postgres::verified::added!($table, $rest), " AND EXISTS (", $wanted, ")")
    };
}

/// Changes the rows that meet a condition, or deletes them; returns how many, as long as these are not fewer than there are.
macro_rules! changed {
    (DELETE $table:literal, $which:expr) => {
        $crate::store::postgres::verified::changed!($table, concat!("DELETE FROM ", $table), $which)
    };
    ($table:literal, $set:literal, $which:expr) => {
        $crate::store::postgres::verified::changed!($table, concat!("UPDATE ", $table, " SET ", $set), $which)
    };
    ($table:literal, $what:expr, $which:expr) => {
        concat!(
            "WITH w AS (",
            $what,
            " WHERE ",
            $which,
            " RETURNING 1) SELECT count(*) FROM w UNION ALL ",
            $crate::store::postgres::verified::skipped!(
                $table,
                concat!("(SELECT count(*) FROM w) < (SELECT count(*) FROM ", $table, " WHERE ", $which, ")")
            )
        )
    };
}

pub(super) use {added, changed, skipped};

/// The table whose rows were not written.
pub(super) fn table(error: &Error) -> Option<&str> {
    let refusal = error.as_db_error().filter(|it| *it.code() == SqlState::INVALID_TEXT_REPRESENTATION)?;
    named(refusal.message())
}

/// The server quotes the text as its language does.
fn named(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once(SKIPPED)?;
    let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_').unwrap_or(rest.len());
    rest.get(..end)
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_table_is_named_in_any_language() {
        let english = "invalid input syntax for type integer: \"cfn skipped skill_versions\"";
        let german = "ungültige Eingabesyntax für Typ integer: »cfn skipped skill_versions«";
        assert_eq!((named(english), named(german)), (Some("skill_versions"), Some("skill_versions")));
        assert_eq!(named("invalid input syntax for type integer: \"x\""), None);
    }
}
