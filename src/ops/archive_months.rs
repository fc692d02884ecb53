//! `db archive` to a server: month by month.

use std::collections::HashSet;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Serialize;

use super::error::Result;
use crate::store::{ArchivePlace, ArchiveReport, ArchivedDays, Proof, Store, StoreError, UnarchiveReport};

/// Opens the place of a month.
type PlaceOf<'a> = dyn FnMut(&ArchivedDays) -> crate::store::Result<Box<dyn ArchivePlace>> + 'a;

/// What was moved to a server.
#[derive(Debug, Serialize)]
pub struct MonthsReport {
    /// The server.
    pub path: String,
    /// Rows from before this day were moved.
    pub before: String,
    /// The months, the oldest first.
    pub months: Vec<MovedMonth>,
}

/// A month whose rows were moved.
#[derive(Debug, Serialize)]
pub struct MovedMonth {
    /// `2025-10`.
    pub month: String,
    /// Number of rows on the server.
    pub rows: u64,
    /// Number of rows moved out of the log.
    pub moved: u64,
    /// Number of rows that another program changed or deleted meanwhile.
    pub kept: u64,
}

/// The days of the month that begins on this day.
fn days_of_month(first: Date) -> ArchivedDays {
    let before = first.checked_add(1.month()).unwrap_or(Date::MAX);
    ArchivedDays { first: Some(first.to_string()), before: before.to_string() }
}

/// Moves whole months from before this day, which is the first of a month. Late rows of a month that is there already stay in
/// the log. `progress` gets the number of rows done and in total of a month.
pub fn archive_months(
    store: &mut dyn Store,
    before: Date,
    server: &str,
    place: &mut PlaceOf<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<MonthsReport> {
    let care = store.care();
    let there: Vec<String> =
        care.archives()?.into_iter().filter(|it| it.is_complete() && it.place == server).map(|it| it.before).collect();
    let mut months = Vec::new();
    for first in care.usage_months(&before.to_string())? {
        let Ok(date) = first.parse() else { continue };
        let days = days_of_month(date);
        if there.contains(&days.before) {
            continue;
        }
        let month = first.get(..7).unwrap_or(&first).to_owned();
        let ArchiveReport { rows, moved, kept, .. } = care.archive(&days, place(&days)?.as_mut(), progress)?;
        months.push(MovedMonth { month, rows, moved, kept });
    }
    Ok(MonthsReport { path: server.to_owned(), before: before.to_string(), months })
}

/// Reads the rows of all months on servers, and compares them with what was moved there. `open` connects to the server of a
/// record.
pub fn verify_months<E: From<StoreError>>(
    store: &mut dyn Store,
    mut open: impl FnMut(&str, &ArchivedDays) -> std::result::Result<Box<dyn ArchivePlace>, E>,
) -> std::result::Result<(), E> {
    let care = store.care();
    for it in care.archives()?.into_iter().filter(|it| it.is_on_a_server() && it.parts_out > 0) {
        let days = ArchivedDays { first: None, before: it.before.clone() };
        let mut place = open(&it.place, &days)?;
        care.verify_archive(place.as_mut())?;
    }
    Ok(())
}

/// Adds up the rows of all months on servers, and compares the results with the sums that stayed here. `mends`: sums that differ
/// become those of the rows. A server that is down stops only its own months; the first error comes last.
pub fn prove_months<E: From<StoreError>>(
    store: &mut dyn Store,
    mends: bool,
    mut open: impl FnMut(&str, &ArchivedDays) -> std::result::Result<Box<dyn ArchivePlace>, E>,
) -> (Proof, std::result::Result<(), E>) {
    let (mut proof, mut failed) = (Proof { cells: 0, rows: 0, differences: 0 }, Ok(()));
    let care = store.care();
    let records = match care.archives() {
        Ok(records) => records,
        Err(error) => return (proof, Err(error.into())),
    };
    let mut down = HashSet::new();
    for it in records.into_iter().filter(|it| it.is_on_a_server() && it.parts_out > 0) {
        if down.contains(&it.place) {
            continue;
        }
        let days = ArchivedDays { first: None, before: it.before.clone() };
        let proved = open(&it.place, &days).and_then(|mut place| Ok(care.prove_archive(place.as_mut(), mends)?));
        match proved {
            Ok(proved) => proof.add(proved),
            Err(error) => {
                down.insert(it.place);
                failed = failed.and(Err(error));
            }
        }
    }
    (proof, failed)
}

/// Moves the rows of a month back.
pub fn unarchive_month(
    store: &mut dyn Store,
    first: Date,
    place: &mut PlaceOf<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<UnarchiveReport> {
    let mut place = place(&days_of_month(first))?;
    Ok(store.care().unarchive(place.as_mut(), progress)?)
}
