//! The files that are judged.

use std::fs;
use std::path::Path;

use super::{code, text};

/// The folders whose files are crates with modules, and the file at the root of each.
pub(super) const CRATES: [(&str, &str); 3] =
    [("src", "lib.rs"), ("benches/whole_process", "main.rs"), ("tests/it", "main.rs")];

/// A file: its path below the folder of its crate, with `/`, and its text.
pub(super) struct Source {
    pub(super) folder: &'static str,
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// The path from the root of the repository.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.folder, self.path)
    }

    /// The module that the file is: `["store", "sqlite"]` for `store/sqlite/mod.rs`; the root for `lib.rs`.
    pub(super) fn module(&self) -> Vec<String> {
        if CRATES.contains(&(self.folder, &self.path)) {
            return Vec::new();
        }
        let path = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let path = path.strip_suffix("/mod").unwrap_or(path);
        path.split('/').map(str::to_owned).collect()
    }

    pub(super) fn is_code(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|it| it == "rs")
    }

    pub(super) fn paths(&self) -> Vec<code::Path> {
        if self.is_code() { code::paths(&self.module(), &self.text) } else { Vec::new() }
    }

    /// Its strings with their lines.
    pub(super) fn strings(&self) -> Vec<(usize, String)> {
        if self.is_code() { text::strings(&self.text) } else { Vec::new() }
    }

    pub(super) fn finding(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.name())
    }
}

/// A made-up file below `src/`, for the tests of the rules.
pub(super) fn made_up(path: &str, text: &str) -> Source {
    Source { folder: "src", path: path.to_owned(), text: text.to_owned() }
}

/// All files of a folder, in any order.
pub(super) fn read_all(folder: &'static str) -> std::io::Result<Vec<Source>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let (mut sources, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let (Ok(below), Ok(text)) = (path.strip_prefix(&root), fs::read_to_string(&path)) {
                sources.push(Source { folder, path: below.to_string_lossy().into_owned(), text });
            }
        }
    }
    Ok(sources)
}
