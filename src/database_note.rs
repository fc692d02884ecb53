//! Small files beside a database, in which its processes leave notes for each other. Those who may use the database may
//! use them, and nobody else: they have its mode, its group, and its owner where root makes them.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use crate::model::Location;
use crate::regular_file;
use crate::staged_file::{create_as_open_as, permissions_as_open_as};

/// A file beside a database. A symbolic link in its place is refused, and so is anything else but a regular file.
#[derive(Debug, Clone)]
pub struct DatabaseNote {
    path: PathBuf,
    database: PathBuf,
}

impl DatabaseNote {
    /// The one whose name is the database's with this suffix; `None` for a database on a server.
    #[must_use]
    pub fn of(database: &Location, suffix: &str) -> Option<Self> {
        let path = database.beside(suffix)?;
        Some(Self { path, database: database.file()?.to_owned() })
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it for reading, if it exists.
    pub fn read(&self) -> io::Result<Option<File>> {
        existing(regular_file::open_beside(&self.path, OpenOptions::new().read(true)))
    }

    /// Opens it for reading and writing, if it exists. Its permissions follow those of the database.
    pub fn edit(&self) -> io::Result<Option<File>> {
        let file = existing(regular_file::open_beside(&self.path, OpenOptions::new().read(true).write(true)))?;
        if let Some(file) = &file {
            self.protect(file)?;
        }
        Ok(file)
    }

    /// Creates it; `None` if it exists.
    pub fn create(&self) -> io::Result<Option<File>> {
        let database = self.database()?;
        match create_as_open_as(&self.path, &database) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            created => {
                let file = created?;
                if rustix::process::geteuid().is_root() {
                    fchown(&file, Some(database.uid()), None)?; // as SQLite does: its owner must be able to open it
                }
                Ok(Some(file))
            }
        }
    }

    /// Opens it for reading and writing, and creates it if it is missing.
    pub fn edit_or_create(&self) -> io::Result<File> {
        for _ in 0..2 {
            if let Some(file) = self.edit()? {
                return Ok(file);
            }
            if let Some(file) = self.create()? {
                return Ok(file);
            }
        }
        Err(ErrorKind::AlreadyExists.into()) // others create and remove it all the time
    }

    /// Takes back what a file of this user allows and the database does not. What root made beside the database of
    /// somebody else stays as it is, so that they can still read it; and so does a file that has other names too.
    fn protect(&self, file: &File) -> io::Result<()> {
        let (found, database, user) = (file.metadata()?, self.database()?, rustix::process::geteuid());
        let (mode, allowed) = (found.mode() & 0o777, permissions_as_open_as(&found, &database));
        let is_own = found.uid() == user.as_raw() && (found.uid() == database.uid() || !user.is_root());
        if mode & !allowed != 0 && is_own && found.nlink() == 1 {
            file.set_permissions(Permissions::from_mode(mode & allowed))?;
        }
        Ok(())
    }

    fn database(&self) -> io::Result<Metadata> {
        self.database.metadata()
    }
}

fn existing(opened: io::Result<File>) -> io::Result<Option<File>> {
    match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::io;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;

    use super::DatabaseNote;
    use crate::model::Location;

    const SUFFIX: &str = "-note";

    fn database(folder: &Path, mode: u32) -> io::Result<DatabaseNote> {
        let path = folder.join("skills.db");
        fs::write(&path, "")?;
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        DatabaseNote::of(&Location::File(path), SUFFIX).ok_or(io::ErrorKind::NotFound.into())
    }

    fn mode(note: &DatabaseNote) -> io::Result<u32> {
        Ok(fs::metadata(note.path())?.permissions().mode() & 0o777)
    }

    #[test]
    fn it_is_created_as_open_as_the_database_and_a_wider_one_is_narrowed() -> io::Result<()> {
        for allowed in [0o600, 0o640, 0o644, 0o660, 0o666] {
            let folder = tempfile::tempdir()?;
            let note = database(folder.path(), allowed)?;
            assert!(note.read()?.is_none() && note.edit()?.is_none(), "nothing is created");
            note.edit_or_create()?;
            assert_eq!(mode(&note)?, allowed);
            assert!(note.create()?.is_none(), "it is there");
            for was in [0o777, 0o666, 0o644, 0o604, 0o600] {
                fs::set_permissions(note.path(), Permissions::from_mode(was))?;
                note.edit_or_create()?;
                assert_eq!(mode(&note)?, was & allowed, "{was:o} beside {allowed:o}");
            }
        }
        Ok(())
    }

    #[test]
    fn anything_else_in_its_place_is_refused_and_left_as_it_is() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let note = database(folder.path(), 0o600)?;
        let precious = folder.path().join("precious");
        fs::write(&precious, "text")?;
        fs::set_permissions(&precious, Permissions::from_mode(0o644))?;
        symlink(&precious, note.path())?;
        assert!(note.read().is_err() && note.edit().is_err() && note.edit_or_create().is_err());
        assert_eq!(fs::metadata(&precious)?.permissions().mode() & 0o777, 0o644);
        fs::remove_file(note.path())?;
        symlink(folder.path().join("gone"), note.path())?;
        assert!(note.edit_or_create().is_err() && !folder.path().join("gone").exists());
        fs::remove_file(note.path())?;
        rustix::fs::mknodat(rustix::fs::CWD, note.path(), rustix::fs::FileType::Fifo, 0o666.into(), 0)?;
        assert!(note.read().is_err() && note.edit().is_err() && note.edit_or_create().is_err());
        Ok(())
    }

    #[test]
    fn a_database_on_a_server_has_none() {
        let server = Location::Server("postgresql://host:5432/skills".to_owned());
        assert!(DatabaseNote::of(&server, SUFFIX).is_none());
    }
}
