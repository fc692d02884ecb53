//! Fills the gaps in uses by day: reports list only logged days, but charts need every day.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::ops::{Cell, Table, TableName};

/// Maximum number of days in a chart, counted back from the last.
const MOST: usize = 92;

/// Whether the table holds uses by day.
pub(super) fn is_by_day(table: &Table) -> bool {
    table.name == TableName::Days
}

/// Every day from the first to the last logged one, at most the last 92. Rows without a valid date are left out.
pub(super) fn without_gaps(table: &Table) -> Vec<(String, i64)> {
    let logged = table.rows.iter().filter_map(|row| match row.as_slice() {
        [Cell::Text(day), Cell::Integer(uses)] => Some((day.parse::<Date>().ok()?, *uses)),
        _ => None,
    });
    let mut logged: Vec<(Date, i64)> = logged.collect();
    logged.sort_by_key(|(day, _)| *day);
    let mut days = Vec::new();
    let mut at = logged.last().map(|(day, _)| *day);
    while let (Some(day), Some((next, uses))) = (at.take(), logged.last()) {
        if days.len() == MOST {
            break;
        }
        let here = day == *next;
        days.push((day.to_string(), if here { *uses } else { 0 }));
        if here {
            logged.pop();
        }
        at = day.checked_sub(1.day()).ok();
    }
    days.reverse();
    days
}

#[cfg(test)]
mod tests {
    use super::without_gaps;
    use crate::ops::{Cell, Table, TableName};

    fn filled(rows: &[(&str, i64)]) -> Vec<(String, i64)> {
        let rows = rows.iter().map(|(day, uses)| vec![Cell::Text((*day).into()), Cell::Integer(*uses)]).collect();
        without_gaps(&Table { name: TableName::Days, rows })
    }

    #[test]
    fn days_without_uses_are_there() {
        let days = filled(&[("", 9), ("2026-02-27", 3), ("2026-03-02", 1)]);
        let expected = [("2026-02-27", 3), ("2026-02-28", 0), ("2026-03-01", 0), ("2026-03-02", 1)];
        assert_eq!(days, expected.map(|(day, uses)| (day.to_owned(), uses)));
    }

    #[test]
    fn a_long_gap_does_not_make_a_long_picture() {
        let days = filled(&[("0001-01-01", 5), ("2026-03-02", 1)]);
        assert_eq!((days.len(), days.last().map(|it| it.1)), (92, Some(1)));
        assert_eq!(filled(&[]), []);
        assert_eq!(filled(&[("2026-03-02", 1)]).len(), 1);
    }
}
