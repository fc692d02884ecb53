//! Reports as text.

use super::{PageReport, sparkline};
use crate::cli::numbers::{duration, grouped, integer};
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::Visible;
use crate::ops::{AnalyticsReport, Cell, Column, Unit};
use crate::store::Proof;

impl Report for AnalyticsReport {
    fn text(&self, page: &mut Page) {
        if let (Some(first), Some(last)) = (&self.first_day, &self.last_day) {
            page.line(format!("{first} to {last} (UTC)"));
        }
        for (index, table) in self.tables.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            page.heading(&format!("{gap}{}", table.name.as_str()));
            if table.rows.is_empty() {
                page.line("nothing");
                continue;
            }
            if let Some(line) = sparkline::of(table) {
                page.line(line);
                continue;
            }
            let title = |it: &Column| it.name().trim_end_matches("_ms").replace('_', " ");
            let header: Vec<String> = table.columns().iter().map(title).collect();
            let header: Vec<&str> = header.iter().map(String::as_str).collect();
            let row = |row: &Vec<Cell>| {
                table.columns().iter().zip(row).map(|(column, cell)| shown(*column, cell)).collect::<Vec<_>>()
            };
            page.table(&header, table.rows.iter().map(row));
        }
    }
}

/// Formats a cell: three decimals, but more for amounts under a cent.
fn shown(column: Column, cell: &Cell) -> String {
    match cell {
        Cell::Missing => "-".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Integer(number) => integer(*number),
        Cell::Decimal(number) if column.unit() == Unit::Usd && *number != 0.0 && number.abs() < 0.01 => {
            format!("{number:.9}").trim_end_matches('0').to_owned()
        }
        Cell::Decimal(number) if column.unit() == Unit::Milliseconds => duration(*number),
        Cell::Decimal(number) => grouped(*number, 3),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
    }
}

impl Report for PageReport {
    fn text(&self, page: &mut Page) {
        page.line(Visible(self.path.to_string_lossy()));
    }
}

impl Report for Proof {
    fn text(&self, page: &mut Page) {
        let verdict = if self.differences == 0 { "equal" } else { "NOT equal" };
        page.line(format!(
            "rollups and full scan are {verdict}: {} in {}, {}",
            counted(self.rows, "row"),
            counted(self.cells, "cell"),
            counted(self.differences, "difference")
        ));
        if self.differences > 0 {
            page.line("run 'cfn analytics rebuild' to recompute the rollups");
        }
    }
}
