//! An output file named by the user. It is written beside its destination and replaces it with one rename: readers see
//! the old file or the new one. A symbolic link at the destination is replaced, not followed.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::staged_file::StagedFile;

/// Readable by its owner only, until it gets the permissions of the file that it replaces.
const PRIVATE: u32 = 0o600;

/// Limited by the umask.
const ANYBODY: u32 = 0o666;

/// An unpublished file. Dropping it removes it.
#[derive(Debug)]
pub struct OutputFile {
    file: File,
    staged: StagedFile,
}

impl OutputFile {
    /// Starts a file for `path`, which must be missing, a regular file, or a link to either. It keeps the permissions
    /// of a file of this user; otherwise they follow the umask.
    pub fn begin(path: &Path) -> io::Result<Self> {
        Self::create(path, None)
    }

    /// Like [`begin`](Self::begin), for content from `source`: the file gets no wider permissions than that.
    pub fn begin_as_open_as(path: &Path, source: &Path) -> io::Result<Self> {
        Self::create(path, Some(&fs::metadata(source)?))
    }

    fn create(path: &Path, source: Option<&Metadata>) -> io::Result<Self> {
        let kept = replaceable(path)?;
        let staged = StagedFile::of(path);
        let file = match source {
            Some(source) => staged.create(Some(source))?,
            None => OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(if kept.is_some() { PRIVATE } else { ANYBODY })
                .open(staged.path())?,
        };
        if let Some(kept) = kept {
            let most = if source.is_some() { file.metadata()?.mode() } else { kept.mode() };
            file.set_permissions(Permissions::from_mode(kept.mode() & most))?;
        }
        Ok(Self { file, staged })
    }

    /// The file to write to.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Renames the file to its destination. It stays open for writing.
    pub fn publish(self) -> io::Result<File> {
        self.staged.replace()?;
        Ok(self.file)
    }
}

/// Checks that the file can be replaced, and returns the permissions to keep.
fn replaceable(path: &Path) -> io::Result<Option<Permissions>> {
    let (Some(folder), Some(_)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::other("it names no file"));
    };
    if !folder.as_os_str().is_empty() && !folder.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "its folder does not exist"));
    }
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    if found.is_file() {
        let own = found.uid() == rustix::process::geteuid().as_raw();
        return Ok(own.then(|| found.permissions()));
    }
    let links_to_another = |it: fs::Metadata| !it.is_file();
    // System links such as /dev/stdout are not files to replace.
    let of_the_system = || fs::canonicalize(folder).is_ok_and(|it| it == Path::new("/dev") || it.starts_with("/proc"));
    if !found.is_symlink() || fs::metadata(path).is_ok_and(links_to_another) || of_the_system() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::io::{self, Write as _};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;

    use super::OutputFile;

    fn write(path: &Path, text: &str) -> io::Result<()> {
        let mut output = OutputFile::begin(path)?;
        output.file().write_all(text.as_bytes())?;
        output.publish()?.write_all(b"!")
    }

    #[test]
    fn a_link_is_replaced_and_its_target_is_kept() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (file, dangling) = (folder.path().join("real"), folder.path().join("none"));
        fs::write(&file, "precious")?;
        for target in [&file, &dangling] {
            let link = folder.path().join("link");
            symlink(target, &link)?;
            write(&link, "new")?;
            assert!(fs::symlink_metadata(&link)?.is_file());
            assert_eq!(
                (fs::read_to_string(&link)?, fs::read_to_string(&file)?),
                ("new!".to_owned(), "precious".to_owned())
            );
            fs::remove_file(link)?;
        }
        assert!(!dangling.exists());
        Ok(())
    }

    #[test]
    fn a_file_keeps_its_permissions_and_a_new_one_follows_the_umask() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (old, new, plain) = (folder.path().join("old"), folder.path().join("new"), folder.path().join("plain"));
        fs::write(&old, "old")?;
        fs::write(&plain, "")?;
        fs::set_permissions(&old, Permissions::from_mode(0o640))?;
        write(&old, "text")?;
        write(&new, "text")?;
        let mode = |path: &Path| fs::metadata(path).map(|it| it.permissions().mode() & 0o777);
        assert_eq!((mode(&old)?, mode(&new)?), (0o640, mode(&plain)?));
        Ok(())
    }

    #[test]
    fn anything_but_a_regular_file_is_refused() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0)?;
        symlink(&pipe, &link)?;
        let missing = folder.path().join("missing/file");
        let places =
            [folder.path(), &pipe, &link, &missing, Path::new("/dev/null"), Path::new("/dev/stdout"), Path::new("/")];
        for place in places {
            assert!(OutputFile::begin(place).is_err(), "{}", place.display());
        }
        assert_eq!(fs::read_dir(folder.path())?.count(), 2, "nothing is left");
        Ok(())
    }

    #[test]
    fn dropping_an_unpublished_file_keeps_the_old_one() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("file");
        fs::write(&path, "old")?;
        OutputFile::begin(&path)?.file().write_all(b"half")?;
        assert_eq!((fs::read_to_string(&path)?.as_str(), fs::read_dir(folder.path())?.count()), ("old", 1));
        Ok(())
    }

    #[test]
    fn a_file_gets_no_wider_permissions_than_its_source() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (source, place) = (folder.path().join("source"), folder.path().join("place"));
        fs::write(&source, "")?;
        for (allowed, there, expected) in
            [(0o600, None, 0o600), (0o640, Some(0o644), 0o640), (0o644, Some(0o600), 0o600), (0o644, None, 0o644)]
        {
            fs::set_permissions(&source, Permissions::from_mode(allowed))?;
            if let Some(mode) = there {
                fs::write(&place, "old")?;
                fs::set_permissions(&place, Permissions::from_mode(mode))?;
            }
            OutputFile::begin_as_open_as(&place, &source)?.publish()?;
            assert_eq!(fs::metadata(&place)?.permissions().mode() & 0o777, expected, "{allowed:o} {there:?}");
            fs::remove_file(&place)?;
        }
        Ok(())
    }
}
