//! The errors of the store in memory.

use cfn::model::Location;
use cfn::store::StoreError;

/// How often work is run before a conflict is an error.
pub(super) const MOST_RUNS: u32 = 10;

/// Its name in messages.
fn location() -> Location {
    Location::Server("memory".to_owned())
}

pub(super) fn conflict() -> StoreError {
    StoreError::Conflict { location: location(), attempts: MOST_RUNS }
}

pub(super) fn refused(why: &str) -> StoreError {
    StoreError::Failed { location: location(), detail: why.to_owned() }
}
