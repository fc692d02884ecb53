//! The figures of a report as HTML: tables, and a single row as a list of key figures. The column decides how numbers
//! are formatted: money, shares, signed gains.

use crate::cli::document::{self, Foldable, foldable, grouped, integer};
use crate::ops::{Cell, Column, Table, Unit};

/// The displayed name of a column.
pub(super) fn heading(column: Column) -> String {
    let words = match column {
        Column::MeanExecutionMs => "mean time",
        Column::Tokens30Days => "tokens in 30 days",
        Column::Usd30Days => "USD in 30 days",
        Column::Tokens365Days => "tokens in a year",
        Column::Usd365Days => "USD in a year",
        Column::Days => "days logged",
        Column::Hours => "hours waited",
        other => return capital(&other.name().replace("usd", "USD").replace('_', " ")),
    };
    capital(words)
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Formats a cell according to its column.
pub(super) fn shown(column: Column, cell: &Cell) -> String {
    match cell {
        Cell::Missing => "–".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Integer(number) => integer(*number),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Cell::Decimal(number) => decimal(column.unit(), *number),
    }
}

fn decimal(unit: Unit, number: f64) -> String {
    match unit {
        Unit::Gain => gain(number),
        Unit::Usd => money(number),
        Unit::Share => format!("{} %", grouped(number * 100.0, 1)),
        Unit::Milliseconds => format!("{} ms", grouped(number, 0)),
        Unit::Tokens => grouped(number, 0),
        _ => grouped(number, 1),
    }
}

/// A gain in confidence, with its sign.
pub(super) fn gain(number: f64) -> String {
    let sign = if number > 0.0 { "+" } else { "" };
    format!("{sign}{}", grouped(number, 3))
}

/// Dollars; with more decimals under a cent.
pub(super) fn money(number: f64) -> String {
    let places = match number.abs() {
        it if it == 0.0 || it >= 0.01 => 2,
        it if it >= 0.0001 => 6,
        _ => 9,
    };
    let sign = if number < 0.0 { "−" } else { "" };
    format!("{sign}${}", grouped(number.abs(), places))
}

/// The one row of a table as key figures.
pub(super) fn key_figures(table: &Table) -> String {
    let pairs = table.columns().iter().zip(table.rows.iter().flatten()).map(|(column, cell)| {
        // These sums cover measured uses only; the page also shows the number of all uses.
        let name = if *column == Column::Uses { "Measured uses".to_owned() } else { heading(*column) };
        (name, shown(*column, cell))
    });
    document::key_figures(pairs)
}

/// A collapsible table. A long table with a chart starts collapsed.
pub(super) fn table(table: &Table, charted: bool) -> String {
    let columns: Vec<_> =
        table.columns().iter().enumerate().map(|(index, it)| (heading(*it), is_number(table, index))).collect();
    let row = |row: &Vec<Cell>| table.columns().iter().zip(row).map(|(column, cell)| shown(*column, cell)).collect();
    let rows: Vec<Vec<String>> = table.rows.iter().map(row).collect();
    foldable(&Foldable { caption: &capital(table.name.as_str()), columns: &columns, rows: &rows, charted })
}

/// Whether a column is right-aligned.
fn is_number(table: &Table, column: usize) -> bool {
    table.rows.iter().any(|row| matches!(row.get(column), Some(Cell::Integer(_) | Cell::Decimal(_))))
}

#[cfg(test)]
mod tests {
    use super::{Cell, Column, Table, heading, key_figures, shown, table};
    use crate::ops::TableName;

    #[test]
    fn numbers_are_written_as_their_column_means_them() {
        let cases = [
            (Column::MeanGain, 0.0512, "+0.051"),
            (Column::MeanGain, -0.2, "−0.200"),
            (Column::MeanGain, -0.0001, "0.000"),
            (Column::UsdAvoided, 1234.5, "$1,234.50"),
            (Column::UsdAvoided, -0.001, "−$0.001000"),
            (Column::UsdAvoided, 0.000_000_4, "$0.000000400"),
            (Column::SuccessRate, 0.875, "87.5 %"),
            (Column::WithinServiceLevel, 1.0, "100.0 %"),
            (Column::MeanExecutionMs, 1234.4, "1,234 ms"),
            (Column::Tokens30Days, 1_234_567.8, "1,234,568"),
            (Column::Hours, 50.25, "50.2"),
        ];
        for (column, number, text) in cases {
            assert_eq!(shown(column, &Cell::Decimal(number)), text, "{column:?} {number}");
        }
        assert_eq!(shown(Column::Uses, &Cell::Integer(-1_234_567)), "−1,234,567");
        assert_eq!(shown(Column::Uses, &Cell::Integer(i64::MIN)), "−9,223,372,036,854,775,808");
    }

    #[test]
    fn columns_have_names_for_a_person() {
        assert_eq!(
            [Column::AgentType, Column::UsdAvoided, Column::Usd365Days].map(heading),
            ["Agent type", "USD avoided", "USD in a year"]
        );
    }

    #[test]
    fn names_in_cells_are_escaped() {
        let rows = vec![vec![Cell::Text("<script>".into()), Cell::Integer(1234)]];
        let made = Table { name: TableName::MostUsed, rows };
        let html = table(&made, true) + &key_figures(&made);
        assert!(!html.contains("<script>"), "{html}");
        assert!(html.contains("<th scope=\"row\">&lt;script&gt;</th><td class=\"number\">1,234</td>"), "{html}");
        assert!(html.contains("<details open>\n<summary>Most used skills: 1 row</summary>"), "{html}");
    }

    #[test]
    fn a_long_table_under_its_chart_begins_folded() {
        let rows = vec![vec![Cell::Integer(1)]; 13];
        let made = Table { name: TableName::Unused, rows };
        assert!(table(&made, true).starts_with("<details>"));
        assert!(table(&made, false).starts_with("<details open>"));
    }
}
