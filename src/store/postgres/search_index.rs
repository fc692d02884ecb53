//! The search index, in tables of the database's schema. They are no part of its revisions.

use std::time::Duration;

use super::beginning::Beginning;
use super::failure::Place;
use super::fields::Fields;
use super::parameters::{Parameter, all_bytes, big, bytes, text, texts};
use super::session::Session;
use crate::settings::PostgresServer;
use crate::store::{Durability, Postings, PostingsWrites, Result, SearchIndex, StoreError};

/// So many terms are read at a time: most searches need the first few.
const TERMS_AT_A_TIME: i64 = 200;

/// So many terms are written at a time: a round trip for each one would take longer than the rest.
const TERMS_IN_A_STATEMENT: usize = 1_000;

const FROM_TERM: &str =
    "SELECT term, postings FROM search_postings WHERE block = $1 AND term >= $2 ORDER BY term LIMIT $3";

const AFTER_TERM: &str =
    "SELECT term, postings FROM search_postings WHERE block = $1 AND term > $2 ORDER BY term LIMIT $3";

/// Connects when it is needed: a transaction of its own must not meet that of a command.
pub(super) struct ServerIndex {
    server: PostgresServer,
    lock_timeout: Duration,
    session: Option<Session>,
}

impl ServerIndex {
    pub(super) fn of(server: PostgresServer, lock_timeout: Duration) -> Self {
        Self { server, lock_timeout, session: None }
    }

    /// Begins a transaction.
    fn begin(&mut self, beginning: Beginning) -> Result<Opened<'_>> {
        if self.session.as_ref().is_none_or(Session::is_closed) {
            self.session = None;
        }
        let session = match self.session.take() {
            Some(session) => session,
            None => Session::open(&self.server, Place::new(&self.server, self.lock_timeout))?,
        };
        let session = &*self.session.insert(session);
        session.begin(beginning);
        Ok(Opened { session })
    }
}

impl SearchIndex for ServerIndex {
    fn read(&mut self) -> Result<Box<dyn Postings + '_>> {
        Ok(Box::new(self.begin(Beginning::Read)?))
    }

    fn write(&mut self, work: &mut dyn FnMut(&mut dyn PostingsWrites) -> Result<()>) -> Result<bool> {
        let mut opened = self.begin(Beginning::Write(Durability::Normal))?;
        if !opened.may_write()? {
            return Ok(false);
        }
        work(&mut opened)?;
        opened.session.commit()?;
        Ok(true)
    }

    fn clear(&mut self) -> Result<bool> {
        let opened = self.begin(Beginning::Write(Durability::Normal))?;
        if !opened.may_write()? {
            return Ok(false);
        }
        // Their files go with the commit: nothing is left in them of what was deleted.
        opened.session.script("TRUNCATE search_state, search_blocks, search_postings")?;
        opened.session.commit()?;
        Ok(true)
    }
}

/// A transaction.
struct Opened<'a> {
    session: &'a Session,
}

impl Opened<'_> {
    /// Whether this role may write the index; lets one writer at a time in.
    fn may_write(&self) -> Result<bool> {
        match self.session.first("SELECT pg_advisory_xact_lock(1667657221, hashtext(current_schema()))", &[]) {
            Err(StoreError::Denied { .. }) => return Ok(false), // the server takes no writes
            other => other?,
        };
        let sql = "SELECT bool_and(has_table_privilege(it, 'INSERT') AND has_table_privilege(it, 'UPDATE')
               AND has_table_privilege(it, 'DELETE'))
             FROM unnest(ARRAY['search_state', 'search_blocks', 'search_postings']) it";
        let row = self.session.first(sql, &[])?;
        Ok(row.map(|row| Fields::new("search_state", &row).get()).transpose()?.unwrap_or_default())
    }

    /// Pairs of a block and bytes.
    fn pairs(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<(i64, Vec<u8>)>> {
        let read = |row| {
            let mut fields = Fields::new("search_blocks", row);
            Ok((fields.get()?, fields.get()?))
        };
        self.session.rows(sql, parameters)?.iter().map(read).collect()
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        self.session.undo();
    }
}

impl Postings for Opened<'_> {
    fn state(&self) -> Result<Option<Vec<u8>>> {
        let row = self.session.first("SELECT state FROM search_state", &[])?;
        row.map(|row| Fields::new("search_state", &row).get()).transpose()
    }

    fn lengths(&self) -> Result<Vec<(i64, Vec<u8>)>> {
        self.pairs("SELECT block, lengths FROM search_blocks ORDER BY block", &[])
    }

    fn documents(&self, block: i64) -> Result<Option<Vec<u8>>> {
        let row = self.session.first("SELECT documents FROM search_blocks WHERE block = $1", &[big(block)])?;
        row.map(|row| Fields::new("search_blocks", &row).get()).transpose()
    }

    fn postings(&self, term: &str) -> Result<Vec<(i64, Vec<u8>)>> {
        let sql = "SELECT t.block, t.postings FROM search_postings t JOIN search_blocks b ON b.block = t.block
             WHERE t.term = $1 ORDER BY t.block";
        self.pairs(sql, &[text(term)])
    }

    fn terms(&self, block: i64, prefix: &str, each: &mut dyn FnMut(&str, &[u8]) -> bool) -> Result<()> {
        let (mut sql, mut from) = (FROM_TERM, prefix.to_owned());
        loop {
            let rows = self.session.rows(sql, &[big(block), text(&from), big(TERMS_AT_A_TIME)])?;
            for row in &rows {
                let mut fields = Fields::new("search_postings", row);
                from = fields.get()?;
                if !from.starts_with(prefix) || !each(&from, fields.get()?) {
                    return Ok(());
                }
            }
            if rows.is_empty() {
                return Ok(());
            }
            sql = AFTER_TERM;
        }
    }
}

impl PostingsWrites for Opened<'_> {
    fn set_state(&mut self, state: &[u8]) -> Result<()> {
        let sql =
            "INSERT INTO search_state (state) VALUES ($1) ON CONFLICT (only_row) DO UPDATE SET state = excluded.state";
        self.session.write(sql, &[bytes(state)])
    }

    fn set_block(&mut self, block: i64, lengths_and_documents: Option<(&[u8], &[u8])>) -> Result<()> {
        match lengths_and_documents {
            Some((lengths, documents)) => {
                let sql = "INSERT INTO search_blocks (block, lengths, documents) VALUES ($1, $2, $3)
                     ON CONFLICT (block) DO UPDATE SET lengths = excluded.lengths, documents = excluded.documents";
                self.session.write(sql, &[big(block), bytes(lengths), bytes(documents)])
            }
            None => self.session.write("DELETE FROM search_blocks WHERE block = $1", &[big(block)]),
        }
    }

    fn set_postings(&mut self, block: i64, terms: &[(String, Vec<u8>)]) -> Result<()> {
        for some in terms.chunks(TERMS_IN_A_STATEMENT) {
            let (gone, kept): (Vec<_>, Vec<_>) = some.iter().partition(|it| it.1.is_empty());
            if !kept.is_empty() {
                let sql = "INSERT INTO search_postings (block, term, postings)
                     SELECT $1, term, postings FROM unnest($2::text[], $3::bytea[]) AS new (term, postings)
                     ON CONFLICT (term, block) DO UPDATE SET postings = excluded.postings";
                let (terms, postings): (Vec<&str>, Vec<&[u8]>) =
                    kept.into_iter().map(|(term, postings)| (term.as_str(), postings.as_slice())).unzip();
                self.session.write(sql, &[big(block), texts(&terms), all_bytes(&postings)])?;
            }
            if !gone.is_empty() {
                let sql = "DELETE FROM search_postings WHERE block = $1 AND term = ANY ($2)";
                let terms: Vec<&str> = gone.into_iter().map(|it| it.0.as_str()).collect();
                self.session.write(sql, &[big(block), texts(&terms)])?;
            }
        }
        Ok(())
    }
}
