//! `db capture`: stores content that the database lacks, from files that still have the recorded hash.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::content_file::{ContentFile, FileError, Files};
use super::error::Result;
use super::folder::{ReadSkill, Wanted};
use super::project::Project;
use super::refusal::{purge_of, refusals};
use super::rules::{Described, describe};
use crate::model::{ContentHash, EventKind, Remark};
use crate::store::{self, Durability, Store, Transaction, Unstored};

/// What is wrong with a recorded hash that is the file's but for its letters: content is found by the text of its hash.
pub(super) const UPPER_CASE: &str = "its hash is recorded in upper case; deploy the file again";

/// The outcome of a capture.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CaptureReport {
    /// Skills whose content was stored.
    pub captured: Vec<String>,
    /// Skills of which only the skill file was stored, with the reason.
    pub alone: Vec<Remark<String>>,
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
            Ok(alone) => {
                report.alone.extend(alone.map(|why| Remark::new(unstored.name.clone(), (), why)));
                report.captured.push(unstored.name);
            }
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
) -> store::Result<std::result::Result<Option<String>, String>> {
    let unrecorded = unstored.content_hash.is_none();
    if unrecorded && !unstored.bootstrap {
        // Without a hash, no content is approved.
        return Ok(Err("no hash recorded".to_owned()));
    }
    if unrecorded && !record_bootstrap {
        return Ok(Err("bootstrap skill without a recorded hash".to_owned()));
    }
    let (hash, found) = match find(files, project, unstored) {
        Ok(found) => found,
        Err(reason) => return Ok(Err(reason)),
    };
    let described = match describe(&found.file.bytes, files.most_bytes) {
        Ok(described) => described,
        Err(error) => return Ok(Err(error.to_string())),
    };
    // A version is approved or not; nobody decides about those of a bootstrap skill.
    let refused = refusals(tx, [hash.to_string()], None)?.into_iter().next();
    if let Some(event) = refused.filter(|it| unstored.bootstrap || it.is(EventKind::Purged)) {
        return Ok(Err(event.event));
    }
    tx.store_content(&hash, &found.file.bytes)?;
    match unstored.version_id {
        Some(id) => {
            tx.describe_version(id, described.front_matter.as_ref())?;
            return Ok(Ok(attach(tx, id, found, described)?));
        }
        None if unrecorded => tx.bind_bootstrap(&unstored.name, &hash)?,
        None => {}
    }
    Ok(Ok(None))
}

/// Records the files beside a skill file. Whoever approved the version saw the skill file alone, so that the files wait
/// for review. Returns why they were left.
fn attach(tx: &mut dyn Transaction, version: i64, found: Found, described: Described) -> store::Result<Option<String>> {
    let wanted = Wanted { path: &found.place, only_skill_file: false };
    let read = match ReadSkill::of_file(&found.files, wanted, false, found.file, described) {
        Ok(read) => read,
        Err(error) => return Ok(Some(error.to_string())),
    };
    let contents = read.contents();
    if purge_of(tx, contents.iter().map(|(hash, _)| hash.to_string()), None)?.is_some() {
        return Ok(Some("one of the files beside it was purged".to_owned()));
    }
    for (hash, bytes) in contents {
        tx.store_content(&hash, bytes)?;
    }
    tx.attach_folder(version, &read.folder(None))?;
    Ok(read.warnings.into_iter().next().map(|it| it.reason))
}

/// A file with the recorded hash.
struct Found {
    file: ContentFile,
    place: PathBuf,
    /// The restrictions that it was read with.
    files: Files,
}

/// Finds the first file with the recorded hash. Paths in a database are not trusted: files outside the project are read
/// only if a content root is set.
fn find(files: &Files, project: &Project, unstored: &Unstored) -> std::result::Result<(ContentHash, Found), String> {
    let mut reason = "missing".to_owned();
    for place in project.places(&unstored.content_path) {
        let (file, files) = match read_restricted(files, project, &place) {
            Ok(read) => read,
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
        let hash = ContentHash::of(&file.bytes);
        let found = Found { file, place, files };
        match &unstored.content_hash {
            None => return Ok((hash, found)),
            Some(recorded) if *recorded == hash.to_string() => return Ok((hash, found)),
            Some(recorded) if recorded.eq_ignore_ascii_case(&hash.to_string()) => {
                UPPER_CASE.clone_into(&mut reason);
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
    read_restricted(files, project, place).map(|(file, _)| file)
}

/// The same, with the restrictions under which it was read.
fn read_restricted(
    files: &Files,
    project: &Project,
    place: &Path,
) -> std::result::Result<(ContentFile, Files), FileError> {
    if files.root.is_some() {
        return Ok((files.read(place)?, files.clone()));
    }
    let mut last = None;
    for folder in project.folders() {
        let files = Files { root: Some(folder.to_owned()), ..files.clone() };
        match files.read(place) {
            Err(outside @ FileError::OutsideRoot { .. }) => last = Some(outside),
            other => return Ok((other?, files)),
        }
    }
    let root = place.to_owned();
    Err(last.unwrap_or_else(|| FileError::OutsideRoot { path: place.to_owned(), root }))
}
