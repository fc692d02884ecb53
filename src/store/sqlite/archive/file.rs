//! The format of an archive: gzipped JSON lines. The first line, the header, has the database, the columns, the number
//! of rows, and the SHA-256 of the following lines. Each of these is a row: an array in the order of the columns.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use rusqlite::{Connection, Error as SqlError};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::values::{Value, columns, from_json, hex, quoted, to_json};
use crate::regular_file;
use crate::staged_file::StagedFile;
use crate::store::sqlite::failure::{Place, file_error};
use crate::store::sqlite::sums::day_of;
use crate::store::{FileFault, Result, StoreError};

/// The number of this format.
pub(super) const FORMAT: u32 = 1;

/// Maximum length of a line, which limits memory.
const LONGEST: u64 = 64 * 1024 * 1024;

/// The first line.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) archive: u32,
    pub(super) schema: String,
    pub(super) database: String,
    pub(super) before: String,
    pub(super) rows: u64,
    pub(super) sha256: String,
    pub(super) columns: Vec<String>,
}

/// An error about a refused file.
pub(super) fn refused(path: &Path, why: &str) -> StoreError {
    FileFault::Archive { path: path.to_owned(), why: why.to_owned() }.into()
}

/// Writes and syncs the old rows of a snapshot; returns their number. They are read twice, since the header comes
/// first.
pub(super) fn write(
    snapshot: &Connection,
    place: &Place,
    mut header: Header,
    staged: &StagedFile,
    original: &Metadata,
) -> Result<u64> {
    header.columns = columns(snapshot).map_err(|error| place.fail(&error))?;
    let mut digest = Sha256::new();
    let mut rows = 0;
    each(snapshot, place, &header, &mut |line| {
        digest.update(line);
        rows += 1;
        Ok(())
    })?;
    header.rows = rows;
    header.sha256 = hex(&digest.finalize());
    if rows == 0 {
        return Ok(0);
    }
    let failed = |source: io::Error| file_error("could not write", staged.path(), source);
    let file = staged.create(Some(original)).map_err(failed)?;
    let mut out = GzEncoder::new(BufWriter::new(file), Compression::default());
    let first = serde_json::to_vec(&header).map_err(|error| failed(error.into()))?;
    out.write_all(&first).and_then(|()| out.write_all(b"\n")).map_err(failed)?;
    each(snapshot, place, &header, &mut |line| out.write_all(line).map_err(failed))?;
    let file = out.finish().and_then(|it| it.into_inner().map_err(io::IntoInnerError::into_error)).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(rows)
}

/// The lines of all rows before the day, by id.
fn each(
    snapshot: &Connection,
    place: &Place,
    header: &Header,
    line: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let list: Vec<String> = header.columns.iter().map(|it| quoted(it)).collect();
    let which = concat!(" FROM skill_usage_log u WHERE ", day_of!(), " > '' AND ", day_of!(), " < ?1 ORDER BY id");
    let say = |error: SqlError| place.fail(&error);
    let mut statement = snapshot.prepare(&format!("SELECT {}{which}", list.join(", "))).map_err(say)?;
    let mut rows = statement.query([&header.before]).map_err(say)?;
    while let Some(row) = rows.next().map_err(say)? {
        let values: rusqlite::Result<Vec<Json>> =
            (0..list.len()).map(|index| row.get_ref(index).map(to_json)).collect();
        let mut text = Json::Array(values.map_err(say)?).to_string();
        text.push('\n');
        line(text.as_bytes())?;
    }
    Ok(())
}

/// Opens an archive once, so that the verified bytes are those read later.
pub(super) fn open(path: &Path) -> Result<File> {
    regular_file::open(path).map_err(|error| refused(path, &error.to_string()))
}

/// Reads a whole file, and passes each row with its number to `row`. It refuses a file that does not match its header.
pub(super) fn verified(
    path: &Path,
    file: &mut File,
    row: &mut dyn FnMut(u64, Vec<Value>) -> Result<()>,
) -> Result<Header> {
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

/// The rows of a verified file, in parts of this size.
pub(super) fn parts(
    path: &Path,
    file: &mut File,
    size: usize,
    part: &mut dyn FnMut(usize, Vec<Vec<Value>>) -> Result<()>,
) -> Result<()> {
    let (mut rows, mut number) = (Vec::with_capacity(size), 0);
    verified(path, file, &mut |_, row| {
        rows.push(row);
        if rows.len() < size {
            return Ok(());
        }
        number += 1;
        part(number - 1, std::mem::replace(&mut rows, Vec::with_capacity(size)))
    })?;
    if rows.is_empty() { Ok(()) } else { part(number, rows) }
}
