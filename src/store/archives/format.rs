//! The format of an archive: JSON lines. The first line, the header, has the database, the columns, the number of rows, and
//! the SHA-256 of the following lines. Each of these is a row: an array in the order of the columns.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::values::{Value, from_json, hex, to_json};
use crate::store::{FileFault, Result, StoreError};

/// The number of this format.
pub(super) const FORMAT: u32 = 1;

/// Number of rows per part, which is moved in one transaction, so that other writers wait only a fraction of a second.
pub(super) const PART: usize = 10_000;

/// Takes a row.
pub(in crate::store) type EachRow<'a> = dyn FnMut(&[Value]) -> Result<()> + 'a;

/// Passes all rows of one snapshot on, each in the order of the header's columns.
pub(in crate::store) type AllRows<'a> = dyn FnMut(&mut EachRow<'_>) -> Result<()> + 'a;

/// Takes a part, by its number.
pub(in crate::store) type EachPart<'a> = dyn FnMut(i64, &[Vec<Value>]) -> Result<()> + 'a;

/// Puts the next line of an archive behind its header, with its end, into an empty buffer; nothing at the end.
pub(in crate::store) type NextLine<'a> = dyn FnMut(&mut Vec<u8>) -> Result<()> + 'a;

/// The first line.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Header {
    pub(in crate::store) archive: u32,
    pub(in crate::store) schema: String,
    pub(in crate::store) database: String,
    /// The first day of its rows, if it has no earlier ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) first: Option<String>,
    pub(in crate::store) before: String,
    pub(in crate::store) rows: u64,
    pub(in crate::store) sha256: String,
    pub(in crate::store) columns: Vec<String>,
}

/// What is written, so far.
#[derive(Default)]
pub(in crate::store) struct Written {
    rows: u64,
    digest: Sha256,
}

impl Written {
    pub(in crate::store) fn add(&mut self, line: &str) {
        self.rows += 1;
        self.digest.update(line);
    }

    /// The header of these rows.
    pub(in crate::store) fn header(self, of: Header) -> Header {
        Header { archive: FORMAT, rows: self.rows, sha256: hex(&self.digest.finalize()), ..of }
    }
}

/// An error about a refused archive.
pub(in crate::store) fn refused(place: &Path, why: &str) -> StoreError {
    FileFault::Archive { path: place.to_owned(), why: why.to_owned() }.into()
}

/// The line of a row, with its end.
pub(in crate::store) fn line_of(row: &[Value]) -> String {
    let mut text = Json::Array(row.iter().map(to_json).collect()).to_string();
    text.push('\n');
    text
}

/// The row of a line.
pub(in crate::store) fn row_of(line: &[u8], header: &Header) -> Option<Vec<Value>> {
    let values = serde_json::from_slice::<Vec<Json>>(line).ok()?;
    let values: Vec<Value> = values.into_iter().map(from_json).collect::<Option<_>>()?;
    (values.len() == header.columns.len()).then_some(values)
}

/// Refuses an archive of another database, or of other days.
pub(in crate::store) fn require_same(
    place: &Path,
    header: &Header,
    database: &str,
    before: Option<&str>,
) -> Result<()> {
    if header.database != database {
        return Err(refused(place, "it has rows of another database"));
    }
    match before {
        Some(day) if day != header.before => Err(refused(place, &format!("it has the rows before {}", header.before))),
        _ => Ok(()),
    }
}

/// Reads a header.
pub(in crate::store) fn header_of(place: &Path, line: &[u8]) -> Result<Header> {
    let header: Header =
        serde_json::from_slice(line).map_err(|_| refused(place, "it is not an archive of a usage log"))?;
    if header.archive != FORMAT {
        return Err(refused(place, &format!("it has format {}, but this cfn reads {FORMAT}", header.archive)));
    }
    if !header.columns.iter().any(|it| it.eq_ignore_ascii_case("id")) {
        return Err(refused(place, "it is damaged: its rows have no id"));
    }
    Ok(header)
}

/// Reads all rows, and passes each to `row`. It refuses rows that do not match their header.
pub(in crate::store) fn verify(
    place: &Path,
    header: &Header,
    next: &mut NextLine<'_>,
    row: &mut dyn FnMut(Vec<Value>) -> Result<()>,
) -> Result<()> {
    let (mut digest, mut count, mut line) = (Sha256::new(), 0, Vec::new());
    loop {
        line.clear();
        next(&mut line)?;
        if line.is_empty() {
            break;
        }
        digest.update(&line);
        match row_of(&line, header) {
            Some(values) => row(values)?,
            None => return Err(refused(place, &format!("it is damaged: line {} is not a row", count + 2))),
        }
        count += 1;
    }
    if count != header.rows || hex(&digest.finalize()) != header.sha256 {
        return Err(refused(place, "it is damaged: its rows do not match its header"));
    }
    Ok(())
}

impl Header {
    /// The number of parts of the archive.
    pub(in crate::store) fn parts(&self) -> u64 {
        self.rows.div_ceil(PART as u64)
    }
}

/// The rows of a verified archive, in parts: `part` gets the number of each. `progress` gets the number of rows done and in
/// total.
pub(in crate::store) fn in_parts(
    place: &Path,
    header: &Header,
    next: &mut NextLine<'_>,
    progress: &mut dyn FnMut(u64, u64),
    part: &mut EachPart<'_>,
) -> Result<()> {
    let (mut rows, mut number) = (Vec::with_capacity(PART), 0);
    let mut done = |rows: &mut Vec<Vec<Value>>| {
        part(number, rows)?;
        rows.clear();
        number += 1;
        progress((number.unsigned_abs() * PART as u64).min(header.rows), header.rows);
        Ok(())
    };
    verify(place, header, next, &mut |row| {
        rows.push(row);
        if rows.len() < PART { Ok(()) } else { done(&mut rows) }
    })?;
    if rows.is_empty() { Ok(()) } else { done(&mut rows) }
}
