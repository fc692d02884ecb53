//! What was started by a wave plan, in the form of the fleet's scripts. A process has its agent's id where a container has
//! its own.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{AgentError, Result};
use super::files;
use super::plan::Plan;
use super::run_folder::Runs;
use crate::model::{AgentId, AgentRun, RunReason, size_of, size_text};
use crate::output_file::OutputFile;

/// The runs of a wave that were started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaveManifest {
    /// The number of the wave.
    pub wave_number: u32,
    /// When the first was spawned, in UTC.
    pub spawned_at: String,
    /// The runs, in the order in which they were started.
    pub containers: Vec<Member>,
    /// Their number.
    pub total_spawned: usize,
    /// Their limits of memory together, such as `3g`.
    pub total_memory: String,
}

/// A run of a wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The agent's id.
    pub container_id: AgentId,
    /// The name by which the fleet's scripts find it.
    pub container_name: String,
    /// The batch.
    pub batch_id: String,
    /// Its tier.
    pub tier: u8,
    /// Its limit of memory, such as `512m`.
    pub memory_limit: String,
    /// What became of it.
    pub status: MemberState,
    /// When it was spawned, in UTC.
    pub started_at: String,
}

/// What became of a run of a wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberState {
    /// It has not ended.
    Running,
    /// It ended with exit code 0.
    Completed,
    /// It ended in another way.
    Failed,
    /// Its deadline ended it.
    Timeout,
}

impl MemberState {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
        }
    }

    /// Of a run that ended.
    #[must_use]
    pub fn of(run: &AgentRun) -> Self {
        match (run.reason, run.exit_code) {
            (RunReason::Timeout, _) => Self::Timeout,
            (_, Some(0)) => Self::Completed,
            _ => Self::Failed,
        }
    }
}

impl WaveManifest {
    /// Of a wave of which nothing was started yet.
    #[must_use]
    pub fn new(wave_number: u32, spawned_at: String) -> Self {
        Self { wave_number, spawned_at, containers: Vec::new(), total_spawned: 0, total_memory: size_text(0) }
    }

    /// Adds a run that was started; it must be of a wave.
    pub fn add(&mut self, plan: &Plan) {
        let Some(wave) = &plan.wave else { return };
        self.containers.push(Member {
            container_id: plan.agent_id.clone(),
            container_name: wave.name(),
            batch_id: wave.batch_id.clone(),
            tier: wave.tier,
            memory_limit: size_text(plan.limits.memory_bytes.unwrap_or(0)),
            status: MemberState::Running,
            started_at: plan.spawned_at.clone(),
        });
        self.total_spawned = self.containers.len();
        let limits = self.containers.iter().filter_map(|it| size_of(&it.memory_limit));
        self.total_memory = size_text(limits.fold(0, u64::saturating_add));
    }

    /// Says how the run of an agent ended.
    pub fn end(&mut self, run: &AgentRun) {
        if let Some(member) = self.containers.iter_mut().find(|it| it.container_id.as_str() == run.agent_id) {
            member.status = MemberState::of(run);
        }
    }

    /// Reads a manifest.
    pub fn read(path: &Path) -> Result<Self> {
        files::read_named(path, "manifest")
    }

    /// Writes it atomically: a reader finds the old or the new one. Only a regular file is replaced, or a link to one.
    pub fn write(&self, path: &Path) -> Result<()> {
        let fail = |source| AgentError::File { what: "write", path: path.to_owned(), source };
        let text = serde_json::to_vec(self).map_err(|error| fail(io::Error::other(error)))?;
        let written = OutputFile::begin(path).and_then(|mut output| {
            output.file().write_all(&text)?;
            output.publish()
        });
        written.map(|_| ()).map_err(fail)
    }
}

impl Runs {
    /// The path of the manifest of a wave where no other is named. Its folder is made.
    pub fn manifest(&self, task: &str, wave_number: u32) -> Result<PathBuf> {
        files::ensure_folder(self.root())?;
        self.hide_from_git();
        let folder = self.manifests();
        files::ensure_folder(&folder)?;
        Ok(folder.join(format!("{}-wave-{wave_number}.json", task.replace(':', "-"))))
    }

    /// The folder with manifests.
    #[must_use]
    pub fn manifests(&self) -> PathBuf {
        self.root().join(".waves")
    }
}
