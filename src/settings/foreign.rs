//! Files of other users, which are not trusted where a search finds them.

use std::path::{Path, PathBuf};

use crate::model::Visible;

/// A discovered database or settings file that belongs to another user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} belongs to user {owner}; what is found by search must belong to this user ({user}) or root",
    Visible(path.to_string_lossy())
)]
pub struct Foreign {
    /// The file, or one of its folders.
    pub path: PathBuf,
    /// Its owner.
    pub owner: u32,
    /// The user of this process.
    pub user: u32,
}

impl Foreign {
    pub(super) fn check(path: &Path, owner: u32, user: u32) -> Result<(), Self> {
        if [0, user].contains(&owner) { Ok(()) } else { Err(Self { path: path.to_owned(), owner, user }) }
    }
}

/// User ID of this process.
pub(super) fn this_user() -> u32 {
    rustix::process::geteuid().as_raw()
}
