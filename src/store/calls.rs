//! How callers use a store: a write is work that runs once more where another writer came in between.

use super::{Conclusion, Durability, FileCare, Result, Store, StoreError, Transaction};

/// Runs `work` in a transaction and commits it. An error of `work` undoes everything and is returned.
///
/// After a conflict with another writer, `work` runs again from the start (see [`Store::attempt`]). It must return its
/// results, and change nothing outside that a second run would not overwrite.
pub fn write<T, E: From<StoreError>>(
    store: &mut dyn Store,
    durability: Durability,
    work: impl FnMut(&mut dyn Transaction) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    write_unless(false, store, durability, work)
}

/// Like [`write()`], but in a dry run it undoes everything at the end. The result is that of a commit.
pub fn write_unless<T, E: From<StoreError>>(
    dry_run: bool,
    store: &mut dyn Store,
    durability: Durability,
    mut work: impl FnMut(&mut dyn Transaction) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let mut last = None;
    store.attempt(durability, &mut |tx| {
        let result = work(tx);
        let ending = if dry_run || result.is_err() { Conclusion::Undo } else { Conclusion::Commit };
        last = Some(result);
        Ok(ending)
    })?;
    last.unwrap_or_else(|| Err(StoreError::Defect("a transaction ended without running its work").into()))
}

/// The care of the database's file; [`StoreError::NoFile`] if it is on a server.
pub fn file_care(store: &mut dyn Store) -> Result<&mut dyn FileCare> {
    store.file_care().ok_or(StoreError::NoFile)
}
