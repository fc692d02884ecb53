//! The encoded answers of a long-lived process. An answer is reused as long as no program writes to the tables that it
//! was made from.

use std::sync::Arc;
use std::time::Instant;

use super::budget::settle;
use super::report::LoadReport;
use super::request::Load;
use crate::cache::{Bounds, Cache, Class, Counts, Memory, Question};
use crate::model::Revision;
use crate::ops::cached::{compute, is_asked, recall_at};
use crate::ops::error::{Error, Result};
use crate::store::Store;

/// Encoded answers by query.
#[derive(Debug)]
pub struct Remembered {
    answers: Memory<[u8; 32], Answer>,
}

#[derive(Debug)]
struct Answer {
    revision: Revision,
    encoded: Arc<[u8]>,
}

/// The result of a request: an encoded answer from memory, or a report and the revision that it depends on.
enum LoadedFrom {
    Memory(Arc<[u8]>),
    Elsewhere(LoadReport, Option<Revision>),
}

impl Remembered {
    /// An empty cache.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { answers: Memory::new(bounds) }
    }

    /// Loads from memory, the cache, or the database; `encode` encodes a report for sending and remembering. The
    /// revision is read once; without a cache, the answer comes from the same snapshot.
    pub fn load<E: From<Error>>(
        &mut self,
        store: &mut dyn Store,
        cache: &dyn Cache,
        (request, question): (&Load, &Question),
        now: Instant,
        encode: impl FnOnce(&LoadReport) -> std::result::Result<Arc<[u8]>, E>,
    ) -> std::result::Result<Arc<[u8]>, E> {
        let (mut report, revision) = match self.found(store, cache, (request, question), now)? {
            LoadedFrom::Memory(answer) => return Ok(answer),
            LoadedFrom::Elsewhere(report, revision) => (report, revision),
        };
        settle(request, &mut report);
        let encoded = encode(&report)?;
        // Files change without a write to the database.
        if let Some(revision) = revision.filter(|_| !report.depends_on_files) {
            let answer = Answer { revision, encoded: Arc::clone(&encoded) };
            self.answers.insert(question.class, question.digest(), answer, encoded.len(), now);
        }
        Ok(encoded)
    }

    fn found(
        &mut self,
        store: &mut dyn Store,
        cache: &dyn Cache,
        (request, question): (&Load, &Question),
        now: Instant,
    ) -> Result<LoadedFrom> {
        let snapshot = store.read()?;
        let Some(revision) = snapshot.revision(question.tables)? else {
            return Ok(LoadedFrom::Elsewhere(compute(snapshot, None, cache, request)?.0, None));
        };
        let known = self.answers.get(question.class, &question.digest(), now, |it| it.revision == revision);
        if let Some(known) = known {
            return Ok(LoadedFrom::Memory(Arc::clone(&known.encoded)));
        }
        if !is_asked(cache, request) {
            let (report, revision) = compute(snapshot, Some(revision), cache, request)?;
            return Ok(LoadedFrom::Elsewhere(report, revision));
        }
        drop(snapshot);
        if let Some(report) = recall_at(&revision, store, cache, request)? {
            return Ok(LoadedFrom::Elsewhere(report, Some(revision)));
        }
        let snapshot = store.read()?;
        let revision = snapshot.revision(question.tables)?;
        let (report, revision) = compute(snapshot, revision, cache, request)?;
        Ok(LoadedFrom::Elsewhere(report, revision))
    }

    /// The statistics of each class.
    pub fn counts(&self) -> impl Iterator<Item = (Class, Counts)> {
        self.answers.counts()
    }

    /// The current capacity in answers.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.answers.capacity()
    }
}
