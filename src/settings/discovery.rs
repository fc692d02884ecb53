//! Searches for the database upwards from the working directory, as git does for its repository.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use super::DEFAULT_DATABASE;
use crate::model::Visible;

/// The result of the search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// In the current folder.
    Here(PathBuf),
    /// In a folder above it.
    Above(PathBuf),
    /// Not found; the path that it would have in the current folder.
    Nowhere(PathBuf),
}

/// A discovered database that belongs to another user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} belongs to user {owner}; a database found by search must belong to this user ({user}) or root",
    Visible(path.to_string_lossy())
)]
pub struct Foreign {
    /// The file, or one of its folders.
    pub path: PathBuf,
    /// Its owner.
    pub owner: u32,
    /// The user of this process.
    pub user: u32,
}

impl Found {
    /// Searches `current` and the folders above it, up to but not including `home` or the root. Both a link and its
    /// target must belong to this user or root.
    pub fn look(current: &Path, home: Option<&Path>) -> Result<Self, Foreign> {
        let user = rustix::process::geteuid().as_raw();
        let here = current.join(DEFAULT_DATABASE);
        if is_there(&here) {
            return own(current, user).map(|()| Self::Here(here));
        }
        let home = home.and_then(|it| fs::metadata(it).ok()).map(|it| identity(&it));
        for folder in current.ancestors() {
            let end = folder.parent().is_none() || fs::metadata(folder).is_ok_and(|it| Some(identity(&it)) == home);
            if end {
                break;
            }
            let database = folder.join(DEFAULT_DATABASE);
            if is_there(&database) {
                // Another process may just have created the one in this folder.
                let found = if folder == current { Self::Here(database) } else { Self::Above(database) };
                return own(folder, user).map(|()| found);
            }
        }
        Ok(Self::Nowhere(here))
    }

    /// The path of the database, existing or not.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Here(path) | Self::Above(path) | Self::Nowhere(path) => path,
        }
    }
}

/// Removes `..` from a path for display. If the folder before it exists, it is resolved, since it may be a link.
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

/// Whether the path exists. A dangling link counts; opening it reports the error.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn identity(folder: &Metadata) -> (u64, u64) {
    (folder.dev(), folder.ino())
}

/// Checks that the database and its folders belong to this user or root: each link and its target.
fn own(project: &Path, user: u32) -> Result<(), Foreign> {
    let mut path = project.to_owned();
    for part in Path::new(DEFAULT_DATABASE) {
        path.push(part);
        let owners = [fs::symlink_metadata(&path), fs::metadata(&path)].into_iter().flatten().map(|it| it.uid());
        if let Some(owner) = owners.into_iter().find(|it| ![0, user].contains(it)) {
            return Err(Foreign { path, owner, user });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;
    use std::path::{Path, PathBuf};

    use super::{Found, without_detours};
    use crate::settings::DEFAULT_DATABASE;

    /// A database file in a project; its path.
    fn database_in(project: &Path) -> io::Result<PathBuf> {
        let path = project.join(DEFAULT_DATABASE);
        fs::create_dir_all(path.parent().ok_or(io::ErrorKind::NotFound)?)?;
        fs::write(&path, "")?;
        Ok(path)
    }

    #[test]
    fn the_nearest_database_counts() -> io::Result<()> {
        let root = tempfile::tempdir()?;
        let (outer, inner) = (root.path().join("outer"), root.path().join("outer/a/inner"));
        let deep = inner.join("b/c");
        fs::create_dir_all(&deep)?;
        let look = |folder: &Path| Found::look(folder, None);
        assert_eq!(look(&deep), Ok(Found::Nowhere(deep.join(DEFAULT_DATABASE))));
        let far = database_in(&outer)?;
        assert_eq!((look(&deep), look(&outer)), (Ok(Found::Above(far.clone())), Ok(Found::Here(far.clone()))));
        // An empty database folder is skipped.
        fs::create_dir_all(inner.join(".claude/skills-database"))?;
        assert_eq!(look(&deep), Ok(Found::Above(far)));
        let near = database_in(&inner)?;
        assert_eq!((look(&deep), look(&inner)), (Ok(Found::Above(near.clone())), Ok(Found::Here(near))));
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
            assert_eq!(Found::look(&work, Some(name)), Ok(Found::Nowhere(work.join(DEFAULT_DATABASE))), "{name:?}");
        }
        // In the home folder itself, and with a home that is elsewhere or missing.
        assert_eq!(Found::look(&home, Some(&home)), Ok(Found::Here(in_home.clone())));
        assert_eq!(Found::look(&work, Some(Path::new("/no/such"))), Ok(Found::Above(in_home)));
        fs::remove_dir_all(home.join(".claude"))?;
        assert_eq!(Found::look(&home, Some(&home)), Ok(Found::Nowhere(home.join(DEFAULT_DATABASE))));
        assert_eq!(Found::look(&work, None), Ok(Found::Above(above)));
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
        assert_eq!(Found::look(&root.path().join("below"), None), Ok(Found::Above(path)));
        Ok(())
    }
}
