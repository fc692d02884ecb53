//! Searches for the database upwards from the working directory, as git does for its repository. A project's settings file
//! that names a database counts as one.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use super::file::Unread;
use super::foreign::this_user;
use super::{Foreign, Given, SettingsFile, Source};

/// Default path of the database, relative to the project.
pub const DEFAULT_DATABASE: &str = ".claude/skills-database/skills.db";

/// The result of the search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where the database is.
    pub place: Place,
    /// The database; if there is none, the path that it would have in the current folder.
    pub(super) database: Given,
}

/// Where a database was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the current folder.
    Here,
    /// In a folder above it.
    Above,
    /// Not found.
    Nowhere,
}

impl Found {
    /// Searches `current` and the folders above it, up to but not including `home` or the root. Both a link and its
    /// target must belong to this user or root. Also returns the project's settings file.
    pub(super) fn look(current: &Path, home: Option<&Path>) -> Result<(Self, Option<SettingsFile>), Unread> {
        let here = Self::in_folder(current, Place::Here)?;
        if here.0.place == Place::Here {
            return Ok(here);
        }
        let home = home.and_then(|it| fs::metadata(it).ok()).map(|it| identity(&it));
        let is_end = |it: &&Path| it.parent().is_none() || fs::metadata(it).is_ok_and(|it| Some(identity(&it)) == home);
        for folder in current.ancestors().take_while(|it| !is_end(it)).skip(1) {
            let found = Self::in_folder(folder, Place::Above)?;
            if found.0.place == Place::Above {
                return Ok(found);
            }
        }
        Ok(here)
    }

    /// Looks for a database in one folder, which is at `place`.
    fn in_folder(folder: &Path, place: Place) -> Result<(Self, Option<SettingsFile>), Unread> {
        let user = this_user();
        let file = SettingsFile::of_project(folder, user)?;
        if let Some(database) = file.as_ref().and_then(SettingsFile::database) {
            own(Path::new(&database.value), user).map_err(Unread::Foreign)?;
            return Ok((Self { place, database }, file));
        }
        let path = folder.join(DEFAULT_DATABASE);
        let is_there = fs::symlink_metadata(&path).is_ok(); // also for a dangling link: opening it reports the error
        if is_there {
            own_with_folders(folder, user).map_err(Unread::Foreign)?;
        }
        let (place, source) = if is_there { (place, Source::Found) } else { (Place::Nowhere, Source::Default) };
        Ok((Self { place, database: Given { source, value: path.into() } }, file))
    }

    /// The path of the database, existing or not.
    #[must_use]
    pub fn path(&self) -> &Path {
        Path::new(&self.database.value)
    }

    /// The settings file that names the database.
    #[must_use]
    pub fn named_by(&self) -> Option<&Path> {
        match &self.database.source {
            Source::File { path, .. } => Some(path),
            _ => None,
        }
    }
}

/// The same path without `..`, for display. The folder before a `..` is resolved if it exists: it may be a link.
#[must_use]
pub fn without_detours(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain = fs::canonicalize(&plain).unwrap_or(plain);
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

fn identity(folder: &Metadata) -> (u64, u64) {
    (folder.dev(), folder.ino())
}

/// Checks the owner of a file, and of the target if it is a link.
fn own(path: &Path, user: u32) -> Result<(), Foreign> {
    let owners = [fs::symlink_metadata(path), fs::metadata(path)].into_iter().flatten().map(|it| it.uid());
    owners.into_iter().try_for_each(|owner| Foreign::check(path, owner, user))
}

/// Checks the owners of a project's database and of the folders between.
fn own_with_folders(project: &Path, user: u32) -> Result<(), Foreign> {
    let mut path = project.to_owned();
    Path::new(DEFAULT_DATABASE).iter().try_for_each(|part| {
        path.push(part);
        own(&path, user)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;
    use std::path::{Path, PathBuf};

    use super::{DEFAULT_DATABASE, Found, Place, without_detours};

    /// A database file in a project; its path.
    fn database_in(project: &Path) -> io::Result<PathBuf> {
        let path = project.join(DEFAULT_DATABASE);
        fs::create_dir_all(path.parent().ok_or(io::ErrorKind::NotFound)?)?;
        fs::write(&path, "")?;
        Ok(path)
    }

    /// The result of a search from a folder.
    fn look_from(folder: &Path, home: Option<&Path>) -> Option<(Place, PathBuf)> {
        let (found, _) = Found::look(folder, home).ok()?;
        Some((found.place, found.path().to_owned()))
    }

    #[test]
    fn the_nearest_database_counts() -> io::Result<()> {
        let root = tempfile::tempdir()?;
        let (outer, inner) = (root.path().join("outer"), root.path().join("outer/a/inner"));
        let deep = inner.join("b/c");
        fs::create_dir_all(&deep)?;
        let look = |folder: &Path| look_from(folder, None);
        assert_eq!(look(&deep), Some((Place::Nowhere, deep.join(DEFAULT_DATABASE))));
        let far = database_in(&outer)?;
        assert_eq!((look(&deep), look(&outer)), (Some((Place::Above, far.clone())), Some((Place::Here, far.clone()))));
        // A folder of databases that has none is passed by.
        fs::create_dir_all(inner.join(".claude/skills-database"))?;
        assert_eq!(look(&deep), Some((Place::Above, far)));
        let near = database_in(&inner)?;
        assert_eq!((look(&deep), look(&inner)), (Some((Place::Above, near.clone())), Some((Place::Here, near))));
        Ok(())
    }

    #[test]
    fn the_search_ends_before_the_home_folder() -> io::Result<()> {
        let root = tempfile::tempdir()?;
        let (home, work) = (root.path().join("home"), root.path().join("home/work/x"));
        fs::create_dir_all(&work)?;
        let (above, in_home) = (database_in(root.path())?, database_in(&home)?);
        let link = root.path().join("also-home");
        std::os::unix::fs::symlink(&home, &link)?;
        for name in [&home, &link, &home.join("work/..")] {
            assert_eq!(look_from(&work, Some(name)), Some((Place::Nowhere, work.join(DEFAULT_DATABASE))), "{name:?}");
        }
        // In the home folder itself, and with another or a missing one.
        assert_eq!(look_from(&home, Some(&home)), Some((Place::Here, in_home.clone())));
        assert_eq!(look_from(&work, Some(Path::new("/no/such"))), Some((Place::Above, in_home)));
        fs::remove_dir_all(home.join(".claude"))?;
        assert_eq!(look_from(&home, Some(&home)), Some((Place::Nowhere, home.join(DEFAULT_DATABASE))));
        assert_eq!(look_from(&work, None), Some((Place::Above, above)));
        Ok(())
    }

    #[test]
    fn a_path_without_detours_is_the_same_file() -> io::Result<()> {
        let root = tempfile::tempdir()?;
        let root = root.path().canonicalize()?;
        fs::create_dir_all(root.join("a/b"))?;
        fs::create_dir_all(root.join("c/d"))?;
        std::os::unix::fs::symlink(root.join("c/d"), root.join("link"))?;
        for (typed, meant) in [
            ("a/b/../../c/x.db", "c/x.db"),
            ("a/../link/x.db", "link/x.db"),
            ("link/../x.db", "c/x.db"),
            ("a/b/..", "a"),
            ("missing/../x.db", "x.db"),
            ("a/x.db", "a/x.db"),
        ] {
            assert_eq!(without_detours(&root.join(typed)), root.join(meant), "{typed}");
        }
        Ok(())
    }

    #[test]
    fn a_dangling_link_ends_the_search() -> io::Result<()> {
        let root = tempfile::tempdir()?;
        let path = database_in(root.path())?;
        fs::remove_file(&path)?;
        std::os::unix::fs::symlink("nothing", &path)?;
        fs::create_dir(root.path().join("below"))?;
        assert_eq!(look_from(&root.path().join("below"), None), Some((Place::Above, path)));
        Ok(())
    }
}
