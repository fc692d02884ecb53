//! A folder that is there while something is measured, and the database in it.

use std::env;
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::bench::workload::{Workload, fill};
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::clock::Clock;

/// A folder of its own below the folder for temporary files, which only this user may look into: it may hold a copy of the user's
/// database. Gone when dropped.
pub(super) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    pub(super) fn new() -> Result<Self, Failure> {
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        let own = format!("cfn-bench-{}", std::process::id());
        // A run that was killed has left its folder, and its number may be given again.
        for number in 0..100 {
            let folder = env::temp_dir().join(format!("{own}-{number}"));
            match builder.create(&folder) {
                Ok(()) => return Ok(Self { folder }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unusable(&folder, &error.to_string())),
            }
        }
        Err(unusable(&env::temp_dir().join(own), "folders of this name are there already"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    /// Where a database goes.
    pub(super) fn database(&self) -> PathBuf {
        self.folder.join("skills.db")
    }
}

/// Puts the database to measure on in its place: a copy of the user's own where that is named, else one that is made up.
pub(super) fn place_database(context: &Context, own: &Context, workload: Workload) -> Result<(), Failure> {
    if context.names_database {
        return context.copy_to(&own.settings.database);
    }
    make_up_database(own, workload)
}

/// Makes a database up.
pub(super) fn make_up_database(own: &Context, workload: Workload) -> Result<(), Failure> {
    own.create_new()?;
    let mut progress = own.output.progress("filling the database");
    let mut store = own.open_new(Access::Write)?;
    Ok(fill(store.as_mut(), &workload, Clock::System, &mut |done, all| progress.at(done, all))?)
}

fn unusable(folder: &Path, why: &str) -> Failure {
    let message = format!("could not create the folder {}: {why}", folder.display());
    Failure::new(2, "file_failed", message, "Check the folder and its space; TMPDIR names another.")
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder); // what is left is in the folder for temporary files
    }
}

/// Set by Ctrl-C: what was measured so far is reported.
pub(super) fn interruption() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The second one kills, should the first not be enough.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&stop))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .map_err(|error| Failure::internal(&error.to_string()))?;
    }
    Ok(stop)
}

/// This very program.
pub(super) fn own_program() -> Result<PathBuf, Failure> {
    env::current_exe().map_err(|error| Failure::internal(&format!("this program does not know where it is: {error}")))
}

/// A program on the PATH.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
