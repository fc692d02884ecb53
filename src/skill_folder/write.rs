//! Writes the folder of a version.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, fchmod, mkdirat, openat};

use super::folders::open_below;
use super::remove::remove;
use crate::model::{FileMode, FolderFile, SkillFolder};

/// Rights while a folder is being written: its owner's alone.
const PRIVATE_FOLDER: Mode = Mode::RWXU;
const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);

/// The rights that a written folder gets at the end, whatever the umask is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// Of each folder.
    pub folder: u32,
    /// Of a file.
    pub plain: u32,
    /// Of a file that may be run.
    pub executable: u32,
}

impl Rights {
    /// As git checks files out: everybody reads, the owner writes.
    pub const SHARED: Self =
        Self { folder: 0o755, plain: FileMode::Plain.permissions(), executable: FileMode::Executable.permissions() };

    /// Nobody but the owner reads, and nobody writes.
    pub const SEALED: Self = Self { folder: 0o500, plain: 0o400, executable: 0o500 };

    fn of(self, mode: FileMode) -> Mode {
        Mode::from_raw_mode(match mode {
            FileMode::Plain => self.plain,
            FileMode::Executable => self.executable,
        })
    }
}

/// Why a folder was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// The system refused.
    #[error("{path} could not be written: {source}")]
    File {
        /// The file's path below the folder, or the folder's name.
        path: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The bytes to write have another hash.
    #[error("the bytes of {path} are not the approved ones")]
    Altered {
        /// The file's path below the folder.
        path: String,
    },
}

/// Writes a folder as the new entry `name` of `parent`, and returns it, opened for reading. `bytes` gives the content of
/// a file, whose hash is verified before it is written.
///
/// The rights are set at the end, those of the folder itself last: a folder that others may enter is complete. It is
/// not synced. On failure, what was written is removed again; if the process is killed, it stays.
pub fn write<E: From<WriteFault>>(
    parent: impl AsFd,
    name: &str,
    folder: &SkillFolder,
    rights: Rights,
    bytes: &mut dyn FnMut(&FolderFile) -> Result<Vec<u8>, E>,
) -> Result<OwnedFd, E> {
    let parent = parent.as_fd();
    mkdirat(parent, name, PRIVATE_FOLDER).map_err(|error| fault(name, error))?;
    let written = open_below(parent, name).map_err(|error| fault(name, error).into()).and_then(|root| {
        files(&root, folder, rights, bytes)?;
        let complete = || fchmod(&root, Mode::from_raw_mode(rights.folder));
        complete().map_err(|error| fault(name, error))?;
        Ok(root)
    });
    written.inspect_err(|_| {
        let _ = remove(parent, name); // the failure is what counts
    })
}

fn files<E: From<WriteFault>>(
    root: &OwnedFd,
    folder: &SkillFolder,
    rights: Rights,
    bytes: &mut dyn FnMut(&FolderFile) -> Result<Vec<u8>, E>,
) -> Result<(), E> {
    let mut below = Below { root: root.as_fd(), open: Vec::new(), rights };
    for file in folder.files() {
        let content = bytes(file)?;
        let path = file.path.as_str();
        if !file.hash.matches(&content) {
            return Err(WriteFault::Altered { path: path.to_owned() }.into());
        }
        below.write(path, file.mode, &content).map_err(|error| fault(path, error))?;
    }
    below.close(0).map_err(|error| fault("its folders", error))?;
    Ok(())
}

fn fault(path: &str, source: impl Into<io::Error>) -> WriteFault {
    WriteFault::File { path: path.to_owned(), source: source.into() }
}

/// The folders on the way to the file that is being written.
struct Below<'a> {
    root: BorrowedFd<'a>,
    open: Vec<(String, OwnedFd)>,
    rights: Rights,
}

impl Below<'_> {
    fn write(&mut self, path: &str, mode: FileMode, content: &[u8]) -> io::Result<()> {
        let (folders, name) = path.rsplit_once('/').map_or(("", path), |(folders, name)| (folders, name));
        let parent = self.enter(folders)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(parent, name, flags, PRIVATE_FILE)?);
        file.write_all(content)?;
        Ok(fchmod(&file, self.rights.of(mode))?)
    }

    /// Opens a folder below the root, `a/b`. In the order of the bytes of paths, all files below a folder follow one
    /// another, so it is either open or new.
    fn enter(&mut self, folders: &str) -> io::Result<BorrowedFd<'_>> {
        let parts: Vec<&str> = folders.split('/').filter(|it| !it.is_empty()).collect();
        let shared = self.open.iter().zip(&parts).take_while(|((open, _), part)| open == *part).count();
        self.close(shared)?;
        for part in &parts[shared..] {
            let parent = self.deepest();
            mkdirat(parent, *part, PRIVATE_FOLDER)?;
            let opened = open_below(parent, part)?;
            self.open.push(((*part).to_owned(), opened));
        }
        Ok(self.deepest())
    }

    fn deepest(&self) -> BorrowedFd<'_> {
        self.open.last().map_or(self.root, |(_, folder)| folder.as_fd())
    }

    /// Closes the folders beyond this depth, which get their rights.
    fn close(&mut self, depth: usize) -> io::Result<()> {
        while self.open.len() > depth {
            if let Some((_, folder)) = self.open.pop() {
                fchmod(&folder, Mode::from_raw_mode(self.rights.folder))?;
            }
        }
        Ok(())
    }
}
