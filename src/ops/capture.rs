//! `db capture`: stores content that the database lacks, from files that still have the recorded hash.

use std::io::ErrorKind;
use std::path::Path;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::content_file::{ContentFile, FileError, Files};
use super::error::Result;
use super::project::Project;
use super::rules::describe;
use crate::model::{ContentHash, EventKind, Remark};
use crate::store::{self, Durability, Store, Transaction, Unstored};

/// The outcome of a capture.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CaptureReport {
    /// Skills whose content was stored.
    pub captured: Vec<String>,
    /// Skills whose content could not be stored.
    pub left: Vec<Remark<Unstored>>,
}

/// The reason is `changed since approval`, `missing`, or another problem.
impl Serialize for Remark<Unstored> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Remark", 3)?;
        fields.serialize_field("name", &self.subject.name)?;
        fields.serialize_field("content_path", &self.subject.content_path)?;
        fields.serialize_field("reason", &self.reason)?;
        fields.end()
    }
}

/// Captures content in one transaction.
pub fn capture(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    record_bootstrap: bool,
) -> Result<CaptureReport> {
    Ok(store::write(store, Durability::Full, |tx| fill(tx, files, project, record_bootstrap))?)
}

/// Captures content in an open transaction, for adoption.
pub fn fill(
    tx: &mut dyn Transaction,
    files: &Files,
    project: &Project,
    record_bootstrap: bool,
) -> store::Result<CaptureReport> {
    let mut report = CaptureReport::default();
    for unstored in tx.unstored()? {
        let outcome = take(tx, files, project, &unstored, record_bootstrap)?;
        match outcome {
            Ok(()) => report.captured.push(unstored.name),
            Err(reason) => report.left.push(Remark::new(unstored, (), reason)),
        }
    }
    Ok(report)
}

fn take(
    tx: &mut dyn Transaction,
    files: &Files,
    project: &Project,
    unstored: &Unstored,
    record_bootstrap: bool,
) -> store::Result<std::result::Result<(), String>> {
    let unrecorded = unstored.content_hash.is_none();
    if unrecorded && !unstored.bootstrap {
        // Without a hash, no content is approved.
        return Ok(Err("no hash recorded".to_owned()));
    }
    if unrecorded && !record_bootstrap {
        return Ok(Err("bootstrap skill without a recorded hash".to_owned()));
    }
    let (hash, bytes) = match find(files, project, unstored) {
        Ok(found) => found,
        Err(reason) => return Ok(Err(reason)),
    };
    let described = match describe(&bytes, files.most_bytes) {
        Ok(described) => described,
        Err(error) => return Ok(Err(error.to_string())),
    };
    if tx.refusal(&hash.to_string(), None)?.is_some_and(|it| it.is(EventKind::Purged)) {
        return Ok(Err("purged".to_owned()));
    }
    tx.store_content(&hash, &bytes)?;
    match unstored.version_id {
        Some(id) => tx.describe_version(id, described.front_matter.as_ref())?,
        None if unrecorded => tx.bind_bootstrap(&unstored.name, &hash)?,
        None => {}
    }
    Ok(Ok(()))
}

/// Finds the first file with the recorded hash. Paths in a database are not trusted: files outside the project are read
/// only if a content root is set.
fn find(files: &Files, project: &Project, unstored: &Unstored) -> std::result::Result<(ContentHash, Vec<u8>), String> {
    let mut reason = "missing".to_owned();
    for place in project.places(&unstored.content_path) {
        let bytes = match read_stored(files, project, &place) {
            Ok(file) => file.bytes,
            Err(FileError::Unreadable { source, .. }) if source.kind() == ErrorKind::NotFound => continue,
            Err(FileError::OutsideRoot { .. }) if files.root.is_none() => {
                "outside the project".clone_into(&mut reason);
                continue;
            }
            Err(error) => {
                reason = error.to_string();
                continue;
            }
        };
        let hash = ContentHash::of(&bytes);
        match &unstored.content_hash {
            None => return Ok((hash, bytes)),
            Some(recorded) if *recorded == hash.to_string() => return Ok((hash, bytes)),
            // Content is found by the recorded text of the hash, so it would not be found.
            Some(recorded) if recorded.eq_ignore_ascii_case(&hash.to_string()) => {
                "its hash is recorded in upper case; deploy the file again".clone_into(&mut reason);
            }
            Some(_) => "changed since approval".clone_into(&mut reason),
        }
    }
    Err(reason)
}

/// Reads a file at a path from a database, which is not trusted: only inside the project or the content root.
pub(super) fn read_stored(
    files: &Files,
    project: &Project,
    place: &Path,
) -> std::result::Result<ContentFile, FileError> {
    if files.root.is_some() {
        return files.read(place);
    }
    let mut last = None;
    for folder in project.folders() {
        match (Files { root: Some(folder.to_owned()), ..files.clone() }.read(place)) {
            Err(outside @ FileError::OutsideRoot { .. }) => last = Some(outside),
            other => return other,
        }
    }
    let root = place.to_owned();
    Err(last.unwrap_or_else(|| FileError::OutsideRoot { path: place.to_owned(), root }))
}
