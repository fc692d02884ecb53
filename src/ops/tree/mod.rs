//! Finds the skill files below a folder: `SKILL.md` in any letter case, in path order, following links only within the
//! folder.
//!
//! | file | what it owns |
//! |---|---|
//! | `found` | what a walk finds |
//! | `walk`, `listing` | walking the folders, and listing one |
//! | `candidate` | what only looks like a skill file |
//! | `skip` | folders to skip, and `.cfnignore` |
//! | `exported` | what cfn exported |
//! | `place` | which of several files with one name wins |

mod candidate;
mod exported;
mod listing;
mod place;
mod skip;
mod tree_file;
mod walk;

use std::ops::ControlFlow;
use std::path::Path;

use super::content_file::{FileError, Folder};

pub(super) use exported::EXPORT_LOCK;
pub(super) use place::{Claim, bears};
pub(super) use skip::{IGNORE_FILE, Patterns, patterns, patterns_above};
pub(super) use tree_file::{Beside, TreeFile, Walked, folder_name, is_skill_file};
pub(super) use walk::{is_skill_of_its_own, walk};

/// All skill files below a folder, in path order, and the other results.
pub(super) fn skill_files(folder: &Path) -> Result<(Vec<TreeFile>, Walked), FileError> {
    let folder = Folder::open(folder)?;
    let mut files = Vec::new();
    let walked = walk(&folder, false, &mut |found| {
        files.push(found);
        ControlFlow::Continue(())
    })?;
    Ok((files, walked))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::ops::ControlFlow;
    use std::os::unix::fs::symlink;

    use super::{Folder, walk};

    #[test]
    fn files_come_in_path_order_and_refusals_folder_by_folder() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let names = ["a", "a-b", "a.b", "a b", "a0", "SKILL.md.d", "T", "skill.md/deep", ".h"];
        for name in names.into_iter().flat_map(|it| [it.to_owned(), format!("a/{it}")]) {
            let inner = folder.path().join(&name);
            fs::create_dir_all(&inner)?;
            fs::write(inner.join("SKILL.md"), name)?;
            symlink("nowhere", inner.join("Skill.md"))?;
        }
        let (opened, mut files) = (Folder::open(folder.path()).map_err(std::io::Error::other)?, Vec::new());
        let mut take = |found| {
            files.push(found);
            ControlFlow::Continue(())
        };
        let walked = walk(&opened, true, &mut take).map_err(std::io::Error::other)?;
        let found: Vec<_> = files.iter().map(|it| it.relative().as_os_str()).collect();
        assert!(found.is_sorted() && found.len() == 2 * names.len(), "{found:?}");
        let refused: Vec<_> = walked.refused.iter().map(|it| &it.subject).collect();
        // The links, and the folders with the name of a skill file.
        assert!(refused.is_sorted() && refused.len() == found.len() + 2, "{refused:?}");
        assert!(files.iter().all(|it| it.path.is_file()));
        Ok(())
    }
}
