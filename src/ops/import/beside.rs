//! Reads the files beside a skill file. What cannot be taken does not keep the skill out: it is imported alone, which
//! agents then get, with a warning that says why.

use std::path::Path;

use rustix::fs::{AtFlags, statat};

use super::prepare::{ItemFolder, Reader};
use crate::model::{FolderFile, SkillFolder};
use crate::ops::folder::{FolderProblem, Others, Reading, Scope, read_others};
use crate::ops::tree::{Beside, TreeFile};

/// The folder of a skill; `None` for a plain one.
type Found = Option<Box<ItemFolder>>;

impl Reader<'_> {
    /// Reads the folder of a skill file, which was read as this file, and appends the bytes to `bytes`. `Err` with the
    /// folder of the skill file alone, and why the other files are left.
    pub(super) fn item_folder(
        &self,
        found: &TreeFile,
        skill: FolderFile,
        identity: (u64, u64),
        bytes: &mut Vec<u8>,
    ) -> Result<Found, (Found, String)> {
        let Some(beside) = &found.beside else { return Ok(folder(skill, Others::default()).unwrap_or_default()) };
        let start = bytes.len();
        let taken = self.others(found, beside, &skill, identity, bytes);
        taken.and_then(|others| folder(skill.clone(), others).map_err(|it| it.to_string())).map_err(|why| {
            bytes.truncate(start);
            (folder(skill, Others::default()).unwrap_or_default(), why)
        })
    }

    fn others(
        &self,
        found: &TreeFile,
        beside: &Beside,
        skill: &FolderFile,
        identity: (u64, u64),
        bytes: &mut Vec<u8>,
    ) -> Result<Others, String> {
        if found.shares_folder {
            return Err("its folder has another skill file".to_owned());
        }
        if let Some(mark) = beside.mark {
            return Err(format!("{mark} marks its folder as a project's root"));
        }
        let path = found.path.parent().unwrap_or(Path::new("/"));
        let opened = self.folder.open_inside(path).map_err(|error| error.to_string())?;
        let scope =
            Scope { path, outer: &beside.outer, limits: self.files.folder, database: self.files.database.as_ref() };
        let reading = Reading { folder: &opened, scope, skill, most_kept: self.most_kept };
        let others = read_others(&reading, bytes).map_err(|problem| problem.to_string())?;
        // The path may lead to another folder than when the skill file was read.
        let name = found.path.file_name().unwrap_or_default();
        match statat(&opened, name, AtFlags::empty()) {
            Ok(stat) if (stat.st_dev, stat.st_ino) == identity => Ok(others),
            _ => Err("its folder changed while it was read".to_owned()),
        }
    }
}

fn folder(skill: FolderFile, others: Others) -> Result<Found, FolderProblem> {
    let folder: SkillFolder = others.with(skill)?;
    Ok((!folder.is_plain()).then(|| Box::new(ItemFolder { hash: folder.hash(), folder, others })))
}
