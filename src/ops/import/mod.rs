//! `init --from`: a folder of skill files goes into the database, in few transactions. One bad file never stops the rest.

mod ahead;
mod prepare;
mod write;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::content_file::{Files, Folder};
use super::error::Result;
use super::project::Project;
use super::tree::Refused;
use crate::clock::Clock;
use crate::model::{AgentType, Category, path_as_text};
use crate::store::{Durability, Store};

use ahead::{Batch, Pieces, read_ahead};
use prepare::Reader;
use write::Writer;

/// What to import.
#[derive(Debug, Clone)]
pub struct Import<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// Of skills whose front matter names none of the five.
    pub category: Category,
    /// Import files that changed since as the next patch version.
    pub update: bool,
    /// Record an approval each, by this approver.
    pub approve_as: Option<&'a str>,
    /// Agent types that get what is new.
    pub agents: &'a [AgentType],
    /// Whether the database is new: nobody else has it, and there are no skills in it.
    pub fresh: bool,
}

/// What happened to each file: `found` is the sum of the other counts and the refused.
#[derive(Debug, Clone, Serialize)]
pub struct ImportReport {
    /// The folder.
    #[serde(serialize_with = "path_as_text")]
    pub folder: PathBuf,
    /// Skill files below it.
    pub found: usize,
    /// New skills.
    pub imported: usize,
    /// Skills whose bytes are in the database already.
    pub unchanged: usize,
    /// Skills that got a new version.
    pub updated: usize,
    /// Files that changed since, and were left alone.
    pub changed: Vec<Refusal>,
    /// Files that were not taken.
    pub refused: Vec<Refusal>,
    /// Of the new skills and versions: those that wait for review.
    pub pending: usize,
    /// What was taken although something about it is odd.
    pub warnings: Vec<Refusal>,
    /// How many transactions it took.
    pub transactions: usize,
}

/// A file, and what is to be said of it.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    /// From the folder that was imported.
    pub path: String,
    /// The line in the file, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// One sentence.
    pub reason: String,
}

/// How far an import is.
#[derive(Debug, Clone, Copy)]
pub struct ImportEvent {
    /// Files that are committed or refused.
    pub done: usize,
    /// All files that were found so far.
    pub total: usize,
}

/// Imports every skill file below a folder. What was reported to `progress` is committed, in a database that is there.
pub fn import(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    clock: Clock,
    request: &Import<'_>,
    progress: &mut dyn FnMut(ImportEvent),
) -> Result<ImportReport> {
    let folder = Folder::open(request.folder)?;
    let now = clock.database_time();
    let mut writer = Writer::new(request, &now);
    let reader = Reader { files, folder: &folder, project };
    let refused = read_ahead(&folder, &reader, |pieces| {
        let mut batch = Batch::first();
        while pieces.any_left() {
            write(store, pieces, &mut batch, &mut writer)?;
            batch = batch.following();
            progress(ImportEvent { done: writer.report.found, total: pieces.found() });
        }
        Ok(())
    })?;
    Ok(with_unread(writer.report, refused))
}

/// One transaction.
fn write(store: &mut dyn Store, pieces: &mut Pieces<'_>, batch: &mut Batch, writer: &mut Writer<'_>) -> Result<()> {
    // Where others wait for the lock, all is read before it is taken.
    let mut ready = Vec::new();
    while !writer.fresh()
        && let Some(piece) = pieces.next_of(batch)
    {
        ready.push(piece);
    }
    let mut transaction = store.write(Durability::Full)?;
    for piece in ready {
        writer.take(transaction.as_mut(), &piece)?;
        pieces.give_back(piece);
    }
    while writer.fresh()
        && let Some(piece) = pieces.next_of(batch)
    {
        writer.take(transaction.as_mut(), &piece)?;
        pieces.give_back(piece);
    }
    transaction.commit()?;
    writer.report.transactions += 1;
    Ok(())
}

/// What could not even be read comes before what was.
fn with_unread(mut report: ImportReport, unread: Refused) -> ImportReport {
    report.found += unread.len();
    let refusal =
        |(path, reason): (PathBuf, String)| Refusal { path: path.to_string_lossy().into_owned(), line: None, reason };
    report.refused.splice(..0, unread.into_iter().map(refusal));
    report
}
