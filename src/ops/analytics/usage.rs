//! Reports over the usage log.

use std::collections::{BTreeMap, HashSet};

use super::layout::TableName;
use super::source::Source;
use super::table::{Cell, Table};
use crate::model::{Moment, TokenPrice, UsageCell};
use crate::ops::error::Result;

/// The origin of what was logged here; no follower has this label.
const THIS_DATABASE: &str = "this database";

/// Sums of cells by key.
fn grouped<'a, K: Ord>(
    cells: impl IntoIterator<Item = &'a UsageCell>,
    key: impl Fn(&UsageCell) -> K,
) -> BTreeMap<K, Sum> {
    let mut groups: BTreeMap<K, Sum> = BTreeMap::new();
    for cell in cells {
        groups.entry(key(cell)).or_default().add(cell);
    }
    groups
}

/// A sum of cells.
#[derive(Debug, Default)]
struct Sum {
    skills: HashSet<i64>,
    uses: i64,
    measured: i64,
    gain: i64,
    helped: i64,
    timed: i64,
    time_ms: i64,
    outcomes: i64,
    succeeded: i64,
    tokens: i64,
    unpriced: i64,
    cost: i128,
    first: Option<Moment>,
    last: Option<Moment>,
}

impl Sum {
    fn add(&mut self, cell: &UsageCell) {
        if cell.measured > 0 {
            self.skills.insert(cell.skill_id);
        }
        for (sum, value) in [
            (&mut self.uses, cell.uses),
            (&mut self.measured, cell.measured),
            (&mut self.gain, cell.gain_millionths),
            (&mut self.helped, cell.helped),
            (&mut self.timed, cell.timed),
            (&mut self.time_ms, cell.time_ms),
            (&mut self.outcomes, cell.outcomes),
            (&mut self.succeeded, cell.succeeded),
            (&mut self.tokens, cell.tokens_avoided),
            (&mut self.unpriced, cell.unpriced_tokens),
        ] {
            *sum = sum.saturating_add(value);
        }
        self.cost = self.cost.saturating_add(cell.cost_avoided_billionths);
        self.first = [self.first, cell.first_used].into_iter().flatten().min();
        self.last = self.last.max(cell.last_used);
    }

    /// Money in billionths of a dollar: the recorded amounts, and the price of tokens without one.
    fn money(&self, price: TokenPrice) -> i128 {
        self.cost.saturating_add(price.of(self.unpriced))
    }

    /// Numbers of skills and measured uses, mean gain, mean time, helped rate, and success rate.
    fn measures(&self) -> Vec<Cell> {
        vec![
            Cell::Integer(i64::try_from(self.skills.len()).unwrap_or(i64::MAX)),
            Cell::Integer(self.measured),
            Cell::mean_of_millionths(self.gain, self.measured),
            Cell::mean(self.time_ms, self.timed),
            Cell::mean(self.helped, self.measured),
            Cell::mean(self.succeeded, self.outcomes),
        ]
    }
}

/// Orders by mean gain, highest first, without rounding.
fn mean_order(a: &Sum, b: &Sum) -> std::cmp::Ordering {
    let product = |gain: i64, count: i64| i128::from(gain) * i128::from(count);
    product(b.gain, a.measured).cmp(&product(a.gain, b.measured))
}

/// The name of a cell's skill, or the id of a removed one.
fn skill(cell: &UsageCell) -> String {
    cell.skill.clone().unwrap_or_else(|| format!("#{} (gone)", cell.skill_id))
}

fn overall<'a>(cells: impl IntoIterator<Item = &'a UsageCell>) -> Sum {
    cells.into_iter().fold(Sum::default(), |mut sum, cell| {
        sum.add(cell);
        sum
    })
}

pub(super) fn effectiveness_overall(source: &Source<'_>) -> Result<Table> {
    let sum = overall(source.cells()?);
    Ok(Table::new(TableName::Overall, [sum.measures()]))
}

pub(super) fn effectiveness(source: &Source<'_>) -> Result<Table> {
    let cells = source.cells()?;
    let mut groups: Vec<_> = grouped(cells, skill).into_iter().filter(|(_, sum)| sum.measured > 0).collect();
    groups.sort_by(|(_, a), (_, b)| mean_order(a, b));
    let rows = groups.into_iter().map(|(skill, sum)| {
        let mut row = vec![Cell::Text(skill)];
        row.extend(sum.measures().into_iter().skip(1));
        row
    });
    Ok(Table::new(TableName::BySkill, rows))
}

pub(super) fn effectiveness_by_approval(source: &Source<'_>) -> Result<Table> {
    let cells = source.cells()?;
    let groups = grouped(cells, |it| it.approval_level.clone());
    let rows = groups.into_iter().filter(|(_, sum)| sum.measured > 0).map(|(level, sum)| {
        let mut row = vec![if level.is_empty() { Cell::Missing } else { Cell::Text(level) }];
        row.extend(sum.measures());
        row
    });
    Ok(Table::new(TableName::ByLevel, rows))
}

pub(super) fn phase4(source: &Source<'_>) -> Result<Table> {
    let sum = overall(source.cells()?.iter().filter(|it| it.phase4_generated));
    Ok(Table::new(TableName::Generated, [sum.measures()]))
}

pub(super) fn most_used_generated(source: &Source<'_>, most: usize) -> Result<Table> {
    let generated = source.cells()?.iter().filter(|it| it.phase4_generated);
    Ok(ranking(TableName::MostUsedGenerated, generated, most))
}

pub(super) fn most_used(source: &Source<'_>, most: usize) -> Result<Table> {
    Ok(ranking(TableName::MostUsed, source.cells()?, most))
}

fn ranking<'a>(name: TableName, cells: impl IntoIterator<Item = &'a UsageCell>, most: usize) -> Table {
    let mut groups: Vec<_> = grouped(cells, skill).into_iter().collect();
    groups.sort_by(|(a_name, a), (b_name, b)| b.uses.cmp(&a.uses).then_with(|| a_name.cmp(b_name)));
    let rows = groups.into_iter().take(most).map(|(skill, sum)| {
        vec![Cell::Text(skill), Cell::Integer(sum.uses), Cell::mean_of_millionths(sum.gain, sum.measured)]
    });
    Table::new(name, rows)
}

pub(super) fn days(source: &Source<'_>) -> Result<Table> {
    let days = source.snapshot.uses_by_day(source.days, 90)?;
    let rows = days.into_iter().map(|(day, uses)| vec![Cell::Text(day.to_string()), Cell::Integer(uses)]);
    Ok(Table::new(TableName::Days, rows))
}

pub(super) fn usage(source: &Source<'_>) -> Result<Table> {
    let cells = source.cells()?;
    let mut groups: Vec<_> = grouped(cells, |it| (skill(it), it.agent_type.clone())).into_iter().collect();
    groups.sort_by(|(a_key, a), (b_key, b)| b.uses.cmp(&a.uses).then_with(|| a_key.cmp(b_key)));
    let rows = groups.into_iter().map(|((skill, agent), sum)| {
        vec![
            Cell::Text(skill),
            Cell::Text(agent),
            Cell::Integer(sum.uses),
            Cell::maybe(sum.first.as_ref()),
            Cell::maybe(sum.last.as_ref()),
        ]
    });
    Ok(Table::new(TableName::Uses, rows))
}

pub(super) fn origins(source: &Source<'_>) -> Result<Table> {
    let Some(days) = source.days else { return Ok(Table::new(TableName::Origins, [])) };
    let found = source.snapshot.uses_by_origin(days, source.request.agent_type.as_deref(), source.category())?;
    let rows = found.into_iter().map(|it| {
        vec![
            Cell::Text(it.origin.unwrap_or_else(|| THIS_DATABASE.to_owned())),
            Cell::Integer(it.uses),
            Cell::Integer(it.agents),
            Cell::Integer(it.skills),
            Cell::mean(it.succeeded, it.outcomes),
            Cell::maybe(it.first_used.as_ref()),
            Cell::maybe(it.last_used.as_ref()),
        ]
    });
    Ok(Table::new(TableName::Origins, rows))
}

pub(super) fn unused(source: &Source<'_>) -> Result<Table> {
    let mut used: Vec<i64> = source.cells()?.iter().map(|it| it.skill_id).collect();
    used.sort_unstable();
    let skills = source.snapshot.active_skills(source.category())?.into_iter();
    let rows = skills.filter(|(id, _)| used.binary_search(&id.0).is_err()).map(|(_, name)| vec![Cell::Text(name)]);
    Ok(Table::new(TableName::Unused, rows))
}

pub(super) fn cost(source: &Source<'_>) -> Result<Table> {
    let cells = source.cells()?;
    let groups = grouped(cells, skill).into_iter().filter(|(_, sum)| sum.tokens != 0 || sum.cost != 0);
    let mut groups: Vec<_> = groups.map(|(skill, sum)| (skill, sum.tokens, sum.money(source.request.price))).collect();
    groups.sort_by(|(a_name, _, a), (b_name, _, b)| b.cmp(a).then_with(|| a_name.cmp(b_name)));
    let rows = groups
        .into_iter()
        .map(|(skill, tokens, money)| vec![Cell::Text(skill), Cell::Integer(tokens), Cell::usd(money, (1, 1))]);
    Ok(Table::new(TableName::SavedBySkill, rows))
}

/// Total savings, and their projection for a month and a year at the mean of the logged days.
pub(super) fn cost_overall(source: &Source<'_>) -> Result<Table> {
    let sum = overall(source.cells()?);
    let money = sum.money(source.request.price);
    let days = logged_days(sum.first, sum.last);
    let projected = |days_ahead: i64| match days {
        Some(days) => {
            vec![Cell::mean(sum.tokens.saturating_mul(days_ahead), days), Cell::usd(money, (days_ahead, days))]
        }
        None => vec![Cell::Missing, Cell::Missing],
    };
    let mut row = vec![Cell::Integer(sum.tokens), Cell::usd(money, (1, 1)), days.map_or(Cell::Missing, Cell::Integer)];
    row.extend(projected(30));
    row.extend(projected(365));
    Ok(Table::new(TableName::Saved, [row]))
}

/// The part of the savings that the price of a token makes.
pub(super) fn priced(source: &Source<'_>) -> Result<Table> {
    let (tokens, price) = (overall(source.cells()?).unpriced, source.request.price);
    let row = [Cell::Integer(tokens), Cell::usd(price.of_a_million(), (1, 1)), Cell::usd(price.of(tokens), (1, 1))];
    Ok(Table::new(TableName::Priced, [row.to_vec()]))
}

/// Number of days from the first to the last logged one, both included.
fn logged_days(first: Option<Moment>, last: Option<Moment>) -> Option<i64> {
    let span = first?.day().until(last?.day()).ok()?;
    Some(i64::from(span.get_days()) + 1)
}
