//! What a process that stays has answered, as it was sent: an answer is given again as long as nothing was written to the tables
//! that it is made of, whoever writes.

use std::sync::Arc;
use std::time::Instant;

use super::{Load, LoadReport, complete, settle};
use crate::cache::{Bounds, Cache, Class, Counts, Memory, Question};
use crate::model::Mark;
use crate::ops::cached::marked;
use crate::ops::error::Result;
use crate::store::Store;

/// Encoded answers, by what was asked.
#[derive(Debug)]
pub struct Remembered {
    answers: Memory<[u8; 32], Answer>,
}

#[derive(Debug)]
struct Answer {
    mark: Mark,
    encoded: Arc<[u8]>,
}

impl Remembered {
    /// Nothing yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { answers: Memory::new(bounds) }
    }

    /// The answer to this question, if it was kept and the tables are now, in a read of its own, as they were then.
    pub fn recall(&mut self, store: &mut dyn Store, question: &Question, now: Instant) -> Result<Option<Arc<[u8]>>> {
        let Some(mark) = store.read()?.mark(question.tables)? else { return Ok(None) };
        let found = self.answers.get(question.class, &question.digest(), now, |it| it.mark == mark);
        Ok(found.map(|it| Arc::clone(&it.encoded)))
    }

    /// Keeps an answer for as long as the tables have this mark.
    pub fn keep(&mut self, question: &Question, mark: Mark, encoded: Arc<[u8]>, now: Instant) {
        let bytes = encoded.len();
        self.answers.insert(question.class, question.digest(), Answer { mark, encoded }, bytes, now);
    }

    /// What each class of questions had of it.
    pub fn counts(&self) -> impl Iterator<Item = (Class, Counts)> {
        self.answers.counts()
    }

    /// How many answers it allows itself now.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.answers.capacity()
    }
}

/// Loads from the cache, or else from one snapshot; with the mark of the tables, where the answer depends on nothing else.
pub fn load_marked(store: &mut dyn Store, cache: &dyn Cache, request: &Load) -> Result<(LoadReport, Option<Mark>)> {
    let (mut report, mark) = marked(store, cache, request)?;
    if request.lacks_files(&report) {
        complete(store.read()?.as_ref(), request, &mut report)?;
    }
    settle(request, &mut report);
    Ok((report, mark))
}
