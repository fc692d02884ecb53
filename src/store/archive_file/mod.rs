//! The files of archives of the usage log, which are the same for every engine.

mod format;
mod values;

pub(super) use self::format::{EachRow, Header, open, parts, refused, write};
pub(super) use self::values::{Value, hex, id_of, is_id};

use super::StoreError;
use crate::model::Location;

/// Translates an error after a part was committed or the archive recorded. Busy stays busy, since a retry is safe.
pub(super) fn after_a_commit(location: Location, error: StoreError) -> StoreError {
    match error {
        StoreError::Busy { .. } | StoreError::Conflict { .. } | StoreError::OutcomeUnknown { .. } => error,
        other => StoreError::OutcomeUnknown { location, detail: other.to_string() },
    }
}
