//! Work in a transaction, as operations ask for it: once more where another writer came in between.

use super::{Durability, Store, StoreError, Transaction};

/// What becomes of a transaction whose work succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Everything is made durable, or nothing.
    Commit,
    /// Everything is undone.
    Undo,
}

/// Runs `work` in a transaction and commits it. An error of `work` undoes everything and is returned.
///
/// `work` runs again from the start where the database finds that another writer got in between (see [`Store::attempt`]). So
/// outside it changes only what a second run sets anew: it returns its results, and does not add to those of an earlier run.
pub fn write<T, E: From<StoreError>>(
    store: &mut dyn Store,
    durability: Durability,
    work: impl FnMut(&mut dyn Transaction) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    write_unless(false, store, durability, work)
}

/// The same; in a dry run everything is undone at the end, and the result is the one that a commit would have had.
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
