//! How a worker runs operations: on its own connection in this process, or as a process each.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::bench::Error as BenchError;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::model::{AgentType, ChangeType, Exit, FolderLimits, SkillName, Version};
use crate::ops::{self, Cause, Deploy, Files, Load, NewUse, Project, Update};
use crate::process::{self, Program};
use crate::store::{LockWaits, Store, StoreError};

/// Maximum size of a generated file.
const MOST_BYTES: usize = 1024 * 1024;

/// An operation to run.
#[derive(Debug, Clone)]
pub(super) enum Action {
    Load(AgentType),
    Log(Box<NewUse>),
    Deploy { name: SkillName, path: PathBuf, agent: AgentType },
    Update { name: SkillName, version: Version, path: PathBuf },
}

/// An acknowledged operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Done {
    /// The number of loaded skills, and the skills left out by mistake.
    Loaded(usize, Vec<String>),
    Logged,
    /// A written version.
    Written(Written),
}

/// A version that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Written {
    pub(super) version: String,
    pub(super) content_hash: String,
}

/// A failed operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) reason: Reason,
    pub(super) message: String,
}

/// The kind of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Busy,
    OutcomeUnknown,
    Database,
    Refused,
    UnreadableAnswer,
    /// A process ended with this exit code.
    Exit(i32),
    /// A process was killed.
    Killed,
    NotStarted,
}

impl Reason {
    /// Whether its outcome is unknown.
    pub(super) fn leaves_it_open(self) -> bool {
        match self {
            Self::OutcomeUnknown | Self::UnreadableAnswer | Self::Killed => true,
            // Among the errors of this exit code is the only one after which something may have changed.
            Self::Exit(code) => code == i32::from(Exit::Database.code()),
            Self::Busy | Self::Database | Self::Refused | Self::NotStarted => false,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("busy"),
            Self::OutcomeUnknown => f.write_str("outcome unknown"),
            Self::Database => f.write_str("database"),
            Self::Refused => f.write_str("refused"),
            Self::UnreadableAnswer => f.write_str("unreadable answer"),
            Self::Exit(code) => write!(f, "exit code {code}"),
            Self::Killed => f.write_str("killed"),
            Self::NotStarted => f.write_str("not started"),
        }
    }
}

/// Runs operations one after another.
pub(super) trait Client {
    fn run(&mut self, action: &Action) -> (Duration, Result<Done, Failed>);
    /// Its lock waits, if known.
    fn lock_waits(&mut self) -> Option<LockWaits>;
}

/// A long-lived connection, like that of `load --batch`.
pub(super) struct Connected<'a> {
    store: Box<dyn Store>,
    cache: &'a dyn Cache,
    project: &'a Project,
    files: Files,
}

impl<'a> Connected<'a> {
    pub(super) fn new(store: Box<dyn Store>, cache: &'a dyn Cache, project: &'a Project) -> Self {
        Self {
            store,
            cache,
            project,
            files: Files { most_bytes: MOST_BYTES, root: None, folder: FolderLimits::default(), database: None },
        }
    }

    fn perform(&mut self, action: &Action) -> ops::Result<Done> {
        let (store, files, project) = (self.store.as_mut(), &self.files, self.project);
        match action {
            Action::Load(agent) => {
                let report = ops::load(store, self.cache, &load(agent))?;
                let trouble = report.left_out.into_iter().filter(|it| it.kind != Cause::Limit);
                Ok(Done::Loaded(
                    report.skills.len(),
                    trouble.map(|it| format!("{}: {}", it.subject, it.reason)).collect(),
                ))
            }
            Action::Log(execution) => ops::log(store, Clock::System, execution).map(|_| Done::Logged),
            Action::Deploy { name, path, agent } => {
                let agents = [agent.clone()];
                let report = ops::deploy(store, files, project, Clock::System, &deploy(name, path, &agents))?;
                Ok(Done::Written(Written { version: report.version, content_hash: report.content_hash.to_string() }))
            }
            Action::Update { name, version, path } => {
                let report = ops::update(store, files, project, Clock::System, &update(name, *version, path))?;
                Ok(Done::Written(Written { version: report.version, content_hash: report.content_hash.to_string() }))
            }
        }
    }
}

impl Client for Connected<'_> {
    fn run(&mut self, action: &Action) -> (Duration, Result<Done, Failed>) {
        let since = Instant::now();
        let done = self.perform(action);
        (since.elapsed(), done.map_err(|error| Failed::from(&error)))
    }

    fn lock_waits(&mut self) -> Option<LockWaits> {
        self.store.inspect().map(|it| it.lock_waits())
    }
}

impl From<&ops::Error> for Failed {
    fn from(error: &ops::Error) -> Self {
        let reason = match error {
            ops::Error::Store(StoreError::Busy { .. }) => Reason::Busy,
            ops::Error::Store(StoreError::OutcomeUnknown { .. }) => Reason::OutcomeUnknown,
            ops::Error::Store(_) => Reason::Database,
            _ => Reason::Refused,
        };
        Self { reason, message: error.to_string() }
    }
}

/// A load that does not depend on a task.
pub(super) fn load(agent: &AgentType) -> Load {
    Load::usual(agent.clone())
}

fn deploy<'a>(name: &'a SkillName, path: &'a Path, agents: &'a [AgentType]) -> Deploy<'a> {
    Deploy { agents, ..Deploy::new(1, name, path) }
}

fn update<'a>(name: &'a SkillName, version: Version, path: &'a Path) -> Update<'a> {
    Update::new(name, version, path, ChangeType::Patch)
}

/// Runs each operation as a process, as agents' scripts do.
pub(super) struct Processes {
    pub(super) cfn: Program,
}

/// The relevant part of `cfn load --json`.
#[derive(Debug, Deserialize)]
struct Loaded {
    skills: Vec<serde::de::IgnoredAny>,
}

impl Processes {
    fn arguments(action: &Action) -> Vec<String> {
        let text = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect();
        match action {
            Action::Load(agent) => text(&["load", agent.as_str(), "--json"]),
            Action::Log(it) => text(&[
                "log",
                it.skill.as_str(),
                "--agent-id",
                &it.agent_id,
                "--agent-type",
                it.agent_type.as_str(),
                "--task-id",
                it.task_id.as_deref().unwrap_or_default(),
            ]),
            Action::Deploy { name, path, agent } => {
                text(&["deploy", "1", name.as_str(), &path.to_string_lossy(), "", agent.as_str(), "--json"])
            }
            Action::Update { name, version, path } => {
                text(&["update", name.as_str(), &version.to_string(), &path.to_string_lossy(), "--json"])
            }
        }
    }

    fn read(action: &Action, answer: &[u8]) -> serde_json::Result<Done> {
        Ok(match action {
            // A missing skill shows in the count.
            Action::Load(_) => Done::Loaded(serde_json::from_slice::<Loaded>(answer)?.skills.len(), Vec::new()),
            Action::Log(_) => Done::Logged,
            Action::Deploy { .. } | Action::Update { .. } => Done::Written(serde_json::from_slice(answer)?),
        })
    }
}

impl Client for Processes {
    fn run(&mut self, action: &Action) -> (Duration, Result<Done, Failed>) {
        let since = Instant::now();
        let ran = self.cfn.clone().args(Self::arguments(action)).run();
        let took = since.elapsed();
        let done = match ran {
            Ok(ran) => Self::read(action, &ran.stdout)
                .map_err(|error| Failed { reason: Reason::UnreadableAnswer, message: error.to_string() }),
            Err(error) => Err(Failed::from(&BenchError::from(error))),
        };
        (took, done)
    }

    fn lock_waits(&mut self) -> Option<LockWaits> {
        None
    }
}

impl From<&BenchError> for Failed {
    fn from(error: &BenchError) -> Self {
        let reason = match error {
            BenchError::Process(process::Error::Failed { code, .. }) => match *code {
                Some(code) if code == i32::from(Exit::Busy.code()) => Reason::Busy,
                Some(code) => Reason::Exit(code),
                None => Reason::Killed,
            },
            _ => Reason::NotStarted,
        };
        Self { reason, message: error.to_string() }
    }
}
