//! A temporary folder for measuring, and the database in it.

use std::env;
use std::fs::{self, DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::bench::Error;
use crate::bench::workload::{Workload, fill};
use crate::cli::context::{Access, Context};
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::interruption::Interruption;
use crate::clock::Clock;
use crate::regular_file;

/// Prefix of these folders' names.
const PREFIX: &str = "cfn-bench-";

/// A private temporary folder, since it may hold a copy of the user's database. Dropping it removes it; the next run
/// removes the folder of a killed run.
pub(super) struct Scratch {
    folder: PathBuf,
    /// Marks the folder as in use; the kernel releases the lock when the process ends.
    _lock: Option<File>,
}

impl Scratch {
    pub(super) fn new() -> Result<Self, Failure> {
        sweep(&env::temp_dir());
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        let own = format!("{PREFIX}{}", std::process::id());
        // Another container may have a process with this number.
        for number in 0..100 {
            let folder = env::temp_dir().join(format!("{own}-{number}"));
            match builder.create(&folder) {
                Ok(()) => {
                    // A sweeping process may hold the lock, and remove the folder as abandoned.
                    let lock = regular_file::open_folder(&folder).ok().filter(|it| it.lock().is_ok());
                    if folder.is_dir() {
                        return Ok(Self { folder, _lock: lock });
                    }
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unusable(&folder, &error.to_string())),
            }
        }
        Err(unusable(&env::temp_dir().join(own), "all folders with this name exist"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    /// The path of the database.
    pub(super) fn database(&self) -> PathBuf {
        self.folder.join("skills.db")
    }
}

/// Locks a folder; `None` if another process holds the lock, or the file system has no locks.
fn locked(folder: &Path) -> Option<File> {
    regular_file::open_folder(folder).ok().filter(|it| it.try_lock().is_ok())
}

/// Removes this user's abandoned folders.
fn sweep(temporary: &Path) {
    let own = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(temporary).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        // The entry's own metadata: a link is not a folder.
        let ours = entry.metadata().is_ok_and(|it| it.is_dir() && it.uid() == own);
        let left = ours && name.to_str().is_some_and(is_scratch);
        if let Some(_lock) = left.then(|| locked(&path)).flatten() {
            // The lock is held until the folder is removed. If that fails, the next run tries again.
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// `cfn-bench-`, the number of a process, `-`, a number.
fn is_scratch(name: &str) -> bool {
    let numbers = name.strip_prefix(PREFIX).and_then(|it| it.split_once('-'));
    let number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    numbers.is_some_and(|(process, count)| number(process) && number(count))
}

/// Creates the database to measure: a copy of the user's, if named with --db, or a generated one.
pub(super) fn place_database(
    context: &Context,
    own: &Context,
    scratch: &Scratch,
    workload: Workload,
    interruption: &Interruption,
) -> Result<(), Failure> {
    if context.names_database {
        return context.copy_to(&scratch.database());
    }
    make_up_database(own, workload, interruption)
}

/// Generates a database.
pub(super) fn make_up_database(own: &Context, workload: Workload, interruption: &Interruption) -> Result<(), Failure> {
    let opening = own.opening(Access::Write)?;
    opening.create()?;
    let mut progress = own.output.progress("filling the database");
    let mut store = opening.open(Access::Write)?;
    let mut at = |done, all| {
        progress.at(done, all);
        if interruption.stopped() { Err(Error::Interrupted) } else { Ok(()) }
    };
    Ok(fill(store.as_mut(), &workload, Clock::System, &mut at)?)
}

fn unusable(folder: &Path, why: &str) -> Failure {
    let message = format!("could not create the folder {}: {why}", folder.display());
    Failure::new(FailureKind::FileFailed, message, "Check the folder and its free space, or set TMPDIR to another one.")
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder); // what is left is in the folder for temporary files
    }
}

/// The path of this program.
pub(super) fn own_program() -> Result<PathBuf, Failure> {
    env::current_exe().map_err(|error| Failure::internal(&format!("cannot find the path of this program: {error}")))
}

/// Finds a program in the absolute folders of PATH.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders = env::split_paths(&path).filter(|it| it.is_absolute());
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{is_scratch, locked, sweep};

    #[test]
    fn folders_of_killed_runs_are_removed_and_no_others() -> std::io::Result<()> {
        let temporary = tempfile::tempdir()?;
        let path = |name: &str| temporary.path().join(name);
        for name in ["cfn-bench-1-0", "cfn-bench-2-0", "cfn-bench-x-0", "other"] {
            fs::create_dir_all(path(name).join("growth-10"))?;
        }
        fs::write(path("cfn-bench-3-0"), "a file")?;
        std::os::unix::fs::symlink(path("other"), path("cfn-bench-4-0"))?;
        let used = locked(&path("cfn-bench-2-0"));
        assert!(used.is_some());
        sweep(temporary.path());
        let mut left: Vec<_> = fs::read_dir(temporary.path())?.flatten().map(|it| it.file_name()).collect();
        left.sort();
        assert_eq!(left, ["cfn-bench-2-0", "cfn-bench-3-0", "cfn-bench-4-0", "cfn-bench-x-0", "other"]);
        assert!(path("other/growth-10").is_dir());
        Ok(())
    }

    #[test]
    fn only_names_of_scratch_folders_are_taken_for_them() {
        assert!(is_scratch("cfn-bench-12-0"));
        for name in ["cfn-bench-", "cfn-bench-1", "cfn-bench-1-", "cfn-bench--1", "cfn-bench-1-0x", "x-cfn-bench-1-0"] {
            assert!(!is_scratch(name), "{name}");
        }
    }
}
