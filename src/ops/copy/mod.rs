//! Copies a whole database to an empty one, whatever the engines are, and proves the copy.

mod proof;
pub(super) mod report;
mod weighing;

use std::time::{Duration, Instant};

use self::proof::Tally;
use self::report::{CopiedTable, CopyError, CopyReport};
use self::weighing::Weighing;
use super::Result;
use crate::model::Location;
use crate::store::StoreError;
use crate::store::copying::{CopySource, CopyTarget, TABLES, Table, Value, Weighed};

/// Called with the rows that were done, and all of them, during each part of a copy.
pub type CopyProgress<'a> = &'a mut dyn FnMut(CopyPart, u64, u64);

/// A part of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyPart {
    /// Rows are read, and written to the target.
    Rows,
    /// Indexes, constraints and triggers are made.
    Indexes,
    /// The rows of the target are read, and compared.
    Proof,
}

/// Judges every row of a source for a target, and writes nothing.
pub fn weigh_copy(
    source: &dyn CopySource,
    target: &mut dyn CopyTarget,
    to: Location,
    progress: CopyProgress<'_>,
) -> Result<CopyReport> {
    require_another(source, target)?;
    let started = Instant::now();
    let mut passing = Passing::begin(source, target.holds_orphans(), progress)?;
    for table in TABLES {
        passing.table(table, &mut |row| target.weigh(table, row))?;
    }
    let replaced = target.replaces().map(str::to_owned);
    let (tally, weighing) = (passing.tally, passing.weighing);
    report(source, to, &tally, weighing, Times { copy: started.elapsed(), ..Times::default() }).map(|it| CopyReport {
        dry_run: true,
        replaced,
        ..it
    })
}

/// Copies every row of a source to a target, proves that it has them, and publishes it.
pub fn copy(
    source: &dyn CopySource,
    mut target: Box<dyn CopyTarget>,
    to: Location,
    progress: CopyProgress<'_>,
) -> Result<CopyReport> {
    require_another(source, target.as_ref())?;
    let started = Instant::now();
    let mut passing = Passing::begin(source, target.holds_orphans(), progress)?;
    target.begin(&source.usage_months()?)?;
    for table in TABLES {
        target.begin_table(table)?;
        // A copy that is going to be refused is not written any further.
        let mut is_doomed = passing.weighing.refused_rows > 0;
        passing.table(table, &mut |row| {
            let weighed = if is_doomed { target.weigh(table, row)? } else { target.add(row)? };
            is_doomed |= matches!(weighed, Weighed::Refused { .. });
            Ok(weighed)
        })?;
        target.end_table(if table.is_numbered { source.last_id(table)? } else { 0 })?;
    }
    let Passing { tally, weighing, progress, all, .. } = passing;
    if weighing.refused_rows > 0 {
        return Err(CopyError::Refused { rows: weighing.refused_rows, first: weighing.refused }.into());
    }
    progress(CopyPart::Indexes, all, all);
    target.complete()?;
    let copied = started.elapsed();
    proof::compare(&tally, target.written()?, &mut |done| progress(CopyPart::Proof, done, all))?;
    let times = Times { copy: copied, proof: started.elapsed().saturating_sub(copied) };
    let replaced = target.replaces().map(str::to_owned);
    let report = report(source, to, &tally, weighing, times)?;
    let previous = target.publish()?;
    Ok(CopyReport { replaced, previous, ..report })
}

fn require_another(source: &dyn CopySource, target: &dyn CopyTarget) -> Result<()> {
    match target.identity()? {
        Some(same) if same == source.identity()? => Err(CopyError::Same { location: source.location() }.into()),
        _ => Ok(()),
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Times {
    copy: Duration,
    proof: Duration,
}

fn report(
    source: &dyn CopySource,
    to: Location,
    tally: &Tally,
    weighing: Weighing,
    times: Times,
) -> Result<CopyReport> {
    let milliseconds = |it: Duration| u64::try_from(it.as_millis()).unwrap_or(u64::MAX);
    let tables: Vec<CopiedTable> =
        tally.tables.iter().map(|it| CopiedTable { table: it.name, rows: it.rows }).collect();
    Ok(CopyReport {
        from: source.location(),
        to,
        dry_run: false,
        rows: tables.iter().map(|it| it.rows).sum(),
        tables,
        other_values: weighing.beside,
        left_out: source.left_out()?,
        refused: weighing.refused,
        refused_rows: weighing.refused_rows,
        sha256: tally.sha256(),
        replaced: None,
        previous: None,
        copy_ms: milliseconds(times.copy),
        proof_ms: milliseconds(times.proof),
    })
}

/// The rows of a source on their way.
struct Passing<'a> {
    source: &'a dyn CopySource,
    holds_orphans: bool,
    tally: Tally,
    weighing: Weighing,
    progress: CopyProgress<'a>,
    done: u64,
    all: u64,
}

/// Progress is reported after so many rows.
const REPORTED: u64 = 1000;

impl<'a> Passing<'a> {
    fn begin(source: &'a dyn CopySource, holds_orphans: bool, progress: CopyProgress<'a>) -> Result<Self> {
        let all = TABLES.iter().map(|it| source.count(it)).sum::<std::result::Result<u64, StoreError>>()?;
        let (tally, weighing) = (Tally::default(), Weighing::default());
        Ok(Self { source, holds_orphans, tally, weighing, progress, done: 0, all })
    }

    /// Passes every row of a table to `take`, and judges it.
    fn table(
        &mut self,
        table: &'static Table,
        take: &mut dyn FnMut(&[Value<'_>]) -> std::result::Result<Weighed, StoreError>,
    ) -> Result<()> {
        self.tally.begin(table);
        self.weighing.begin(table, self.holds_orphans);
        self.source.each_row(table, &mut |row| {
            self.tally.row(row);
            if self.weighing.is_plain(row) {
                self.weighing.note(row, &take(row)?);
            }
            self.done += 1;
            if self.done.is_multiple_of(REPORTED) {
                (self.progress)(CopyPart::Rows, self.done, self.all);
            }
            Ok(())
        })?;
        self.weighing.end();
        Ok(())
    }
}
