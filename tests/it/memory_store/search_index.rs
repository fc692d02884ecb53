//! The search index.

use std::sync::Arc;

use cfn::store::{Postings, PostingsWrites, Result, SearchIndex};

use super::database::{Database, locked};
use super::search_tables::Index;

/// A handle on it.
pub(super) struct MemoryIndex {
    pub(super) database: Arc<Database>,
}

impl SearchIndex for MemoryIndex {
    fn read(&mut self) -> Result<Box<dyn Postings + '_>> {
        Ok(Box::new(locked(&self.database.index).clone()))
    }

    fn write(&mut self, work: &mut dyn FnMut(&mut dyn PostingsWrites) -> Result<()>) -> Result<bool> {
        let mut index = locked(&self.database.index);
        let mut changed = index.clone();
        work(&mut changed)?;
        *index = changed;
        Ok(true)
    }

    fn clear(&mut self) -> Result<bool> {
        *locked(&self.database.index) = Index::default();
        Ok(true)
    }
}
