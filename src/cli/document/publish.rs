//! Writes a page to a file.

use std::io::Write as _;
use std::path::Path;

use crate::cli::failure::{Failure, FailureKind};
use crate::output_file::OutputFile;

/// Replaces the file with the page, and syncs it. A page made from a database gets no wider permissions than the
/// database.
pub(in crate::cli) fn publish(path: &Path, page: &str, database: Option<&Path>) -> Result<(), Failure> {
    let begun = database.map_or_else(|| OutputFile::begin(path), |it| OutputFile::begin_as_open_as(path, it));
    let written = begun.and_then(|mut output| {
        output.file().write_all(page.as_bytes())?;
        output.file().sync_all()?;
        output.publish()
    });
    written.map(|_| ()).map_err(|why| Failure::unwritable(FailureKind::PageUnwritable, "the page", path, &why))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{FailureKind, publish};

    #[test]
    fn replaces_a_page_and_removes_what_a_killed_run_left() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("page.html");
        fs::write(folder.path().join("page.html.cfn-tmp-00ff"), "half")?;
        fs::write(folder.path().join("page.html.cfn-tmp-notes"), "not ours")?;
        for text in ["one", "two"] {
            assert!(publish(&path, text, None).is_ok());
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
                publish(&place, "page", None).map_err(|it| it.kind),
                Err(FailureKind::PageUnwritable),
                "{place:?}"
            );
        }
        Ok(())
    }
}
