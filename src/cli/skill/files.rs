//! The files of a skill's folder, as tables show them.

use crate::cli::numbers::bytes;
use crate::cli::output::Page;
use crate::model::FolderFile;

/// Mode, size and path of each file.
pub(super) fn table(page: &mut Page, files: &[FolderFile]) {
    let row = |it: &FolderFile| vec![it.mode.as_str().to_owned(), bytes(it.size), it.path.to_string()];
    page.table(&["mode", "size", "path"], files.iter().map(row));
}
