//! The project: the folder that holds `.claude`. Content paths are relative to it, so that the database can be used
//! from any folder.

use std::path::{Component, Path, PathBuf};

use super::content_file::FileError;
use crate::model::Location;

/// The folders that relative paths in a database may start from.
#[derive(Debug, Clone)]
pub struct Project {
    root: Option<PathBuf>,
    current: PathBuf,
    /// The folder of the database, if it is a file.
    beside: Option<PathBuf>,
}

impl Project {
    /// The project of a database: the folder above the last `.claude` in its path, with links resolved. For a database on a
    /// server, it is the nearest folder with a `.claude`, from the current one upwards.
    #[must_use]
    pub fn of(database: &Location, current: &Path) -> Self {
        let Some(database) = database.file() else {
            let real = std::fs::canonicalize(current).unwrap_or_else(|_| current.to_owned());
            let root = real.ancestors().find(|it| it.join(".claude").is_dir()).map(Path::to_owned);
            return Self { root, current: current.to_owned(), beside: None };
        };
        let real = std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        let root = real
            .ancestors()
            .find(|folder| folder.file_name().is_some_and(|name| name == ".claude"))
            .and_then(Path::parent)
            .map(Path::to_owned);
        Self { root, current: current.to_owned(), beside: real.parent().map(Path::to_owned) }
    }

    /// The folders of the project: its root, or without one, the working directory and the folder of the database.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        let others = [Some(&self.current), self.beside.as_ref()];
        let others = others.into_iter().flatten().filter(|_| self.root.is_none());
        self.root.iter().chain(others).map(PathBuf::as_path)
    }

    /// The folder that holds `.claude`, or the current one.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.as_deref().unwrap_or(&self.current)
    }

    /// The stored form of a path: relative to the project's root if it is inside, otherwise absolute.
    pub fn stored_path(&self, file: &Path) -> Result<String, FileError> {
        let shortened = self.root.as_deref().and_then(|root| file.strip_prefix(root).ok()).unwrap_or(file);
        shortened.to_str().map(str::to_owned).ok_or_else(|| FileError::Content {
            path: file.to_owned(),
            problem: "its path is not UTF-8, so it cannot be recorded".to_owned(),
            hint: "Rename the file or its folder.",
        })
    }

    /// The possible files of a stored path, likeliest first; empty if no path is stored.
    #[must_use]
    pub fn places(&self, stored: &str) -> Vec<PathBuf> {
        let mut places: Vec<PathBuf> = Vec::new();
        let bases = self.root.iter().chain([&self.current]);
        for base in bases.filter(|_| !stored.is_empty()) {
            let place = base.join(stored); // an absolute path stays itself
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// A stored path as an absolute one.
    #[must_use]
    pub fn absolute(&self, stored: &str) -> PathBuf {
        let joined = self.root.as_ref().unwrap_or(&self.current).join(stored);
        joined.components().filter(|part| *part != Component::CurDir).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Project;
    use crate::model::Location;
    use std::path::{Path, PathBuf};

    #[test]
    fn counts_from_the_folder_that_holds_claude() {
        let database = Location::from(Path::new("/p/.claude/skills-database/skills.db"));
        let project = Project::of(&database, Path::new("/elsewhere"));
        assert_eq!(
            project.stored_path(Path::new("/p/.claude/skills/a/SKILL.md")).ok().as_deref(),
            Some(".claude/skills/a/SKILL.md")
        );
        assert_eq!(project.stored_path(Path::new("/q/SKILL.md")).ok().as_deref(), Some("/q/SKILL.md"));
        assert_eq!(project.places("a/SKILL.md"), [PathBuf::from("/p/a/SKILL.md"), "/elsewhere/a/SKILL.md".into()]);
        assert_eq!(project.places("/q/SKILL.md"), [PathBuf::from("/q/SKILL.md")]);
        assert_eq!(project.absolute("./a/SKILL.md"), Path::new("/p/a/SKILL.md"));
    }
}
