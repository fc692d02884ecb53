//! What the name of a database may be besides the path of a file: a URL, or libpq's `host=… dbname=…`. SQLite would take
//! any text for the name of a new file, with the password in it.

use std::ffi::OsStr;
use std::path::Path;

use super::postgres;

/// What is expected instead.
pub(super) const EXPECTED: &str =
    "the path of a file (./NAME if it looks like something else), or postgresql://HOST/DATABASE";

/// The beginnings of texts that other programs take for a place of a database, even without `//`.
const SCHEMES: [&str; 6] = ["postgresql", "postgres", "sqlite", "sqlite3", "file", "jdbc"];

/// What may be shown of a text that is no path, since a password may follow; `None` for a path. Without `://`, a text is a
/// path if it begins with a folder, or is the name of a file in this one.
pub(super) fn shown(value: &OsStr, folder: &Path) -> Option<String> {
    let text = value.to_string_lossy();
    let scheme = text.split_once(':').map(|it| it.0).filter(|it| is_scheme(it));
    let shown = || scheme.map_or_else(|| "(not shown)".to_owned(), |it| format!("{it}:…"));
    if text.contains("://") {
        return Some(shown());
    }
    let is_known = scheme.is_some_and(|it| SCHEMES.contains(&it.to_ascii_lowercase().as_str()));
    let begins_with_a_folder = ["/", "./", "../"].iter().any(|it| text.starts_with(it));
    let is_other = is_known || text == ":memory:" || !begins_with_a_folder && postgres::has_keywords(&text);
    (is_other && folder.join(value).symlink_metadata().is_err()).then(shown)
}

fn is_scheme(text: &str) -> bool {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "+-.".contains(it);
    text.starts_with(|it: char| it.is_ascii_alphabetic()) && text.chars().all(is_plain)
}
