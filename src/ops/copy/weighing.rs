//! Which rows a copy cannot have: what is asked of every copy, and what the target says.

use std::collections::BTreeMap;

use super::report::RefusedRow;
use crate::store::copying::{Rule, TABLES, Table, Value, Weighed};

/// So many rows that are refused are named.
const MOST: usize = 1000;

/// The rows that were judged.
#[derive(Debug, Default)]
pub(super) struct Weighing {
    table: Option<&'static Table>,
    holds_orphans: bool,
    /// Whether other rows refer to those of this table.
    is_named: bool,
    /// The ids of the tables that others refer to, in order.
    ids: BTreeMap<&'static str, Vec<i64>>,
    /// References to rows of the same table that did not come yet: the row, the column, and the id.
    later: Vec<(String, &'static str, i64)>,
    pub(super) beside: u64,
    pub(super) refused: Vec<RefusedRow>,
    pub(super) refused_rows: u64,
}

impl Weighing {
    /// The rows that follow are of this table.
    pub(super) fn begin(&mut self, table: &'static Table, holds_orphans: bool) {
        (self.table, self.holds_orphans) = (Some(table), holds_orphans);
        let mut columns = TABLES.iter().flat_map(|it| it.columns);
        self.is_named = columns.any(|it| it.rule == Rule::Refers(table.name));
    }

    /// Whether a row keeps the rules that every engine has; one that does not is refused.
    pub(super) fn is_plain(&mut self, row: &[Value<'_>]) -> bool {
        let Some(table) = self.table else { return false };
        if let (true, Some(Value::Integer(id))) = (self.is_named, row.first()) {
            self.ids.entry(table.name).or_default().push(*id);
        }
        for (column, value) in table.columns.iter().zip(row) {
            let why = match (column.rule, *value) {
                (_, Value::Null) if column.is_required => "it is NULL".to_owned(),
                (_, Value::Null) | (Rule::Free | Rule::Exact, _) => continue,
                (Rule::Words(words), Value::Text(text)) if words.iter().any(|it| it.as_bytes() == text) => continue,
                (Rule::Words(words), _) => format!("it is none of {}", words.join(", ")),
                (Rule::Refers(_), _) if self.holds_orphans => continue,
                (Rule::Refers(to), Value::Integer(id)) if self.knows(to, id) => continue,
                (Rule::Refers(to), Value::Integer(id)) if to == table.name => {
                    self.later.push((table.key_text(row), column.name, id));
                    continue;
                }
                (Rule::Refers(to), Value::Integer(id)) => format!("there is no {id} in {to}"),
                (Rule::Refers(_), _) => "it is no id".to_owned(),
            };
            self.refuse(RefusedRow { table: table.name, row: table.key_text(row), column: column.name, why });
            return false;
        }
        true
    }

    fn knows(&self, table: &str, id: i64) -> bool {
        self.ids.get(table).is_some_and(|it| it.binary_search(&id).is_ok())
    }

    /// Notes what the target says of a row.
    pub(super) fn note(&mut self, row: &[Value<'_>], weighed: &Weighed) {
        match (weighed, self.table) {
            (Weighed::Held { beside }, _) => self.beside += beside,
            (Weighed::Refused { column, why }, Some(table)) => {
                let why = (*why).to_owned();
                self.refuse(RefusedRow { table: table.name, row: table.key_text(row), column, why });
            }
            (Weighed::Refused { .. }, None) => {}
        }
    }

    /// The table is over.
    pub(super) fn end(&mut self) {
        let Some(table) = self.table.take() else { return };
        for (row, column, id) in std::mem::take(&mut self.later) {
            if !self.knows(table.name, id) {
                let why = format!("there is no {id} in {}", table.name);
                self.refuse(RefusedRow { table: table.name, row, column, why });
            }
        }
    }

    fn refuse(&mut self, row: RefusedRow) {
        self.refused_rows += 1;
        if self.refused.len() < MOST {
            self.refused.push(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Weighing;
    use crate::store::copying::{TABLES, Table, Value};

    /// A row of a table with these values, and else what is asked.
    fn row<'a>(table: &Table, values: &[(&str, Value<'a>)]) -> Vec<Value<'a>> {
        let given = |name: &str| values.iter().find(|(it, _)| *it == name).map(|(_, value)| *value);
        let usual = |name: &str| if name == "status" { Value::Text(b"active") } else { Value::Text(b"auto") };
        table.columns.iter().map(|it| given(it.name).unwrap_or_else(|| usual(it.name))).collect()
    }

    #[test]
    fn what_no_engine_takes_is_refused_with_its_row_and_column() {
        let skills = &TABLES[0];
        let judge = |values: &[(&str, Value<'_>)], holds_orphans: bool| {
            let mut weighing = Weighing::default();
            weighing.begin(skills, holds_orphans);
            weighing.is_plain(&row(skills, values));
            weighing.end();
            weighing.refused.into_iter().map(|it| format!("{} {} {}", it.row, it.column, it.why)).collect::<Vec<_>>()
        };
        let (id, none) = (("id", Value::Integer(7)), ("replacement_id", Value::Null));
        assert_eq!(judge(&[id, none], false), [""; 0]);
        assert_eq!(judge(&[id, ("replacement_id", Value::Integer(7))], false), [""; 0]);
        assert_eq!(
            judge(&[id, ("replacement_id", Value::Integer(8))], false),
            ["7 replacement_id there is no 8 in skills"]
        );
        assert_eq!(judge(&[id, ("replacement_id", Value::Integer(8))], true), [""; 0]);
        assert_eq!(judge(&[id, none, ("category", Value::Null)], true), ["7 category it is NULL"]);
        assert_eq!(
            judge(&[id, none, ("status", Value::Text(b"gone"))], true),
            ["7 status it is none of active, deprecated, archived"]
        );
    }
}
