//! The search index, in `skills-work.db`.

use std::path::PathBuf;

use rusqlite::{Connection, TransactionBehavior, params};

use super::failure::Place;
use super::options::Options;
use super::rows::{change, collect, first};
use super::verified::insert;
use super::work_file::WorkFile;
use crate::store::{Postings, PostingsWrites, Result, SearchIndex};

/// Every block is looked up: there are few, and each lookup is a seek.
const OF_TERM: &str = "SELECT b.block, t.postings FROM search_blocks b CROSS JOIN search_terms t
     ON t.block = b.block AND t.term = ?1 ORDER BY b.block";

const FROM_TERM: &str = "SELECT term, postings FROM search_terms WHERE block = ?1 AND term >= ?2 ORDER BY term";

/// Opens the file when it is needed.
pub(super) struct SearchFile {
    database: PathBuf,
    options: Options,
    /// Open for writing.
    written: Option<WorkFile>,
    /// Open for reading.
    read: Option<WorkFile>,
}

impl SearchFile {
    pub(super) fn of(database: PathBuf, options: Options) -> Self {
        Self { database, options, written: None, read: None }
    }

    fn close(&mut self) {
        (self.written, self.read) = (None, None);
    }
}

impl SearchIndex for SearchFile {
    fn read(&mut self) -> Result<Box<dyn Postings + '_>> {
        if self.written.is_none() && self.read.is_none() {
            self.read = WorkFile::for_reading(&self.database, &self.options)?;
        }
        let Some(WorkFile { connection, place }) = self.written.as_mut().or(self.read.as_mut()) else {
            return Ok(Box::new(Nothing));
        };
        let begun = connection.transaction_with_behavior(TransactionBehavior::Deferred);
        let inner = begun.map_err(|error| place.fail(&error))?;
        Ok(Box::new(Opened { inner, place }))
    }

    fn write(&mut self, work: &mut dyn FnMut(&mut dyn PostingsWrites) -> Result<()>) -> Result<bool> {
        if self.written.is_none() {
            self.close();
            self.written = WorkFile::for_writing(&self.database, &self.options)?;
        }
        let Some(WorkFile { connection, place }) = &mut self.written else { return Ok(false) };
        let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let inner = begun.map_err(|error| place.fail(&error))?;
        let mut opened = Opened { inner, place };
        work(&mut opened)?;
        let Opened { inner, place } = opened;
        inner.commit().map_err(|error| place.fail(&error))?;
        Ok(true)
    }

    fn clear(&mut self) -> Result<bool> {
        self.close();
        Ok(WorkFile::clear(&self.database, &self.options)?.is_some())
    }
}

/// An index that is not there.
struct Nothing;

impl Postings for Nothing {
    fn state(&self) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn lengths(&self) -> Result<Vec<(i64, Vec<u8>)>> {
        Ok(Vec::new())
    }

    fn documents(&self, _: i64) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn postings(&self, _: &str) -> Result<Vec<(i64, Vec<u8>)>> {
        Ok(Vec::new())
    }

    fn terms(&self, _: i64, _: &str, _: &mut dyn FnMut(&str, &[u8]) -> bool) -> Result<()> {
        Ok(())
    }
}

/// A transaction on the file.
struct Opened<'a> {
    inner: rusqlite::Transaction<'a>,
    place: &'a Place,
}

impl Opened<'_> {
    fn say<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        let value = result.map_err(|error| self.place.fail(&error))?;
        self.place.require_unchanged().map(|()| value)
    }
}

impl Postings for Opened<'_> {
    fn state(&self) -> Result<Option<Vec<u8>>> {
        self.say(first(&self.inner, "SELECT state FROM search_state", [], |row| row.get(0)))
    }

    fn lengths(&self) -> Result<Vec<(i64, Vec<u8>)>> {
        let sql = "SELECT block, lengths FROM search_blocks ORDER BY block";
        self.say(collect(&self.inner, sql, [], |row| Ok((row.get(0)?, row.get(1)?))))
    }

    fn documents(&self, block: i64) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT documents FROM search_blocks WHERE block = ?1";
        self.say(first(&self.inner, sql, [block], |row| row.get(0)))
    }

    fn postings(&self, term: &str) -> Result<Vec<(i64, Vec<u8>)>> {
        self.say(collect(&self.inner, OF_TERM, [term], |row| Ok((row.get(0)?, row.get(1)?))))
    }

    fn terms(&self, block: i64, prefix: &str, each: &mut dyn FnMut(&str, &[u8]) -> bool) -> Result<()> {
        self.say(terms(&self.inner, block, prefix, each))
    }
}

fn terms(
    connection: &Connection,
    block: i64,
    prefix: &str,
    each: &mut dyn FnMut(&str, &[u8]) -> bool,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(FROM_TERM)?;
    let mut rows = statement.query(params![block, prefix])?;
    while let Some(row) = rows.next()? {
        let term = row.get_ref(0)?.as_str()?;
        if !term.starts_with(prefix) || !each(term, row.get_ref(1)?.as_blob()?) {
            break;
        }
    }
    Ok(())
}

impl PostingsWrites for Opened<'_> {
    fn set_state(&mut self, state: &[u8]) -> Result<()> {
        let set = change(&self.inner, "DELETE FROM search_state", [])
            .and_then(|_| insert(&self.inner, "INSERT INTO search_state VALUES (?1)", [state]));
        self.say(set)
    }

    fn set_block(&mut self, block: i64, lengths_and_documents: Option<(&[u8], &[u8])>) -> Result<()> {
        let set = match lengths_and_documents {
            Some((lengths, documents)) => {
                let sql = "REPLACE INTO search_blocks (block, lengths, documents) VALUES (?1, ?2, ?3)";
                insert(&self.inner, sql, params![block, lengths, documents])
            }
            None => change(&self.inner, "DELETE FROM search_blocks WHERE block = ?1", [block]).map(drop),
        };
        self.say(set)
    }

    fn set_postings(&mut self, block: i64, terms: &[(String, Vec<u8>)]) -> Result<()> {
        let put = "REPLACE INTO search_terms (block, term, postings) VALUES (?1, ?2, ?3)";
        let remove = "DELETE FROM search_terms WHERE block = ?1 AND term = ?2";
        let set = terms.iter().try_for_each(|(term, postings)| {
            if postings.is_empty() {
                change(&self.inner, remove, params![block, term]).map(drop)
            } else {
                insert(&self.inner, put, params![block, term, postings])
            }
        });
        self.say(set)
    }
}
