//! The search index: an inverted index of the words of skills, beside the database.
//!
//! Skills are numbered in blocks, so that a change writes the postings of one block. The engine stores bytes, whose
//! encoding is that of `ops::search`, so that every engine ranks alike.

use super::Result;

/// The search index of a database.
///
/// Promise: it stands alone. No write to the catalogue touches it, so it may be behind; it may be missing, and then it is
/// empty. An index that is damaged may be emptied at any time.
pub trait SearchIndex: Send {
    /// Starts a consistent read; of an empty index, if there is none.
    fn read(&mut self) -> Result<Box<dyn Postings + '_>>;
    /// Runs `work` alone in a transaction and commits it; an error of `work` undoes everything. Makes the index if there
    /// is none. Returns `false`, without calling `work`, if the index may not be written.
    fn write(&mut self, work: &mut dyn FnMut(&mut dyn PostingsWrites) -> Result<()>) -> Result<bool>;
    /// Empties the index, damaged or not, so that none of its words is left in the file and its log. Returns `false` if
    /// the index may not be written.
    fn clear(&mut self) -> Result<bool>;
}

/// Reading the index.
///
/// Promise: bytes are returned as they were written; blocks are in order of their numbers, and terms in order of their
/// bytes.
pub trait Postings {
    /// What the index was last brought up to date with.
    fn state(&self) -> Result<Option<Vec<u8>>>;
    /// Every block, with the lengths of its documents.
    fn lengths(&self) -> Result<Vec<(i64, Vec<u8>)>>;
    /// The documents of a block.
    fn documents(&self, block: i64) -> Result<Option<Vec<u8>>>;
    /// The postings of a term in every block that has it.
    fn postings(&self, term: &str) -> Result<Vec<(i64, Vec<u8>)>>;
    /// Calls `each` with the terms of a block that begin with `prefix`, and their postings, until it returns `false`.
    fn terms(&self, block: i64, prefix: &str, each: &mut dyn FnMut(&str, &[u8]) -> bool) -> Result<()>;
}

/// Changing the index.
///
/// Promise: a block without documents, or a term without postings, is removed.
pub trait PostingsWrites: Postings {
    /// Sets what the index was brought up to date with.
    fn set_state(&mut self, state: &[u8]) -> Result<()>;
    /// Sets the lengths and documents of a block; `None` removes it.
    fn set_block(&mut self, block: i64, lengths_and_documents: Option<(&[u8], &[u8])>) -> Result<()>;
    /// Sets the postings of terms in a block; empty ones remove the term.
    fn set_postings(&mut self, block: i64, terms: &[(String, Vec<u8>)]) -> Result<()>;
}
