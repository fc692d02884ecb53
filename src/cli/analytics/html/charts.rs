//! Chooses and draws the chart of a table. A table is recognised by its name, and its columns by what they are.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::days;
use super::columns;
use super::figures::{gain, money};
use crate::cli::document::{About, Bar, bars, grouped, integer};
use crate::ops::{Cell, Column, Table, TableName};

/// Maximum number of bars in a chart; the table below it has all rows.
const MOST_BARS: usize = 15;

/// Parts of a stack with a colour of their own; the others are merged into one more part.
const MOST_SERIES: usize = 5;

/// A chart with its title and description.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    pub(super) title: &'static str,
    /// The description, one sentence.
    pub(super) seen: String,
    /// The names of the stacks' parts, each with its sum.
    pub(super) legend: Vec<(String, String)>,
    pub(super) svg: String,
}

/// The chart of a table, if it has one.
pub(super) fn of(table: &Table, id: &str) -> Option<Chart> {
    if table.rows.is_empty() {
        return None;
    }
    match table.name {
        TableName::Days => by_day(table, id),
        TableName::Uses => {
            let columns = [Column::Skill, Column::AgentType, Column::Uses];
            Some(stacked(table, id, "Uses by skill and agent type", "uses", columns))
        }
        TableName::MostUsed | TableName::MostUsedGenerated => {
            Some(single(table, id, "Uses of the most used skills", Column::Uses, &integer_of))
        }
        TableName::Origins => Some(single(table, id, "Uses by origin", Column::Uses, &integer_of)),
        TableName::BySkill => Some(single(table, id, "Mean gain in confidence by skill", Column::MeanGain, &gain)),
        TableName::ByLevel => {
            Some(single(table, id, "Mean gain in confidence by approval level", Column::MeanGain, &gain))
        }
        TableName::SavedBySkill => Some(single(table, id, "Cost avoided by skill", Column::UsdAvoided, &money)),
        TableName::Decisions => {
            let columns = [Column::ApprovalLevel, Column::Decision, Column::Count];
            Some(stacked(table, id, "Decisions by level and outcome", "decisions", columns))
        }
        TableName::Levels => {
            let columns = [Column::ApprovalLevel, Column::Status, Column::Skills];
            Some(stacked(table, id, "Skills by level and status", "skills", columns))
        }
        TableName::Waiting => {
            let hours = |it| format!("{} h", grouped(it, 1));
            Some(single(table, id, "Waiting for review, in hours", Column::Hours, &hours))
        }
        TableName::Overall
        | TableName::Generated
        | TableName::Unused
        | TableName::Saved
        | TableName::Priced
        | TableName::Times
        | TableName::Efficiency => None,
    }
}

fn by_day(table: &Table, id: &str) -> Option<Chart> {
    let days = days::without_gaps(table);
    let ((first, _), (last, _)) = (days.first()?, days.last()?);
    let (peak, most) = days.iter().rev().max_by_key(|(_, uses)| *uses)?;
    let sum = days.iter().fold(0_i64, |sum, (_, uses)| sum.saturating_add(*uses));
    let seen =
        format!("{} from {first} to {last}; the busiest day was {peak} with {}.", counted(sum, "uses"), integer(*most));
    let title = "Uses by day";
    let svg = columns::draw(&About { id, title, description: &seen }, &days);
    Some(Chart { title, seen, legend: Vec::new(), svg })
}

/// A bar for each row, in the table's order.
fn single(table: &Table, id: &str, title: &'static str, column: Column, shown: &dyn Fn(f64) -> String) -> Chart {
    let (column, over) = (table.position(column), table.position(Column::OverServiceLevel));
    let value = |row: &[Cell]| number(row.get(column?)?);
    let rows: Vec<_> = table.rows.iter().map(|row| (words(row.first()), value(row), row)).collect();
    let drawn = rows.iter().take(MOST_BARS).map(|(label, value, row)| {
        let late = over.and_then(|it| row.get(it)) == Some(&Cell::Flag(true));
        let text = value.map_or_else(|| "unknown".to_owned(), shown);
        Bar {
            label: label.clone(),
            shown: if late { format!("{text}, late") } else { text },
            parts: vec![(usize::from(late), value.unwrap_or(0.0))],
        }
    });
    let bars: Vec<Bar> = drawn.collect();
    let known: Vec<_> = rows.iter().filter_map(|(label, value, _)| Some((label, (*value)?))).collect();
    let extreme = |better: fn(f64, f64) -> bool| {
        known.iter().copied().reduce(|best, it| if better(it.1, best.1) { it } else { best })
    };
    let named = |(label, value): (&String, f64)| format!("{label} ({})", shown(value));
    let mut seen = match (extreme(|a, b| a > b), extreme(|a, b| a < b)) {
        (Some(most), Some(least)) if most.1 > least.1 => format!("Most: {}; least: {}.", named(most), named(least)),
        (Some(most), _) if known.len() == 1 => format!("{}.", named(most)),
        (Some(most), _) => format!("All the same: {}.", shown(most.1)),
        _ => "No values yet.".to_owned(),
    };
    let losses = known.iter().filter(|(_, value)| *value < 0.0).count();
    if losses > 0 {
        let _ = write!(seen, " {losses} of {} lost confidence.", known.len());
    }
    let late = over.map_or(0, |at| table.rows.iter().filter(|row| row.get(at) == Some(&Cell::Flag(true))).count());
    if late > 0 {
        let _ = write!(seen, " {late} of {} are over their service level.", rows.len());
    }
    seen += &left_out(rows.len());
    let svg = bars::draw(&About { id, title, description: &seen }, &bars, &[]);
    Chart { title, seen, legend: Vec::new(), svg }
}

/// A stack for each first word, the largest first; a part for each second word.
fn stacked(table: &Table, id: &str, title: &'static str, what: &str, columns: [Column; 3]) -> Chart {
    let [label, part, count] = columns.map(|it| table.position(it));
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    let mut parts: BTreeMap<String, f64> = BTreeMap::new();
    let mut cells: BTreeMap<(String, String), f64> = BTreeMap::new();
    for row in &table.rows {
        let cell = |at: Option<usize>| row.get(at?);
        let (label, part) = (words(cell(label)), words(cell(part)));
        let value = cell(count).and_then(number).unwrap_or(0.0);
        *sums.entry(label.clone()).or_default() += value;
        *parts.entry(part.clone()).or_default() += value;
        *cells.entry((label, part)).or_default() += value;
    }
    let whole: f64 = sums.values().sum();
    let (sums, mut series) = (largest_first(sums), largest_first(parts));
    let rest: f64 = series.iter().skip(MOST_SERIES).map(|(_, sum)| sum).sum();
    if series.len() > MOST_SERIES + 1 {
        series.truncate(MOST_SERIES);
        series.push(("all others".to_owned(), rest));
    }
    let own = |name: &str| series.iter().position(|(it, _)| it == name).unwrap_or(series.len() - 1);
    let bars = sums.iter().take(MOST_BARS).map(|(label, sum)| {
        let mut values = vec![0.0; series.len()];
        for ((_, part), value) in cells.iter().filter(|((it, _), _)| it == label) {
            values[own(part)] += value;
        }
        let parts = values.into_iter().enumerate().filter(|(_, value)| *value != 0.0).collect();
        Bar { label: label.clone(), shown: integer_of(*sum), parts }
    });
    let bars: Vec<Bar> = bars.collect();
    let mut seen = format!("{} {what} in all", integer_of(whole));
    if let (Some((label, sum)), Some((part, of_part))) = (sums.first(), series.first()) {
        let _ = write!(seen, "; most of {label} ({}), and of {part} ({}).", integer_of(*sum), integer_of(*of_part));
    }
    seen += &left_out(sums.len());
    let names: Vec<String> = series.iter().map(|(name, _)| name.clone()).collect();
    let svg = bars::draw(&About { id, title, description: &seen }, &bars, &names);
    let legend = series.into_iter().map(|(name, sum)| (name, integer_of(sum))).collect();
    Chart { title, seen, legend, svg }
}

fn largest_first(sums: BTreeMap<String, f64>) -> Vec<(String, f64)> {
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|(_, a), (_, b)| b.total_cmp(a)); // stable: by name where they are equal
    sums
}

fn left_out(bars: usize) -> String {
    match bars.saturating_sub(MOST_BARS) {
        0 => String::new(),
        left => format!(" The chart shows the first {MOST_BARS}; the table has {left} more."),
    }
}

fn counted(number: i64, what: &str) -> String {
    format!("{} {}", integer(number), if number == 1 { what.trim_end_matches('s') } else { what })
}

fn words(cell: Option<&Cell>) -> String {
    match cell {
        Some(Cell::Text(text)) => text.clone(),
        _ => "not recorded".to_owned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a length on a screen")]
fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Integer(number) => Some(*number as f64),
        Cell::Decimal(number) => Some(*number),
        _ => None,
    }
}

fn integer_of(number: f64) -> String {
    grouped(number, 0)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::{Cell, Table, TableName, of};

    fn decisions(rows: &[(&str, &str, i64)]) -> Table {
        let rows =
            rows.iter().map(|(a, b, n)| vec![Cell::Text((*a).into()), Cell::Text((*b).into()), Cell::Integer(*n)]);
        Table { name: TableName::Decisions, rows: rows.collect() }
    }

    #[test]
    fn stacks_add_up_and_the_largest_comes_first() {
        let rows = [("auto", "approved", 2), ("human", "approved", 5), ("human", "rejected", 1)];
        let chart = of(&decisions(&rows), "c").expect("a chart");
        assert_eq!(chart.seen, "8 decisions in all; most of human (6), and of approved (7).");
        assert_eq!(chart.legend, [("approved", "7"), ("rejected", "1")].map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert!(chart.svg.find("human: 6") < chart.svg.find("auto: 2"), "{}", chart.svg);
    }

    #[test]
    fn more_parts_than_colours_are_put_together() {
        let rows: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"].into_iter().map(|it| ("human", it, 1)).collect();
        let chart = of(&decisions(&rows), "c").expect("a chart");
        assert_eq!(chart.legend.last(), Some(&("all others".to_owned(), "2".to_owned())));
        assert!(chart.svg.contains("human, all others: 2"), "{}", chart.svg);
    }

    #[test]
    fn losses_are_said_and_unknown_values_are_no_zeros() {
        let row = |name: &str, gain: Cell| {
            vec![Cell::Text(name.into()), Cell::Integer(1), gain, Cell::Missing, Cell::Missing, Cell::Missing]
        };
        let rows = vec![row("good", Cell::Decimal(0.2)), row("new", Cell::Missing), row("bad", Cell::Decimal(-0.1))];
        let chart = of(&Table { name: TableName::BySkill, rows }, "c").expect("a chart");
        assert_eq!(chart.seen, "Most: good (+0.200); least: bad (−0.100). 1 of 2 lost confidence.");
        assert!(chart.svg.contains("new: unknown") && chart.svg.contains("s0 below"), "{}", chart.svg);
    }

    #[test]
    fn an_empty_table_and_a_table_of_words_have_no_picture() {
        assert!(of(&decisions(&[]), "c").is_none());
        assert!(of(&Table { name: TableName::Unused, rows: vec![vec![Cell::Missing]] }, "c").is_none());
    }

    #[test]
    fn names_in_sentences_are_left_to_the_page_to_escape_and_escaped_in_pictures() {
        let chart = of(&decisions(&[("<script>", "<b>", 1)]), "c").expect("a chart");
        assert!(!chart.svg.contains("<script") && !chart.svg.contains("<b>"), "{}", chart.svg);
    }
}
