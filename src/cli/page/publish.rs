//! A page becomes a file by one rename: who opens it sees the old one or the whole new one, never a part.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::draft::Draft;
use crate::model::Visible;

/// Writes the page beside its place, syncs it and gives it its name. What was there is replaced and its permissions are kept; a
/// link is followed. Drafts of killed runs are removed.
pub(in crate::cli) fn publish(path: &Path, page: &str) -> Result<PathBuf, Failure> {
    let (to, found) = match fs::metadata(path) {
        Ok(found) if !found.is_file() => return Err(failed(path, "it is not a regular file")),
        Ok(found) => (fs::canonicalize(path).map_err(|error| failed(path, &error))?, Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), None),
        Err(error) => return Err(failed(path, &error)),
    };
    let (Some(folder), Some(name)) = (to.parent(), to.file_name()) else {
        return Err(failed(path, "it names no file"));
    };
    if !folder.is_dir() {
        return Err(failed(path, "its folder does not exist"));
    }
    let draft = Draft::of(&folder.join(name));
    write(draft.path(), page, found.as_ref()).and_then(|()| draft.replace()).map_err(|error| failed(path, &error))?;
    Ok(to)
}

fn write(draft: &Path, page: &str, found: Option<&fs::Metadata>) -> io::Result<()> {
    let mut file = File::create_new(draft)?;
    file.write_all(page.as_bytes())?;
    if let Some(found) = found {
        file.set_permissions(found.permissions())?;
    }
    file.sync_all()
}

fn failed(path: &Path, why: impl std::fmt::Display) -> Failure {
    let message = format!("the page could not be written to {}: {why}", Visible(path.to_string_lossy()));
    Failure::new(2, "page_unwritable", message, "Name a file in a folder that exists and may be written to.")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::publish;

    #[test]
    fn replaces_a_page_and_removes_what_a_killed_run_left() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("page.html");
        fs::write(folder.path().join("page.html.cfn-tmp-00ff"), "half")?;
        fs::write(folder.path().join("page.html.cfn-tmp-notes"), "not ours")?;
        for text in ["one", "two"] {
            assert!(publish(&path, text).is_ok());
            assert_eq!(fs::read_to_string(&path)?, text);
        }
        let mut names: Vec<_> = fs::read_dir(folder.path())?.flatten().map(|it| it.file_name()).collect();
        names.sort();
        assert_eq!(names, ["page.html", "page.html.cfn-tmp-notes"]);
        Ok(())
    }

    #[test]
    fn refuses_what_is_no_place_for_a_page() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        for place in [folder.path().to_owned(), folder.path().join("missing/page.html"), "/dev/null".into()] {
            assert_eq!(
                publish(&place, "page").map_err(|it| (it.code, it.kind)),
                Err((2, "page_unwritable")),
                "{place:?}"
            );
        }
        Ok(())
    }

    #[test]
    fn follows_a_link_and_keeps_permissions() -> std::io::Result<()> {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir()?;
        let (file, link) = (folder.path().join("real.html"), folder.path().join("link.html"));
        fs::write(&file, "old")?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
        symlink(&file, &link)?;
        assert!(publish(&link, "new").is_ok());
        assert!(fs::symlink_metadata(&link)?.is_symlink());
        assert_eq!(
            (fs::read_to_string(&file)?.as_str(), fs::metadata(&file)?.permissions().mode() & 0o777),
            ("new", 0o600)
        );
        Ok(())
    }
}
