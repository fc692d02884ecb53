//! Errors of following.

use crate::store::StoreError;

/// Why a database does not follow, or was not pulled to. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// It holds skills of its own.
    #[error("the database has {holds} of its own")]
    Occupied {
        /// What it holds.
        holds: String,
    },
    /// It follows nothing.
    #[error("this database follows no other")]
    FollowsNothing,
    /// The primary cannot be reached.
    #[error("the primary cannot be reached: {why}")]
    Unreachable {
        /// Why not.
        why: StoreError,
    },
    /// Others pulled or wrote at the same time, again and again.
    #[error("other processes changed this database during each of {attempts} pulls")]
    Conflict {
        /// How often it was tried.
        attempts: u32,
    },
    /// It is not what its primary is.
    #[error("this database differs from its primary: {}", tables.join(", "))]
    Differs {
        /// The tables with other rows.
        tables: Vec<String>,
    },
}
