//! The folders of runs, in the project:
//!
//! | path | what it is |
//! |---|---|
//! | `.cfn-workspaces/ID` | the workspace of a run that has no other |
//! | `.cfn-workspaces/.state/ID` | lock, plan, result and logs of a run whose result the history does not have yet |
//! | `.cfn-workspaces/.state/.ended/ID` | the same of one whose result it has |
//!
//! A run is alive while somebody holds the lock. Its folder comes into being with its lock held.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{AgentError, Result};
use super::files;
use super::plan::Plan;
use super::runtime::Left;
use crate::linux::ProcessIdentity;
use crate::model::{AgentId, AgentRun};
use crate::regular_file;
use crate::staged_file::rename_to_free;

const FOLDER: &str = ".cfn-workspaces";
const STATE: &str = ".state";
const ENDED: &str = ".ended";
const HISTORY: &str = ".history";
const LOCK: &str = "lock";
/// The space that a result may need, in bytes: ids and reasons are short.
const LONGEST_RESULT: usize = 4096;
const TURN: &str = ".turn";

/// All runs of a project.
#[derive(Debug, Clone)]
pub struct Runs {
    root: PathBuf,
}

/// The folder with the state of a run.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    /// Whether the history has its result.
    pub is_recorded: bool,
}

/// What a supervisor says about itself before it starts anything.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    /// The supervisor.
    pub supervisor: ProcessIdentity,
    /// The id of the database.
    pub database: String,
    /// Device and number of the lock: a copy of the folder has another one.
    pub lock: (u64, u64),
    /// How to find what it starts.
    pub left: Left,
    /// When it started it, in UTC.
    pub started_at: String,
}

impl Runs {
    /// The runs of the project in a folder.
    #[must_use]
    pub fn of(project: &Path) -> Self {
        Self { root: project.join(FOLDER) }
    }

    /// All runs of the project that a folder with the state of a run is in.
    #[must_use]
    pub fn holding(folder: &RunFolder) -> Self {
        Self { root: folder.path.ancestors().nth(2).unwrap_or(Path::new("")).to_owned() }
    }

    /// The folder with all of them.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The workspace of an agent that is given no other.
    #[must_use]
    pub fn workspace(&self, agent: &AgentId) -> PathBuf {
        self.root.join(agent.as_str())
    }

    /// Where the states of runs are, by the numbers of the folder: a copy of the project has others.
    #[must_use]
    pub fn place(&self) -> String {
        fs::metadata(self.state()).map(|it| format!("{}:{}", it.dev(), it.ino())).unwrap_or_default()
    }

    pub(super) fn state(&self) -> PathBuf {
        self.root.join(STATE)
    }

    /// The path of the database whose history of runs is kept here, where the real one is on a server.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.state().join(HISTORY).join("skills.db")
    }

    /// Makes the folders for runs, where they are not there.
    pub fn ensure(&self) -> Result<()> {
        files::ensure_folder(&self.root)?;
        self.hide_from_git();
        files::ensure_folder(&self.state())?;
        files::ensure_folder(&self.state().join(HISTORY))?;
        files::ensure_folder(&self.state().join(ENDED))
    }

    /// Makes the folder of a run and takes its lock, which is held as long as somebody has the file open.
    pub fn make(&self, agent: &AgentId) -> Result<(RunFolder, File)> {
        self.ensure()?;
        if self.find(agent.as_str()).is_some() {
            return Err(AgentError::Taken(agent.clone()));
        }
        let path = self.state().join(agent.as_str());
        let staged = self.state().join(format!(".new-{agent}-{}", std::process::id()));
        let fail = |source: io::Error| {
            let _ = fs::remove_dir_all(&staged);
            match source.kind() {
                io::ErrorKind::AlreadyExists => AgentError::Taken(agent.clone()),
                _ => AgentError::File { what: "make the folder", path: path.clone(), source },
            }
        };
        files::make_folder(&staged).map_err(fail)?;
        let lock = files::create_new(&staged.join(LOCK)).map_err(fail)?;
        lock.try_lock().map_err(|error| fail(error.into()))?;
        rename_to_free(&staged, &path).map_err(fail)?;
        Ok((RunFolder { path, is_recorded: false }, lock))
    }

    /// Takes the lock of whose turn it is to start runs; `None` while somebody else holds it.
    pub(super) fn turn(&self) -> Result<Option<File>> {
        files::ensure_folder(&self.root)?;
        files::ensure_folder(&self.state())?;
        let path = self.state().join(TURN);
        let file = files::ensure_lock(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(AgentError::File { what: "open", path, source }),
        }
    }

    /// A repository must not take in what agents do. Where the file cannot be written, runs work all the same.
    pub(super) fn hide_from_git(&self) {
        let _ = files::create_new(&self.root.join(".gitignore")).and_then(|mut file| file.write_all(b"*\n"));
    }

    /// The folders of runs whose results the history does not have.
    #[must_use]
    pub fn open(&self) -> Vec<RunFolder> {
        self.folders_in(&self.state(), false)
    }

    /// The folders of runs whose results it has.
    #[must_use]
    pub fn ended(&self) -> Vec<RunFolder> {
        self.folders_in(&self.state().join(ENDED), true)
    }

    /// What is being made, or what killed commands left of making it.
    pub(super) fn unfinished(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.state()).into_iter().flatten().flatten();
        entries.filter(|it| it.file_name().to_string_lossy().starts_with(".new-")).map(|it| it.path()).collect()
    }

    /// The folder of a run.
    #[must_use]
    pub fn find(&self, agent: &str) -> Option<RunFolder> {
        let agent: AgentId = agent.parse().ok()?;
        let (open, ended) = (self.state().join(agent.as_str()), self.state().join(ENDED).join(agent.as_str()));
        let is_there = |path: &Path| self.is_real() && files::is_folder(path);
        let of = |path: &PathBuf, is_recorded| is_there(path).then(|| RunFolder { path: path.clone(), is_recorded });
        // It may be moved between two looks.
        of(&open, false).or_else(|| of(&ended, true)).or_else(|| of(&open, false))
    }

    fn folders_in(&self, path: &Path, is_recorded: bool) -> Vec<RunFolder> {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let is_named = |it: &fs::DirEntry| it.file_name().to_str().is_some_and(|it| it.parse::<AgentId>().is_ok());
        let named = entries.filter(|it| is_named(it) && it.file_type().is_ok_and(|it| it.is_dir()) && self.is_real());
        let mut found: Vec<_> = named.map(|it| RunFolder { path: it.path(), is_recorded }).collect();
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }

    /// Whether no link leads to the states of runs of another folder.
    fn is_real(&self) -> bool {
        files::is_folder(&self.root) && files::is_folder(&self.state())
    }
}

impl RunFolder {
    /// A folder by its path.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path, is_recorded: false }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The agent's id.
    #[must_use]
    pub fn agent(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The log of an output: `stdout` or `stderr`.
    #[must_use]
    pub fn log(&self, stream: &str) -> PathBuf {
        self.path.join(format!("{stream}.log"))
    }

    /// Takes the lock of a run that is not alive; `None` if somebody holds it, or if the folder is gone.
    #[must_use]
    pub fn take_lock(&self) -> Option<File> {
        let file = regular_file::open_beside(&self.path.join(LOCK), OpenOptions::new().read(true).write(true)).ok()?;
        file.try_lock().is_ok().then_some(file)
    }

    /// Whether somebody holds the lock.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let opened = regular_file::open_beside(&self.path.join(LOCK), OpenOptions::new().read(true));
        opened.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Device and number of the lock.
    #[must_use]
    pub fn lock_number(&self) -> Option<(u64, u64)> {
        fs::metadata(self.path.join(LOCK)).ok().map(|it| (it.dev(), it.ino()))
    }

    /// What is to be run.
    #[must_use]
    pub fn plan(&self) -> Option<Plan> {
        files::read(&self.path.join("plan.json"))
    }

    /// Writes what is to be run.
    pub fn set_plan(&self, plan: &Plan) -> Result<()> {
        files::write(&self.path.join("plan.json"), plan)
    }

    /// What its supervisor said about itself.
    #[must_use]
    pub fn running(&self) -> Option<Running> {
        files::read(&self.path.join("running.json"))
    }

    /// Writes what the supervisor says about itself.
    pub fn set_running(&self, running: &Running) -> Result<()> {
        files::write(&self.path.join("running.json"), running)
    }

    /// The result.
    #[must_use]
    pub fn result(&self) -> Option<AgentRun> {
        files::read(&self.path.join("result.json"))
    }

    /// Takes the space that a result needs, so that a full disk takes it all the same.
    pub fn reserve_result(&self) -> Result<()> {
        files::reserve(&self.path.join("result.json"), LONGEST_RESULT)
    }

    /// Writes the result.
    pub fn set_result(&self, result: &AgentRun) -> Result<()> {
        files::write_reserved(&self.path.join("result.json"), result)
    }

    /// Moves it to those whose results the history has.
    pub fn set_recorded(&self) -> Result<()> {
        let ended = self.path.with_file_name(ENDED).join(self.agent());
        match fs::rename(&self.path, &ended) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()), // another process was faster
            moved => moved.map_err(|source| AgentError::File { what: "move", path: self.path.clone(), source }),
        }
    }

    /// Removes it, where nothing was started in it.
    pub fn discard(&self) -> Result<()> {
        fs::remove_dir_all(&self.path).map_err(|source| AgentError::File {
            what: "remove",
            path: self.path.clone(),
            source,
        })
    }
}
