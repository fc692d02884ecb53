//! Opens and reads regular files whose paths come from outside: without blocking, and up to a size limit.
//!
//! Opening a FIFO could block, and a device may never end. Each function opens the path once, checks what it opened,
//! and refuses anything but a regular file; for folders there is [`open_folder`].

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{OFlags, makedev};

/// Opens a file for reading; links are followed.
pub fn open(path: &Path) -> io::Result<File> {
    opened(path, OpenOptions::new().read(true), OFlags::empty())
}

/// Whether a path names the null device, by which a user means that there is nothing to read.
#[must_use]
pub fn is_null_device(path: &Path) -> bool {
    let is_null = |it: Metadata| it.file_type().is_char_device() && it.rdev() == makedev(1, 3);
    fs::metadata(path).is_ok_and(is_null)
}

/// Opens one of cfn's own files with `options`. A symbolic link is refused.
pub fn open_beside(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    opened(path, options, OFlags::NOFOLLOW)
}

/// Opens a folder, to lock or to sync it; links are followed. Anything else is refused.
pub fn open_folder(path: &Path) -> io::Result<File> {
    let flags = OFlags::DIRECTORY.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Reads a file of at most `most` bytes; links are followed. A larger one is an error, without reading all of it.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    rest(open(path)?, most)
}

/// Reads one of cfn's own files, like [`read`]. A symbolic link is refused.
pub fn read_beside(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    rest(open_beside(path, OpenOptions::new().read(true))?, most)
}

/// Reads a text file of at most `most` bytes, like [`read`].
pub fn read_to_string(path: &Path, most: u64) -> io::Result<String> {
    rest_as_string(open(path)?, most)
}

/// Reads an open text file to its end, like [`read_to_string`].
pub fn rest_as_string(file: File, most: u64) -> io::Result<String> {
    String::from_utf8(rest(file, most)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

fn rest(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

fn opened(path: &Path, options: &mut OpenOptions, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::{open, open_beside, open_folder, read, read_beside, read_to_string};

    #[test]
    fn only_regular_files_are_opened_and_opening_never_blocks() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0)?;
        for path in [&pipe, Path::new("/dev/zero"), folder.path()] {
            let refused = |it: io::Result<fs::File>| it.is_err_and(|error| error.kind() != io::ErrorKind::NotFound);
            assert!(refused(open(path)), "{}", path.display());
            assert!(refused(open_beside(path, OpenOptions::new().append(true).create(true))), "{}", path.display());
            assert_eq!(open_folder(path).is_ok(), path == folder.path(), "{}", path.display());
            assert!(read(path, 10).is_err() && read_beside(path, 10).is_err(), "{}", path.display());
        }
        Ok(())
    }

    #[test]
    fn a_file_over_the_limit_is_refused() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "12345")?;
        symlink(&file, &link)?;
        assert_eq!((read(&file, 5)?, read_to_string(&link, 9)?), (b"12345".to_vec(), "12345".to_owned()));
        assert_eq!(read(&file, 4).map_err(|it| it.kind()), Err(io::ErrorKind::FileTooLarge));
        fs::write(&file, b"\xff")?;
        assert_eq!(read_to_string(&file, 5).map_err(|it| it.kind()), Err(io::ErrorKind::InvalidData));
        assert!(open_beside(&link, OpenOptions::new().read(true)).is_err(), "a link is not followed");
        assert!(read_beside(&link, 5).is_err() && read_beside(&file, 0).is_err() && read_beside(&file, 5)? == b"\xff");
        Ok(())
    }
}
