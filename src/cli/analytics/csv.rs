//! Reports as comma-separated values (RFC 4180), safe to open in a spreadsheet.

use crate::ops::{AnalyticsReport, Cell};

/// Each table under its header; an empty line between two.
pub(super) fn write(report: &AnalyticsReport) -> String {
    let tables = report.tables.iter().map(|table| {
        let mut text = record(table.columns.iter().map(|it| (*it).to_owned()));
        for row in &table.rows {
            text += &record(row.iter().map(value));
        }
        text
    });
    tables.collect::<Vec<_>>().join("\r\n")
}

fn record(cells: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = cells.map(|cell| quote(&cell)).collect();
    quoted.join(",") + "\r\n"
}

fn value(cell: &Cell) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Text(text) => defused(text),
        Cell::Integer(number) => number.to_string(),
        Cell::Decimal(number) => number.to_string(),
        Cell::Flag(flag) => flag.to_string(),
    }
}

/// A spreadsheet runs text that starts like a formula; an apostrophe makes it text again.
fn defused(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn quote(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::ops::{AnalyticsReport, Cell, Table};

    #[test]
    fn formulas_are_defused_and_commas_quoted() {
        let rows =
            vec![vec![Cell::Text("=1+1".into()), Cell::Integer(-3)], vec![Cell::Text("a,\"b\"".into()), Cell::Missing]];
        let tables = vec![Table { name: "x", columns: &["skill", "uses"], rows }];
        let report = AnalyticsReport { report: "usage", first_day: None, last_day: None, tables };
        assert_eq!(write(&report), "skill,uses\r\n'=1+1,-3\r\n\"a,\"\"b\"\"\",\r\n");
    }
}
