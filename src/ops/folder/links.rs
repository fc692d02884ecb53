//! What the links in a folder stand for: the files of the same folder that they lead to.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, statat};

use super::files::{OtherFile, Reading};
use super::opened::{Identity, identity};
use super::problem::FolderProblem;
use super::walk::Entries;
use crate::linux;
use crate::model::{FolderFile, FolderPath};

/// A link to a folder.
struct FolderLink<'a> {
    path: &'a FolderPath,
    target: &'a str,
}

/// Adds what each link stands for to the files of a folder. `known` has the files by what they are.
pub(super) fn resolve(
    reading: &Reading<'_>,
    found: &Entries,
    known: &HashMap<Identity, OtherFile>,
    files: &mut Vec<OtherFile>,
) -> Result<(), FolderProblem> {
    let skill = found.skill_file.as_deref().and_then(|it| named(reading, it));
    let mut folders = Vec::new();
    for link in &found.links {
        let target = target(reading, link)?;
        let same =
            |it: &OtherFile| OtherFile { file: FolderFile { path: link.clone(), ..it.file.clone() }, ..it.clone() };
        if let Some(file) = known.get(&target) {
            files.push(same(file));
        } else if Some(target) == skill {
            files.push(same(&OtherFile { file: reading.skill.clone(), bytes: None }));
        } else if let Some(target) = found.folders.get(&target) {
            folders.push(FolderLink { path: link, target });
        } else {
            return Err(FolderProblem::entry(link.as_str(), "it is a link to what does not belong to the skill"));
        }
    }
    expand(folders, reading, files)?;
    require_few(reading, files)
}

/// Adds the files of folders that links lead to. A folder with such a link in it is complete only after that one.
fn expand(
    mut open: Vec<FolderLink<'_>>,
    reading: &Reading<'_>,
    files: &mut Vec<OtherFile>,
) -> Result<(), FolderProblem> {
    while let Some(first) = open.first() {
        let first = first.path;
        let waits = |it: &FolderLink<'_>| open.iter().any(|inner| below(inner.path.as_str(), it.target).is_some());
        let Some(at) = open.iter().position(|it| !waits(it)) else {
            return Err(FolderProblem::entry(first.as_str(), "it is a link to a folder that contains it"));
        };
        let link = open.swap_remove(at);
        let mut more = Vec::new();
        for it in files.iter() {
            let Some(rest) = below(it.file.path.as_str(), link.target) else { continue };
            let path = format!("{}/{rest}", link.path);
            let path = path.parse().map_err(|error| FolderProblem::entry(path, error))?;
            more.push(OtherFile { file: FolderFile { path, ..it.file.clone() }, ..it.clone() });
        }
        files.extend(more);
        require_few(reading, files)?;
    }
    Ok(())
}

fn require_few(reading: &Reading<'_>, files: &[OtherFile]) -> Result<(), FolderProblem> {
    let limits = reading.scope.limits;
    let bytes = files.iter().map(|it| it.file.size).fold(reading.skill.size, u64::saturating_add);
    match () {
        () if files.len() >= limits.files => Err(FolderProblem::Files(limits.files)),
        () if bytes > limits.bytes => Err(FolderProblem::Bytes(limits.bytes)),
        () => Ok(()),
    }
}

/// The rest of a path below a folder, which is empty for the skill's folder itself.
fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

/// What a link leads to, if that is inside the folder.
fn target(reading: &Reading<'_>, link: &FolderPath) -> Result<Identity, FolderProblem> {
    let found = linux::place_inside(reading.folder, Path::new(link.as_str())).and_then(identity);
    found.map_err(|error| {
        let reason = match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
            Some(rustix::io::Errno::XDEV) => "it is a link that leaves the skill's folder".to_owned(),
            Some(rustix::io::Errno::LOOP) => "it is a link to itself".to_owned(),
            _ if error.kind() == io::ErrorKind::NotFound => "it is a dangling link".to_owned(),
            _ => error.to_string(),
        };
        FolderProblem::entry(link.as_str(), reason)
    })
}

/// What an entry directly in the folder is.
fn named(reading: &Reading<'_>, name: &str) -> Option<Identity> {
    let stat = statat(reading.folder, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some((stat.st_dev, stat.st_ino))
}
