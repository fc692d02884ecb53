//! How a folder on disk differs from the one that should be there, in a few words.

use std::collections::BTreeMap;

use crate::model::{FolderFile, SkillFolder};

/// Maximum number of paths to name.
const SHOWN: usize = 3;

/// The first files that differ.
pub(super) fn difference(found: &SkillFolder, wanted: &SkillFolder) -> String {
    let of = |folder: &SkillFolder| -> BTreeMap<String, FolderFile> {
        folder.files().iter().map(|it| (it.path.to_string(), it.clone())).collect()
    };
    let (found, wanted) = (of(found), of(wanted));
    let mut differing = Vec::new();
    for (path, file) in &wanted {
        match found.get(path) {
            None => differing.push(format!("{path} is missing")),
            Some(it) if it.hash != file.hash => differing.push(format!("{path} differs")),
            Some(it) if it.mode != file.mode => differing.push(format!("{path} has another mode")),
            Some(_) => {}
        }
    }
    differing.extend(found.keys().filter(|it| !wanted.contains_key(*it)).map(|path| format!("{path} was added")));
    let more = differing.len().saturating_sub(SHOWN);
    differing.truncate(SHOWN);
    if more > 0 {
        differing.push(format!("and {more} more"));
    }
    differing.join(", ")
}

#[cfg(test)]
mod tests {
    use super::difference;
    use crate::model::{ContentHash, FileMode, FolderFault, FolderFile, SkillFolder};

    fn folder(files: &[(&str, &str, FileMode)]) -> Result<SkillFolder, FolderFault> {
        let file = |(path, text, mode): &(&str, &str, FileMode)| {
            let (path, hash) = (path.parse().ok()?, ContentHash::of(text.as_bytes()));
            Some(FolderFile { path, mode: *mode, hash, size: 0 })
        };
        SkillFolder::of(files.iter().filter_map(file).collect())
    }

    #[test]
    fn every_kind_of_difference_is_named_and_only_the_first_ones() -> Result<(), FolderFault> {
        use FileMode::{Executable, Plain};
        let wanted = folder(&[("SKILL.md", "a", Plain), ("b", "b", Plain), ("c", "c", Executable), ("d", "d", Plain)])?;
        let found = folder(&[("SKILL.md", "x", Plain), ("b", "b", Executable), ("c", "c", Executable)])?;
        assert_eq!(difference(&found, &wanted), "SKILL.md differs, b has another mode, d is missing");
        let more = folder(&[("SKILL.md", "x", Plain), ("y", "y", Plain), ("z", "z", Plain)])?;
        assert_eq!(difference(&more, &wanted), "SKILL.md differs, b is missing, c is missing, and 3 more");
        assert_eq!(difference(&wanted, &wanted), "");
        Ok(())
    }
}
