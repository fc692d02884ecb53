//! Where a value has its place: in the column, or beside the row.

use crate::store::copying::{Column, Kind, Rule, Value};

/// Where a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// In the column.
    There,
    /// In `other_values`, and in the column what stands in for it.
    Beside,
    /// Nowhere.
    Refused(&'static str),
}

/// Where a value of a column is kept.
pub(super) fn of(column: &Column, value: Value<'_>) -> Kept {
    let why = match value {
        Value::Integer(number) if column.kind == Kind::Flag && i16::try_from(number).is_err() => "it is no flag",
        Value::Text(text) if column.kind == Kind::Text => match text_fault(column, text) {
            Some(why) => why,
            None => return Kept::There,
        },
        value if column.is_usual(value) => return Kept::There,
        _ => "it has another type than the column",
    };
    if column.rule == Rule::Free { Kept::Beside } else { Kept::Refused(why) }
}

/// Why PostgreSQL cannot hold a text in a column.
fn text_fault(column: &Column, text: &[u8]) -> Option<&'static str> {
    if text.contains(&0) {
        return Some("PostgreSQL holds no NUL in text");
    }
    if column.is_too_long(text) {
        return Some("it is too long for an index of PostgreSQL");
    }
    std::str::from_utf8(text).is_err().then_some("it is not valid UTF-8")
}

#[cfg(test)]
mod tests {
    use super::{Kept, of};
    use crate::model::LONGEST_USAGE_TEXT;
    use crate::store::copying::{Column, TABLES, Value};

    fn column(table: &str, name: &str) -> Option<&'static Column> {
        let table = TABLES.iter().find(|it| it.name == table)?;
        table.columns.iter().find(|it| it.name == name)
    }

    #[test]
    fn what_a_column_cannot_hold_is_kept_beside_it_or_refused() {
        let (team, name) = (column("skills", "team"), column("skills", "name"));
        let (task, notes) = (column("skill_usage_log", "task_id"), column("skill_usage_log", "notes"));
        let (most, long) = (vec![b'x'; LONGEST_USAGE_TEXT], vec![b'x'; LONGEST_USAGE_TEXT + 1]);
        let (flag, path) = (column("skills", "is_auto_generated"), column("skill_files", "path"));
        for (column, value, kept) in [
            (team, Value::Text(b"red"), Kept::There),
            (team, Value::Null, Kept::There),
            (team, Value::Text(b"a\0b"), Kept::Beside),
            (team, Value::Text(b"\xff"), Kept::Beside),
            (team, Value::Blob(b"red"), Kept::Beside),
            (team, Value::Integer(7), Kept::Beside),
            (name, Value::Text(b"\xff"), Kept::Refused("it is not valid UTF-8")),
            (name, Value::Text(b"a\0"), Kept::Refused("PostgreSQL holds no NUL in text")),
            (name, Value::Blob(b"jwt"), Kept::Refused("it has another type than the column")),
            (flag, Value::Integer(1), Kept::There),
            (flag, Value::Integer(70_000), Kept::Beside),
            (flag, Value::Text(b"true"), Kept::Beside),
            (path, Value::Text(b"\xff\0"), Kept::There),
            (task, Value::Text(&most), Kept::There),
            (task, Value::Text(&long), Kept::Beside),
            (notes, Value::Text(&long), Kept::There),
        ] {
            assert_eq!(column.map(|it| of(it, value)), Some(kept), "{column:?} {value:?}");
        }
    }
}
