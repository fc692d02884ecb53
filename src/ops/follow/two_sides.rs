//! The two databases: the follower, and its primary.

use super::error::FollowError;
use crate::ops::{Error, Result};
use crate::store::following::{FollowSource, FollowTarget, Following};
use crate::store::{self, Store, StoreError};

/// Connects to the primary of a follower.
pub type ConnectPrimary<'a> = &'a mut dyn FnMut(&str) -> store::Result<Box<dyn FollowSource>>;

/// What a database follows.
pub fn following(store: &mut dyn Store) -> Result<Option<Following>> {
    let Some(target) = store.follower() else { return Ok(None) };
    Ok(target.known()?.map(|it| it.following))
}

/// The URL of the primary that a database follows.
pub fn primary(store: &mut dyn Store) -> Result<Option<String>> {
    store.follower().map_or(Ok(None), |it| Ok(it.primary()?))
}

/// A database that may follow another one.
pub(super) fn follower(store: &mut dyn Store) -> Result<&mut dyn FollowTarget> {
    store.follower().ok_or_else(|| StoreError::NoFile.into())
}

/// What the primary answered.
pub(super) fn of_primary<T>(answer: store::Result<T>) -> Result<T> {
    answer.map_err(|error| match error {
        StoreError::Unreachable { .. } | StoreError::Refused { .. } => {
            Error::Follow(FollowError::Unreachable { why: error })
        }
        error => error.into(),
    })
}
