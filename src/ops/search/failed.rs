//! Why work with the index failed, and whether that matters to the search.

use crate::ops::error::Error;
use crate::store::StoreError;

/// A failure while the index was read or brought up to date.
#[derive(Debug)]
pub(super) enum Failed {
    /// What the index has cannot be decoded.
    Damaged,
    /// The index failed.
    Index(StoreError),
    /// The database failed.
    Database(Error),
}

impl Failed {
    /// Whether the index is to be made again.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged | Self::Index(StoreError::Damaged { .. } | StoreError::NotADatabase { .. }))
    }

    /// Whether the search can go on with what is indexed.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(self, Self::Index(StoreError::Busy { .. } | StoreError::Full { .. } | StoreError::Denied { .. }))
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Damaged => StoreError::Defect("the search index is damaged, and may not be written").into(),
            Failed::Index(error) => error.into(),
            Failed::Database(error) => error,
        }
    }
}
