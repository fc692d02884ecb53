//! Constraints of cfn's tables that a new database does not have: they may refuse what cfn writes.

use rusqlite::{Connection, Result};

use super::layout;
use crate::model::Visible;

/// A constraint, as one would write it.
struct Constraint {
    text: String,
    /// The same for constraints that differ in spelling only.
    key: String,
}

impl Constraint {
    fn new(text: String) -> Self {
        let key = tokens(&text).iter().map(|it| bare(it).to_lowercase()).collect::<Vec<_>>().join(" ");
        Self { text, key }
    }
}

/// A sentence about each constraint of a table that the same table of a new database does not have. `known` tells
/// whether an index is named already.
pub(super) fn foreign(
    connection: &Connection,
    fresh: &Connection,
    table: &str,
    known: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>> {
    let own = all(fresh, fresh, table, &|_| false)?;
    let mut theirs = all(connection, fresh, table, known)?;
    theirs.retain(|it| own.iter().all(|own| own.key != it.key));
    Ok(theirs.iter().map(|it| format!("the constraint {} of {table} is not cfn's", Visible(&it.text))).collect())
}

fn all(
    connection: &Connection,
    fresh: &Connection,
    table: &str,
    known: &dyn Fn(&str) -> bool,
) -> Result<Vec<Constraint>> {
    let mut found = of_columns(connection, fresh, table)?;
    found.extend(unique(connection, table, known)?);
    found.extend(references(connection, table)?);
    for sql in layout::objects(connection, Some("table"))? {
        if sql.name.eq_ignore_ascii_case(table) {
            found.extend(written(&sql.sql));
        }
    }
    Ok(found.into_iter().map(Constraint::new).collect())
}

/// NOT NULL and COLLATE of the columns that a new database has too.
fn of_columns(connection: &Connection, fresh: &Connection, table: &str) -> Result<Vec<String>> {
    let own = layout::columns(fresh, table)?;
    let mut found = Vec::new();
    for column in layout::columns(connection, table)? {
        if own.iter().all(|it| !it.name.eq_ignore_ascii_case(&column.name)) {
            continue;
        }
        // A key of a table without row ids is never NULL.
        if column.not_null && column.key == 0 {
            found.push(format!("NOT NULL ({})", column.name));
        }
        let collation = layout::collation(connection, table, &column.name)?;
        if !collation.eq_ignore_ascii_case("BINARY") {
            found.push(format!("COLLATE {collation} ({})", column.name));
        }
    }
    Ok(found)
}

/// The columns that are unique, by whatever kind of constraint or index.
fn unique(connection: &Connection, table: &str, known: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (index, partial) in layout::unique_indexes(connection, table)? {
        if known(&index) {
            continue;
        }
        let mut keys = Vec::new();
        for (column, collation) in layout::index_columns(connection, &index)? {
            let usual = column.as_ref().map(|it| layout::collation(connection, table, it)).transpose()?;
            let same = usual.is_none_or(|it| it.eq_ignore_ascii_case(&collation));
            let name = column.unwrap_or_else(|| "an expression".to_owned());
            keys.push(if same { name } else { format!("{name} COLLATE {collation}") });
        }
        keys.sort_by_key(|it| it.to_lowercase()); // their order means nothing
        found.push(format!("UNIQUE ({}){}", keys.join(", "), if partial { " of some rows" } else { "" }));
    }
    Ok(found)
}

/// References to tables that exist. Those to others are reported for themselves.
fn references(connection: &Connection, table: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for reference in layout::references(connection, table)? {
        if layout::exists(connection, "table", &reference.table)? {
            found.push(format!(
                "FOREIGN KEY ({}) REFERENCES {} ({}) ON UPDATE {} ON DELETE {}",
                reference.column, reference.table, reference.to, reference.on_update, reference.on_delete
            ));
        }
    }
    Ok(found)
}

/// What no pragma tells: the CHECK constraints of a table's SQL, and what it does on a conflict.
fn written(sql: &str) -> Vec<String> {
    let tokens = tokens(sql);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).copied().unwrap_or_default();
        if token.eq_ignore_ascii_case("check") && next == "(" {
            let mut depth = 0;
            let end = tokens[at + 1..].iter().position(|it| {
                depth += i32::from(*it == "(") - i32::from(*it == ")");
                depth == 0
            });
            found.extend(end.map(|end| format!("CHECK {}", joined(&tokens[at + 1..=at + 1 + end]))));
        } else if token.eq_ignore_ascii_case("on") && next.eq_ignore_ascii_case("conflict") {
            found.extend(tokens.get(at + 2).map(|it| format!("ON CONFLICT {}", it.to_uppercase())));
        }
    }
    found
}

/// Tokens as one writes them.
fn joined(tokens: &[&str]) -> String {
    let mut text = String::new();
    for (at, token) in tokens.iter().enumerate() {
        let tight = matches!(*token, ")" | "," | ".") || at > 0 && matches!(tokens[at - 1], "(" | ".");
        if !tight && at > 0 {
            text.push(' ');
        }
        text.push_str(token);
    }
    text
}

/// An identifier without its quotes; text keeps its own.
fn bare(token: &str) -> &str {
    match token.as_bytes() {
        [b'"', .., b'"'] | [b'`', .., b'`'] | [b'[', .., b']'] => &token[1..token.len() - 1],
        _ => token,
    }
}

/// Characters of operators that have more than one.
const COMPARING: &str = "<>=!|";

/// The tokens of SQL, without blanks and comments. A token is a word or number, quoted text, an operator, or one other
/// character.
fn tokens(sql: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let (length, is_token) = match first {
            _ if rest.starts_with("--") => (rest.find('\n').unwrap_or(rest.len()), false),
            _ if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |it| it + 2), false),
            // A doubled quote makes two tokens, of which both are compared.
            '\'' | '"' | '`' => (rest[1..].find(first).map_or(rest.len(), |it| it + 2), true),
            '[' => (rest.find(']').map_or(rest.len(), |it| it + 1), true),
            _ if is_word(first) => (rest.find(|it| !is_word(it)).unwrap_or(rest.len()), true),
            _ if COMPARING.contains(first) => (rest.find(|it| !COMPARING.contains(it)).unwrap_or(rest.len()), true),
            _ => (first.len_utf8(), true),
        };
        found.extend(is_token.then_some(&rest[..length]));
        rest = rest[length..].trim_start();
    }
    found
}

fn is_word(it: char) -> bool {
    it.is_alphanumeric() || it == '_' || it == '$'
}

#[cfg(test)]
mod tests {
    use super::{Constraint, tokens, written};

    #[test]
    fn checks_are_found_wherever_they_stand() {
        let sql = "CREATE TABLE t (a TEXT DEFAULT 'CHECK (x)' /* CHECK (y) */ CHECK(a<>')' AND (a > 1)), -- CHECK (z)
            \"check\" INT UNIQUE ON CONFLICT replace, CONSTRAINT c CHECK\n( length( a ) IN (1,2) ))";
        assert_eq!(
            written(sql),
            ["CHECK (a <> ')' AND (a > 1))", "ON CONFLICT REPLACE", "CHECK (length (a) IN (1, 2))"]
        );
        for broken in ["CHECK (", "CHECK", "check ('", "/*", "--", "[a", "ON CONFLICT", "é CHECK (é)"] {
            assert!(written(broken).len() < 2, "{broken}");
        }
    }

    #[test]
    fn spelling_makes_no_other_constraint() {
        let key = |text: &str| Constraint::new(text.to_owned()).key;
        assert_eq!(key("CHECK(status IN ('a','b'))"), key("check ( \"STATUS\" in\n('a', 'b') )"));
        assert_ne!(key("CHECK (a = 'b')"), key("CHECK (a = b)"));
        assert_eq!(tokens("'it''s'").concat(), "'it''s'");
    }
}
