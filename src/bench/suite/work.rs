//! The measured operations: the programs to run, and their work.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::operation::{Operation, Subject};
use crate::bench::batch::served_again;
use crate::bench::error::{Error, Result, file};
use crate::bench::measure::Measurer;
use crate::bench::together::together;
use crate::bench::workload::{MEDIAN_BYTES, sized_skill_text, write_file};
use crate::model::AgentType;
use crate::process::Program;

/// Number of concurrent loads.
const TOGETHER: usize = 20;

/// Agent types of deployed skills: not those whose loads are measured.
const AGENTS: &str = "cfn-bench-developer,cfn-bench-designer";

/// Bytes to write and sync for the machine's pace: as many as a small commit.
const PACE_BYTES: usize = 4096;

/// Measures the operations on one database.
pub(super) struct Work {
    /// This program, set up for the database.
    cfn: Program,
    /// The folder for files.
    folder: PathBuf,
    /// The agent type that loads skills.
    agent: AgentType,
    subjects: Vec<Subject>,
    /// Number of rows logged with the outbox enabled.
    pub(super) logged: usize,
}

impl Work {
    pub(super) fn new(cfn: &Program, folder: &Path, agent: AgentType) -> Self {
        Self { cfn: cfn.clone(), folder: folder.to_owned(), agent, subjects: Subject::all(), logged: 0 }
    }

    fn operation(&mut self, operation: Operation, round: usize) -> Result<Duration> {
        let (name, agent) = (name(round), self.agent.as_str());
        let cfn = |arguments: &[&str]| self.cfn.clone().args(arguments);
        match operation {
            Operation::Deployment => {
                let path = self.write(&name, round, 0)?;
                cfn(&["deploy", "42", &name, &path, "domain", AGENTS]).time().map_err(Into::into)
            }
            Operation::Update => {
                let path = self.write(&name, round, 1)?;
                cfn(&["update", &name, "1.0.1", &path]).time().map_err(Into::into)
            }
            Operation::CachedLoading => served_again(&self.cfn, agent),
            Operation::ColdLoading => cfn(&["load", agent]).time().map_err(Into::into),
            Operation::Concurrent => together(&vec![cfn(&["load", agent]); TOGETHER]),
            Operation::DualLogging => {
                let task = format!("task-{round}");
                let identity = ["log", &name, "--agent-id", "bench-1", "--agent-type", "cfn-bench", "--task-id", &task];
                let outcome = ["--execution-ms", "1200", "--exit-code", "0", "--confidence-before", "0.5"];
                let log = cfn(&identity).args(outcome).args(["--confidence-after", "0.75"]);
                // Nothing is delivered: dual logging is done when the row and the event for PostgreSQL are committed.
                let took = log.env("ENABLE_PHASE4_LOGGING", "true").env("CFN_SYNC_BUDGET_MS", "0").time()?;
                self.logged += 1;
                Ok(took)
            }
            Operation::Analytics => Err(Error::Defect("each report is measured by itself")),
        }
    }

    fn write(&self, name: &str, round: usize, revision: u64) -> Result<String> {
        let path = write_file(&self.folder, name, &sized_skill_text(name, round, revision, MEDIAN_BYTES))?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// Measures the machine's pace: starting a process, and writing and syncing a file, without cfn.
    fn pace(&self) -> Result<Duration> {
        let path = self.folder.join("pace");
        let since = Instant::now();
        Program::new(Path::new("/bin/sh"), &self.folder).args(["-c", ":"]).time()?;
        let written =
            File::create(&path).and_then(|mut it| it.write_all(&[7; PACE_BYTES]).and_then(|()| it.sync_all()));
        written.map_err(file("could not write", &path))?;
        Ok(since.elapsed())
    }
}

/// The skill that a round deploys, updates and logs.
fn name(round: usize) -> String {
    format!("cfn-bench-{round:06}")
}

impl Measurer for Work {
    fn subjects(&self) -> Vec<String> {
        self.subjects.iter().map(|it| it.name()).collect()
    }

    fn measure(&mut self, subject: usize, round: usize) -> Result<Duration> {
        match self.subjects[subject] {
            Subject::One(operation) => self.operation(operation, round),
            Subject::Report("overview") => self.cfn.clone().args(["analytics"]).time().map_err(Into::into),
            Subject::Report(word) => self.cfn.clone().args(["analytics", word]).time().map_err(Into::into),
            Subject::Pace => self.pace(),
        }
    }
}
