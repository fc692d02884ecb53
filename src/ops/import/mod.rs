//! `init --from`: imports a folder of skill files in few transactions. A bad file does not stop the others.
//!
//! # Names
//!
//! Several files may declare one name, and names are known only after reading the files, but the bytes of a whole tree
//! do not fit in memory. Therefore an import has two rounds. The result is the same for a new and an existing database,
//! and for any batch size:
//!
//! 1. The walk counts the names of folders while the readers read ahead. A file in a folder of its name, which no other
//!    folder with a skill file has, cannot lose the name, and is written immediately. That is nearly every file of a
//!    real tree. All others are put off without their bytes, as are files whose skill has another source. Writing starts
//!    after the walk, or, into a new database, with the first file, as long as no later file can have a better claim.
//! 2. When all candidates are known, `choose` decides: the skill's source keeps the name, otherwise the best claim
//!    wins. The winners are read again, and written if their bytes did not change.
//!
//! | file | what it owns |
//! |---|---|
//! | `ahead`, `prepare`, `beside` | finding, reading and parsing files on all cores |
//! | `choose`, `namespace`, `source` | which file gets a name, and the source of a skill |
//! | `early` | which files have final names before all candidates are known |
//! | `write`, `publication` | writing to the database |
//! | `request`, `report` | what to import, and what happened to each file |

mod ahead;
mod beside;
mod choose;
mod early;
mod namespace;
mod prepare;
mod publication;
mod report;
mod request;
mod source;
mod write;

use super::content_file::{Files, Folder};
use super::error::Result;
use super::project::Project;
use crate::clock::Clock;
use crate::store::{Durability, Store, StoreError, write};

use ahead::{Batch, Piece, Pieces, read_ahead};
use choose::Choice;
use prepare::{Reader, Task};
pub use report::{ImportReport, Kind as RefusalKind, UpdatedSkill};
pub use request::Import;
use source::Sources;
use write::Writer;

/// The progress of an import.
#[derive(Debug, Clone, Copy)]
pub struct ImportEvent {
    /// Number of files committed or refused.
    pub done: usize,
    /// Number of files found so far.
    pub total: usize,
}

/// Imports every skill file below a folder. In an existing database, everything reported to `progress` is committed.
pub fn import(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    clock: Clock,
    request: &Import<'_>,
    progress: &mut dyn FnMut(ImportEvent),
) -> Result<ImportReport> {
    let folder = Folder::open(request.folder)?;
    let now = clock.moment();
    let reader = Reader { files, folder: &folder, project, most_kept: ahead::PIECE_BYTES };
    let sources = Sources::new(project, &folder);
    let mut writer = Writer::new(request, &sources, now);
    read_ahead(&reader, ahead::Files::Below { nested: request.nested }, request.fresh, |pieces| {
        if !request.fresh {
            writer.learn(pieces.tree()?); // nobody waits for the lock meanwhile
        }
        write_all(store, pieces, &mut writer, &mut |writer, pieces| {
            progress(ImportEvent {
                done: writer.report.found + pieces.taken(),
                total: writer.report.found + pieces.found(),
            });
        })?;
        if !writer.knows_the_tree() {
            writer.learn(pieces.tree()?);
        }
        writer.report.found += pieces.taken();
        Ok(())
    })?;
    let winners = choose(store, &folder, &mut writer)?;
    if !winners.is_empty() {
        read_ahead(&reader, ahead::Files::These(winners), request.fresh, |pieces| {
            write_all(store, pieces, &mut writer, &mut |_, _| {})
        })?;
    }
    write_large(store, &reader, &mut writer)?;
    Ok(writer.report.sorted())
}

/// Writes the folders that are too large to be read ahead, one after the other.
fn write_large(store: &mut dyn Store, reader: &Reader<'_>, writer: &mut Writer<'_>) -> Result<()> {
    let reader = Reader { most_kept: usize::MAX, ..*reader };
    for task in std::mem::take(&mut writer.large) {
        let piece = Piece::of(&reader, task);
        write(store, Durability::Full, |tx| writer.take_all(tx, std::slice::from_ref(&piece)))?;
        writer.settle();
    }
    Ok(())
}

/// Decides about the open names, and returns the files that get one.
fn choose(store: &mut dyn Store, folder: &Folder, writer: &mut Writer<'_>) -> Result<Vec<Task>> {
    let candidates = std::mem::take(&mut writer.candidates);
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let snapshot = if writer.fresh() { None } else { Some(store.read()?) };
    let name = folder.path().file_name().unwrap_or_default().to_string_lossy();
    let namespace = writer.namespaces().then_some(name.as_ref());
    let holders = std::mem::take(&mut writer.holders);
    Choice::new(writer.sources, snapshot.as_deref(), namespace, holders, &mut writer.report)?.among(candidates)
}

/// Writes all batches, and calls `done` after each.
fn write_all<'w>(
    store: &mut dyn Store,
    pieces: &mut Pieces<'_>,
    writer: &mut Writer<'w>,
    done: &mut dyn FnMut(&mut Writer<'w>, &Pieces<'_>),
) -> Result<()> {
    let mut batch = Batch::first();
    while pieces.any_left() {
        if writer.fresh() {
            write_reading(store, pieces, &mut batch, writer)?;
        } else {
            write_read(store, pieces, &mut batch, writer)?;
        }
        writer.settle();
        batch = batch.following();
        done(writer, pieces);
    }
    Ok(())
}

/// Writes a batch to an existing database. Everything is read before the transaction, so that it is short and can run
/// again.
fn write_read(
    store: &mut dyn Store,
    pieces: &mut Pieces<'_>,
    batch: &mut Batch,
    writer: &mut Writer<'_>,
) -> Result<()> {
    let ready: Vec<Piece> = std::iter::from_fn(|| pieces.next_of(batch)).collect();
    write(store, Durability::Full, |tx| writer.take_all(tx, &ready))?;
    for piece in ready {
        pieces.give_back(piece);
    }
    Ok(())
}

/// Writes a batch to a new database: files are written while more are read, so the transaction runs only once.
fn write_reading(
    store: &mut dyn Store,
    pieces: &mut Pieces<'_>,
    batch: &mut Batch,
    writer: &mut Writer<'_>,
) -> Result<()> {
    let mut runs = 0;
    write(store, Durability::Full, |tx| {
        runs += 1;
        if runs > 1 {
            return Err(StoreError::Defect("a database that nobody else has was changed by another process").into());
        }
        while let Some(piece) = pieces.next_of(batch) {
            if !writer.knows_the_tree() && writer.needs_the_tree(&piece) {
                writer.learn(pieces.tree()?);
            }
            writer.take(tx, &piece)?;
            pieces.give_back(piece);
        }
        Ok(())
    })
}
