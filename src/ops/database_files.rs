//! The files of the database, which never belong to a skill: they have all skills, unapproved ones too.

use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::model::Location;

/// What follows the name of the database in those of the files beside it.
const BESIDE: [&[u8]; 6] = [b"-wal", b"-shm", b"-journal", b"-metrics", b"-redis", b"-sync.lock"];

/// The same, before a moment or a number: copies, and files that are being written.
const BEFORE_MORE: [&[u8]; 4] = [b".before-", b".gone-", b".damaged-", b".cfn-tmp-"];

/// The files of a database in a file.
#[derive(Debug, Clone)]
pub struct DatabaseFiles {
    /// Device and inode of its folder, and its own; none if it is missing.
    folder: (u64, u64),
    file: Option<(u64, u64)>,
    name: Vec<u8>,
    /// The name up to its extension, which begins with the dot.
    stem: Vec<u8>,
    extension: Vec<u8>,
}

impl DatabaseFiles {
    /// Of a database; `None` on a server, and where its folder is missing.
    #[must_use]
    pub fn of(location: &Location) -> Option<Self> {
        let named = location.file()?;
        let path = fs::canonicalize(named).unwrap_or_else(|_| named.to_owned());
        let number = |it: Metadata| (it.dev(), it.ino());
        let (name, stem) = (path.file_name()?.as_bytes().to_vec(), path.file_stem()?.as_bytes().to_vec());
        Some(Self {
            folder: fs::metadata(path.parent().unwrap_or(Path::new("."))).ok().map(number)?,
            file: fs::metadata(&path).ok().map(number),
            extension: name[stem.len()..].to_vec(),
            name,
            stem,
        })
    }

    /// Whether a file is the database, under whatever name.
    pub(super) fn is_database(&self, file: (u64, u64)) -> bool {
        self.file == Some(file)
    }

    /// Whether a file of this name, in this folder, is one of them. Backups are in any folder.
    pub(super) fn has(&self, folder: (u64, u64), name: &[u8]) -> bool {
        folder == self.folder && (belongs_to(&self.name, name) || belongs_to(&self.work_file(), name))
            || self.is_backup(name)
    }

    fn work_file(&self) -> Vec<u8> {
        [&self.stem[..], b"-work", &self.extension].concat()
    }

    /// `skills-1a2b3c4d-20261127T090000Z.db`, as 'db backup' names copies, also with `-2` and `-work`.
    fn is_backup(&self, name: &[u8]) -> bool {
        let rest = name.strip_prefix(&self.stem[..]).and_then(|it| it.strip_prefix(b"-"));
        let Some(rest) = rest.and_then(|it| it.strip_suffix(&self.extension[..])) else { return false };
        let mut parts = rest.split(|it| *it == b'-');
        let is_series = parts.next().is_some_and(|it| it.len() == 8 && it.iter().all(u8::is_ascii_hexdigit));
        is_series && parts.next().is_some_and(|it| matches!(it, [.., b'Z']) && it.len() == 16 && it[8] == b'T')
    }
}

/// Whether a file is a database, or beside it, by their names.
fn belongs_to(database: &[u8], name: &[u8]) -> bool {
    let Some(rest) = name.strip_prefix(database) else { return false };
    rest.is_empty() || BESIDE.contains(&rest) || BEFORE_MORE.iter().any(|it| rest.starts_with(it))
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    use super::DatabaseFiles;
    use crate::model::Location;

    #[test]
    fn what_cfn_makes_beside_a_database_is_its_own() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let number = fs::metadata(folder.path()).map(|it| (it.dev(), it.ino()))?;
        for (database, extension) in [("skills.db", ".db"), ("a.b.sqlite", ".sqlite"), ("plain", "")] {
            let files = DatabaseFiles::of(&Location::from(folder.path().join(database).as_path())).expect("a folder");
            let stem = database.strip_suffix(extension).expect("its extension");
            let beside =
                ["", "-wal", "-shm", "-journal", "-metrics", "-redis", "-sync.lock", ".before-13-20261127T090000Z"];
            for name in beside.map(|it| format!("{database}{it}")) {
                assert!(files.has(number, name.as_bytes()) && !files.has((0, 0), name.as_bytes()), "{name}");
            }
            for name in ["-work", "-1a2b3c4d-20261127T090000Z", "-1a2b3c4d-20261127T090000Z-2"] {
                assert!(files.has(number, format!("{stem}{name}{extension}").as_bytes()), "{stem}{name}");
            }
            for name in ["-workers", "-1a2b3c4d", "s", "-notes"].map(|it| format!("{stem}{it}{extension}")) {
                assert!(!files.has(number, name.as_bytes()), "{name}");
            }
            assert!(!files.has(number, format!("{database}.md").as_bytes()) && !files.has(number, b"run.sh"));
        }
        Ok(())
    }
}
