//! How a worker runs operations: on its own connection in this process, or as a process each.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::bench::Error as BenchError;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::model::{AgentType, ChangeType, SkillName, Version};
use crate::ops::{self, Cause, Deploy, Execution, Files, Load, Project, Update};
use crate::process::{self, Program};
use crate::store::{LockWaits, Store, StoreError};

/// Maximum size of a generated file.
const MOST_BYTES: usize = 1024 * 1024;

/// An operation to run.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Load(AgentType),
    Log(Box<Execution>),
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
    pub(super) kind: String,
    pub(super) message: String,
    /// Whether its outcome is unknown.
    pub(super) unknown: bool,
}

/// Runs operations one after another.
pub(super) trait Client {
    fn run(&mut self, operation: &Operation) -> (Duration, Result<Done, Failed>);
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
        Self { store, cache, project, files: Files { most_bytes: MOST_BYTES, root: None } }
    }

    fn perform(&mut self, operation: &Operation) -> ops::Result<Done> {
        let (store, files, project) = (self.store.as_mut(), &self.files, self.project);
        match operation {
            Operation::Load(agent) => {
                let report = ops::load(store, self.cache, &load(agent))?;
                let trouble = report.left_out.into_iter().filter(|it| it.cause != Cause::Limit);
                Ok(Done::Loaded(report.skills.len(), trouble.map(|it| format!("{}: {}", it.name, it.reason)).collect()))
            }
            Operation::Log(execution) => ops::log(store, Clock::System, execution).map(|_| Done::Logged),
            Operation::Deploy { name, path, agent } => {
                let agents = [agent.clone()];
                let report = ops::deploy(store, files, project, Clock::System, &deploy(name, path, &agents))?;
                Ok(Done::Written(Written { version: report.version, content_hash: report.content_hash.to_string() }))
            }
            Operation::Update { name, version, path } => {
                let report = ops::update(store, files, project, Clock::System, &update(name, *version, path))?;
                Ok(Done::Written(Written { version: report.version, content_hash: report.content_hash.to_string() }))
            }
        }
    }
}

impl Client for Connected<'_> {
    fn run(&mut self, operation: &Operation) -> (Duration, Result<Done, Failed>) {
        let since = Instant::now();
        let done = self.perform(operation);
        (since.elapsed(), done.map_err(|error| Failed::from(&error)))
    }

    fn lock_waits(&mut self) -> Option<LockWaits> {
        self.store.inspect().map(|it| it.lock_waits())
    }
}

impl From<&ops::Error> for Failed {
    fn from(error: &ops::Error) -> Self {
        let kind = match error {
            ops::Error::Store(StoreError::Busy { .. }) => "busy",
            ops::Error::Store(StoreError::OutcomeUnknown { .. }) => "outcome unknown",
            ops::Error::Store(_) => "database",
            _ => "refused",
        };
        Self { kind: kind.to_owned(), message: error.to_string(), unknown: kind == "outcome unknown" }
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
    fn arguments(operation: &Operation) -> Vec<String> {
        let text = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect();
        match operation {
            Operation::Load(agent) => text(&["load", agent.as_str(), "--json"]),
            Operation::Log(it) => text(&[
                "log",
                it.skill.as_str(),
                "--agent-id",
                &it.agent_id,
                "--agent-type",
                it.agent_type.as_str(),
                "--task-id",
                it.task_id.as_deref().unwrap_or_default(),
            ]),
            Operation::Deploy { name, path, agent } => {
                text(&["deploy", "1", name.as_str(), &path.to_string_lossy(), "", agent.as_str(), "--json"])
            }
            Operation::Update { name, version, path } => {
                text(&["update", name.as_str(), &version.to_string(), &path.to_string_lossy(), "--json"])
            }
        }
    }

    fn read(operation: &Operation, answer: &[u8]) -> serde_json::Result<Done> {
        Ok(match operation {
            // A missing skill shows in the count.
            Operation::Load(_) => Done::Loaded(serde_json::from_slice::<Loaded>(answer)?.skills.len(), Vec::new()),
            Operation::Log(_) => Done::Logged,
            Operation::Deploy { .. } | Operation::Update { .. } => Done::Written(serde_json::from_slice(answer)?),
        })
    }
}

impl Client for Processes {
    fn run(&mut self, operation: &Operation) -> (Duration, Result<Done, Failed>) {
        let since = Instant::now();
        let ran = self.cfn.clone().args(Self::arguments(operation)).run();
        let took = since.elapsed();
        let done = match ran {
            Ok(ran) => Self::read(operation, &ran.stdout).map_err(|error| Failed {
                kind: "unreadable answer".to_owned(),
                message: error.to_string(),
                unknown: true,
            }),
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
        let (kind, unknown) = match error {
            BenchError::Process(process::Error::Failed { code: Some(8), .. }) => ("busy".to_owned(), false),
            // Exit 3 includes "outcome unknown".
            BenchError::Process(process::Error::Failed { code: Some(code), .. }) => {
                (format!("exit code {code}"), *code == 3)
            }
            BenchError::Process(process::Error::Failed { code: None, .. }) => ("killed".to_owned(), true),
            _ => ("not started".to_owned(), false),
        };
        Self { kind, message: error.to_string(), unknown }
    }
}
