//! The format of an archive: gzipped JSON lines. The first line, the header, has the database, the columns, the number
//! of rows, and the SHA-256 of the following lines. Each of these is a row: an array in the order of the columns.

use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::values::{Value, from_json, hex, to_json};
use crate::regular_file;
use crate::staged_file::StagedFile;
use crate::store::file_error::{file_error, naming_error};
use crate::store::{FileFault, Result, StoreError};

/// The number of this format.
const FORMAT: u32 = 1;

/// Number of rows per part, which is moved in one transaction, so that other writers wait only a fraction of a second.
const PART: usize = 10_000;

/// Maximum length of a line, which limits memory.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Takes a row.
pub(in crate::store) type EachRow<'a> = dyn FnMut(&[Value]) -> Result<()> + 'a;

/// Takes a part, by its number.
type EachPart<'a> = dyn FnMut(i64, &[Vec<Value>]) -> Result<()> + 'a;

/// The first line.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in crate::store) struct Header {
    pub(in crate::store) archive: u32,
    pub(in crate::store) schema: String,
    pub(in crate::store) database: String,
    pub(in crate::store) before: String,
    pub(in crate::store) rows: u64,
    pub(in crate::store) sha256: String,
    pub(in crate::store) columns: Vec<String>,
}

/// An error about a refused file.
pub(in crate::store) fn refused(path: &Path, why: &str) -> StoreError {
    FileFault::Archive { path: path.to_owned(), why: why.to_owned() }.into()
}

/// Writes, syncs and names a file of these rows; returns whether there is one, which there is not without rows. `rows`
/// passes all rows of one snapshot on, each in the order of the header's columns. It is called twice, since the header
/// comes first. The file has the permissions of `original`.
pub(in crate::store) fn write(
    to: &Path,
    mut header: Header,
    original: Option<&Metadata>,
    rows: &mut dyn FnMut(&mut EachRow<'_>) -> Result<()>,
) -> Result<bool> {
    let staged = StagedFile::of(to);
    let mut digest = Sha256::new();
    rows(&mut |row| {
        digest.update(line_of(row));
        header.rows += 1;
        Ok(())
    })?;
    header.archive = FORMAT;
    header.sha256 = hex(&digest.finalize());
    if header.rows > 0 {
        let failed = |source: io::Error| file_error("could not write", staged.path(), source);
        let file = staged.create(original).map_err(failed)?;
        let mut out = GzEncoder::new(BufWriter::new(file), Compression::default());
        let first = serde_json::to_vec(&header).map_err(|error| failed(error.into()))?;
        out.write_all(&first).and_then(|()| out.write_all(b"\n")).map_err(failed)?;
        rows(&mut |row| out.write_all(line_of(row).as_bytes()).map_err(failed))?;
        let file = out.finish().and_then(|it| it.into_inner().map_err(io::IntoInnerError::into_error));
        file.and_then(|it| it.sync_all()).map_err(failed)?;
        // If another process was faster, its file has the same rows and is used.
        staged.publish().map_err(|error| naming_error("could not create", to, error))?;
    }
    Ok(fs::symlink_metadata(to).is_ok())
}

fn line_of(row: &[Value]) -> String {
    let mut text = Json::Array(row.iter().map(to_json).collect()).to_string();
    text.push('\n');
    text
}

/// Opens an archive of this database once, so that the verified bytes are those read later. `before`: the day that it
/// must have the rows before.
pub(in crate::store) fn open(path: &Path, database: &str, before: Option<&str>) -> Result<(File, Header)> {
    let mut file = regular_file::open(path).map_err(|error| refused(path, &error.to_string()))?;
    let header = verified(path, &mut file, &mut |_, _| Ok(()))?;
    if header.database != database {
        return Err(refused(path, "it has rows of another database"));
    }
    match before {
        Some(day) if day != header.before => Err(refused(path, &format!("it has the rows before {}", header.before))),
        _ => Ok((file, header)),
    }
}

/// Reads a whole file, and passes each row with its number to `row`. It refuses a file that does not match its header.
fn verified(path: &Path, file: &mut File, row: &mut dyn FnMut(u64, Vec<Value>) -> Result<()>) -> Result<Header> {
    file.rewind().map_err(|error| refused(path, &error.to_string()))?;
    let mut input = BufReader::new(GzDecoder::new(BufReader::new(file)));
    let damaged = |error: io::Error| refused(path, &format!("it is damaged: {error}"));
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| {
        line.clear();
        (&mut input).take(LONGEST).read_until(b'\n', line).map_err(damaged)
    };
    next(&mut line)?;
    let header: Header =
        serde_json::from_slice(&line).map_err(|_| refused(path, "it is not an archive of a usage log"))?;
    if header.archive != FORMAT {
        return Err(refused(path, &format!("it has format {}, but this cfn reads {FORMAT}", header.archive)));
    }
    if !header.columns.iter().any(|it| it.eq_ignore_ascii_case("id")) {
        return Err(refused(path, "it is damaged: its rows have no id"));
    }
    let (mut digest, mut count) = (Sha256::new(), 0);
    while next(&mut line)? > 0 {
        digest.update(&line);
        let values: Option<Vec<Value>> = serde_json::from_slice::<Vec<Json>>(&line)
            .ok()
            .and_then(|values| values.into_iter().map(from_json).collect());
        match values.filter(|it| it.len() == header.columns.len()) {
            Some(values) => row(count, values)?,
            None => return Err(refused(path, &format!("it is damaged: line {} is not a row", count + 2))),
        }
        count += 1;
    }
    let found = hex(&digest.finalize());
    if count != header.rows || found != header.sha256 {
        return Err(refused(path, "it is damaged: its rows do not match its header"));
    }
    Ok(header)
}

impl Header {
    /// The number of parts of the file.
    pub(in crate::store) fn parts(&self) -> u64 {
        self.rows.div_ceil(PART as u64)
    }
}

/// The rows of a verified file, in parts: `part` gets the number of each. `progress` gets the number of rows done and in
/// total.
pub(in crate::store) fn parts(
    path: &Path,
    file: &mut File,
    header: &Header,
    progress: &mut dyn FnMut(u64, u64),
    part: &mut EachPart<'_>,
) -> Result<()> {
    let (mut rows, mut number) = (Vec::with_capacity(PART), 0);
    let mut next = |rows: &mut Vec<Vec<Value>>| {
        part(number, rows)?;
        rows.clear();
        number += 1;
        progress(number.unsigned_abs() * PART as u64, header.rows);
        Ok(())
    };
    verified(path, file, &mut |_, row| {
        rows.push(row);
        if rows.len() < PART { Ok(()) } else { next(&mut rows) }
    })?;
    if rows.is_empty() { Ok(()) } else { next(&mut rows) }
}
