//! Which tables each report has.

use super::approvals;
use super::request::{Analytics, ReportName};
use super::source::Source;
use super::table::Table;
use super::usage;
use crate::clock::Clock;
use crate::ops::error::Result;
use crate::store::{Days, Snapshot};

/// The tables of a report, each with as many rows as were asked for.
pub(super) fn tables(
    snapshot: &dyn Snapshot,
    request: &Analytics,
    days: Option<Days>,
    clock: Clock,
) -> Result<Vec<Table>> {
    let mut tables = of(&Source::new(snapshot, days, request), clock)?;
    if let Some(limit) = request.limit {
        for table in &mut tables {
            table.rows.truncate(limit);
        }
    }
    Ok(tables)
}

/// The tables of a report, in their order.
fn of(source: &Source<'_>, clock: Clock) -> Result<Vec<Table>> {
    match source.request.report {
        ReportName::Overview => Ok(vec![
            usage::effectiveness_overall(source)?,
            usage::most_used(source, 5)?,
            usage::days(source)?,
            usage::cost_overall(source)?,
            usage::priced(source)?,
        ]),
        ReportName::Effectiveness => Ok(vec![usage::effectiveness_overall(source)?, usage::effectiveness(source)?]),
        ReportName::EffectivenessByApproval => Ok(vec![usage::effectiveness_by_approval(source)?]),
        ReportName::Phase4Performance => Ok(vec![usage::phase4(source)?, usage::most_used_generated(source, 5)?]),
        ReportName::Velocity => Ok(vec![approvals::velocity(source)?, approvals::decisions(source)?]),
        ReportName::Bottlenecks => Ok(vec![approvals::bottlenecks(source, clock)?]),
        ReportName::ByApproval => Ok(vec![approvals::by_approval(source)?]),
        ReportName::ApprovalEfficiency => Ok(vec![approvals::efficiency(source)?]),
        ReportName::Usage => Ok(vec![usage::usage(source)?, usage::unused(source)?]),
        ReportName::Origins => Ok(vec![usage::origins(source)?]),
        ReportName::Cost => Ok(vec![usage::cost_overall(source)?, usage::cost(source)?, usage::priced(source)?]),
    }
}
