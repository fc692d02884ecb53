//! The folder on disk that a version was read from, beside what is recorded of it.

use std::collections::BTreeMap;
use std::path::Path;

use super::content_file::Files;
use super::folder::{ReadSkill, Wanted};
use crate::model::{FileMode, FolderFile, FolderPath, SKILL_FILE, SkillFolder, Visible};

/// What differs between the recorded files and those beside a skill file, which has the recorded bytes. Only a skill
/// file stands for its folder, and not one in a project's root.
pub(super) fn differences(files: &Files, skill_file: &Path, recorded: &SkillFolder) -> Vec<String> {
    let read = match ReadSkill::read(files, Wanted { path: skill_file, only_skill_file: false }) {
        Ok(read) => read,
        Err(error) => return vec![error.to_string()],
    };
    if read.keeps_files() {
        return Vec::new();
    }
    if let Some(why) = &read.alone {
        return if recorded.is_plain() { Vec::new() } else { vec![why.reason.clone()] };
    }
    let on_disk = read.folder(None);
    let mut pairs: BTreeMap<&FolderPath, [Option<&FolderFile>; 2]> = BTreeMap::new();
    for (at, folder) in [recorded, &on_disk].into_iter().enumerate() {
        for file in folder.files() {
            pairs.entry(&file.path).or_default()[at] = Some(file);
        }
    }
    // Of a skill file alone, the mode was not always recorded.
    let other = |path: &FolderPath| !recorded.is_plain() || path.as_str() != SKILL_FILE;
    pairs.into_iter().filter(|(path, _)| other(path)).filter_map(|(path, files)| difference(path, files)).collect()
}

fn difference(path: &FolderPath, [recorded, on_disk]: [Option<&FolderFile>; 2]) -> Option<String> {
    let mode = |it: FileMode| it.as_str();
    let what = match (recorded, on_disk) {
        (Some(_), None) => "its file is missing".to_owned(),
        (None, Some(_)) => "it is not part of the version".to_owned(),
        (Some(was), Some(is)) if was.hash != is.hash => "its file changed since its approval".to_owned(),
        (Some(was), Some(is)) if was.mode != is.mode => {
            format!("its mode is {}, not {}", mode(is.mode), mode(was.mode))
        }
        _ => return None,
    };
    Some(format!("{}: {what}", Visible(path.as_str())))
}
