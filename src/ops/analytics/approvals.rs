//! Reports over decisions and skills.

use super::layout::TableName;
use super::source::Source;
use super::table::{Cell, Table};
use crate::clock::Clock;
use crate::model::{ApprovalLevel, Decision, DecisionTime, StoredTime};
use crate::ops::error::Result;
use crate::ops::pending::{hours, waiting};

const LEVELS: [ApprovalLevel; 3] = [ApprovalLevel::Auto, ApprovalLevel::Escalate, ApprovalLevel::Human];

pub(super) fn velocity(source: &Source<'_>) -> Result<Table> {
    let decisions = source.snapshot.decision_times(source.days, source.category())?;
    let rows = LEVELS.into_iter().filter_map(|level| {
        let of_level: Vec<_> = decisions.iter().filter(|it| it.approval_level == level).collect();
        if of_level.is_empty() {
            return None;
        }
        let taken =
            |it: &&DecisionTime| hours(it.recorded_at.as_ref(), it.decided_at.as_ref().and_then(StoredTime::instant));
        let mut times: Vec<f64> = of_level.iter().filter_map(taken).collect();
        times.sort_by(f64::total_cmp);
        let within = level.service_hours().map(|most| times.iter().filter(|it| **it <= most).count());
        Some(vec![
            Cell::text(level.as_str()),
            count(of_level.len()),
            count(times.len()),
            mean(&times).map_or(Cell::Missing, Cell::Decimal),
            median(&times).map_or(Cell::Missing, Cell::Decimal),
            level.service_hours().map_or(Cell::Missing, Cell::Decimal),
            within.map_or(Cell::Missing, |it| share(it, times.len())),
        ])
    });
    Ok(Table::new(TableName::Times, rows))
}

pub(super) fn decisions(source: &Source<'_>) -> Result<Table> {
    let decisions = source.snapshot.decision_times(source.days, source.category())?;
    let outcomes = [Decision::Approved, Decision::Rejected, Decision::Escalated, Decision::NeedsCorrection];
    let mut rows = Vec::new();
    for level in LEVELS {
        for outcome in outcomes {
            let found = decisions.iter().filter(|it| it.approval_level == level && it.decision == outcome).count();
            if found > 0 {
                rows.push(vec![Cell::text(level.as_str()), Cell::text(outcome.as_str()), count(found)]);
            }
        }
    }
    Ok(Table::new(TableName::Decisions, rows))
}

pub(super) fn bottlenecks(source: &Source<'_>, clock: Clock) -> Result<Table> {
    let rows = waiting(source.snapshot, clock, source.category())?.into_iter().map(|it| {
        vec![
            Cell::Text(it.name),
            Cell::Text(it.version),
            Cell::text(it.approval_level.as_str()),
            Cell::maybe(it.since.as_ref()),
            it.waited_hours.map_or(Cell::Missing, Cell::Decimal),
            Cell::Flag(it.overdue),
        ]
    });
    Ok(Table::new(TableName::Waiting, rows))
}

pub(super) fn by_approval(source: &Source<'_>) -> Result<Table> {
    let rows = source
        .snapshot
        .levels(source.category())?
        .into_iter()
        .map(|(level, status, skills)| vec![Cell::text(level.as_str()), Cell::Text(status), Cell::Integer(skills)]);
    Ok(Table::new(TableName::Levels, rows))
}

pub(super) fn efficiency(source: &Source<'_>) -> Result<Table> {
    let decisions = source.snapshot.decision_times(source.days, source.category())?;
    let waiting = source.snapshot.waiting(source.category())?;
    let rows = LEVELS.into_iter().filter_map(|level| {
        let of_level: Vec<_> = decisions.iter().filter(|it| it.approval_level == level).collect();
        let bottlenecks = waiting.iter().filter(|it| it.approval_level == level).count();
        if of_level.is_empty() && bottlenecks == 0 {
            return None;
        }
        let rate =
            |decision: Decision| share(of_level.iter().filter(|it| it.decision == decision).count(), of_level.len());
        let reviews: Vec<i64> = of_level.iter().filter_map(|it| it.review_minutes).collect();
        let minutes = reviews.iter().fold(0_i64, |sum, it| sum.saturating_add(*it));
        Some(vec![
            Cell::text(level.as_str()),
            count(of_level.len()),
            rate(Decision::Approved),
            rate(Decision::Rejected),
            rate(Decision::Escalated),
            Cell::mean(minutes, i64::try_from(reviews.len()).unwrap_or(i64::MAX)),
            count(bottlenecks),
        ])
    });
    Ok(Table::new(TableName::Efficiency, rows))
}

fn count(number: usize) -> Cell {
    Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn share(part: usize, whole: usize) -> Cell {
    match (count(part), count(whole)) {
        (Cell::Integer(part), Cell::Integer(whole)) => Cell::mean(part, whole),
        _ => Cell::Missing,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of decisions")]
fn mean(times: &[f64]) -> Option<f64> {
    (!times.is_empty()).then(|| times.iter().sum::<f64>() / times.len() as f64)
}

/// The median of sorted times.
fn median(times: &[f64]) -> Option<f64> {
    let middle = times.len() / 2;
    match times.len() % 2 {
        _ if times.is_empty() => None,
        0 => Some(f64::midpoint(times[middle - 1], times[middle])),
        _ => times.get(middle).copied(),
    }
}
