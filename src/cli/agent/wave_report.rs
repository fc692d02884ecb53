//! What is said about waves.

use std::path::PathBuf;

use serde::Serialize;

use crate::agents::{MemberState, Plan, Request, Wave, WaveManifest};
use crate::cli::numbers::bytes;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{AgentRun, Exit, Visible};

/// Exit code where some failed.
const FAILED: Exit = Exit::Command(1);

/// Exit code where a deadline ended some.
pub(super) const TIMEOUT: Exit = Exit::Command(2);

/// What would be started.
#[derive(Serialize)]
pub(super) struct PlannedWaves {
    pub(super) task_id: String,
    pub(super) waves: Vec<PlannedWave>,
}

#[derive(Serialize)]
pub(super) struct PlannedWave {
    wave_number: u32,
    batches: Vec<PlannedBatch>,
}

#[derive(Serialize)]
struct PlannedBatch {
    batch_id: String,
    agent_type: String,
    tier: u8,
    memory_bytes: Option<u64>,
    timeout_seconds: u64,
}

impl PlannedWave {
    pub(super) fn of(wave: &Wave, requests: &[Request]) -> Self {
        let batches = wave.batches.iter().zip(requests).map(|(batch, request)| PlannedBatch {
            batch_id: batch.batch_id.clone(),
            agent_type: request.load.agent_type.to_string(),
            tier: batch.tier,
            memory_bytes: request.limits.memory_bytes,
            timeout_seconds: request.timeout.as_secs(),
        });
        Self { wave_number: wave.wave_number, batches: batches.collect() }
    }
}

impl Report for PlannedWaves {
    fn text(&self, page: &mut Page) {
        let rows = self.waves.iter().flat_map(|wave| {
            wave.batches.iter().map(|it| {
                vec![
                    wave.wave_number.to_string(),
                    Visible(&it.batch_id).to_string(),
                    it.agent_type.clone(),
                    it.tier.to_string(),
                    it.memory_bytes.map(bytes).unwrap_or_default(),
                    format!("{} s", it.timeout_seconds),
                ]
            })
        });
        page.table(&["wave", "batch", "type", "tier", "memory", "timeout"], rows);
    }
}

/// What became of waves.
#[derive(Serialize)]
pub(super) struct WaveReport {
    pub(super) task_id: String,
    pub(super) waves: Vec<WaveOutcome>,
}

/// What became of a wave.
#[derive(Serialize)]
pub(super) struct WaveOutcome {
    wave_number: u32,
    manifest: PathBuf,
    /// Batches that no agent was started for.
    not_started: usize,
    runs: Vec<Outcome>,
}

/// What became of a batch.
#[derive(Serialize)]
struct Outcome {
    batch_id: String,
    agent_id: String,
    status: MemberState,
    exit_code: Option<u8>,
    duration_ms: Option<i64>,
    peak_bytes: Option<i64>,
}

impl WaveOutcome {
    /// Of runs that were started, each with its result if it has ended.
    pub(super) fn of(wave_number: u32, planned: usize, manifest: PathBuf, runs: &[(Plan, Option<AgentRun>)]) -> Self {
        let outcome = |(plan, run): &(Plan, Option<AgentRun>)| {
            let batch_id = plan.wave.as_ref().map(|it| it.batch_id.clone()).unwrap_or_default();
            Outcome::of(batch_id, plan.agent_id.to_string(), run.as_ref())
        };
        let not_started = planned.saturating_sub(runs.len());
        Self { wave_number, manifest, not_started, runs: runs.iter().map(outcome).collect() }
    }

    /// Of what a manifest has; `result_of` finds the result of an agent.
    pub(super) fn of_manifest(
        path: PathBuf,
        manifest: &WaveManifest,
        result_of: impl Fn(&str) -> Option<AgentRun>,
    ) -> Self {
        let runs = manifest.containers.iter().map(|it| {
            let agent = it.container_id.as_str();
            match result_of(agent) {
                // Removed meanwhile: the manifest knows the end all the same.
                None => Outcome { status: it.status, ..Outcome::of(it.batch_id.clone(), agent.to_owned(), None) },
                run => Outcome::of(it.batch_id.clone(), agent.to_owned(), run.as_ref()),
            }
        });
        Self { wave_number: manifest.wave_number, manifest: path, not_started: 0, runs: runs.collect() }
    }

    fn count(&self, status: MemberState) -> usize {
        self.runs.iter().filter(|it| it.status == status).count()
    }

    /// Whether all that was started has ended.
    pub(super) fn is_over(&self) -> bool {
        self.count(MemberState::Running) == 0
    }

    /// The exit: a deadline counts more than a failure.
    pub(super) fn exit(&self) -> Exit {
        if self.count(MemberState::Timeout) > 0 || !self.is_over() {
            TIMEOUT
        } else if self.count(MemberState::Failed) > 0 {
            FAILED
        } else {
            Exit::Done
        }
    }
}

impl Outcome {
    fn of(batch_id: String, agent_id: String, run: Option<&AgentRun>) -> Self {
        Self {
            batch_id,
            agent_id,
            status: run.map_or(MemberState::Running, MemberState::of),
            exit_code: run.and_then(|it| it.exit_code),
            duration_ms: run.and_then(|it| it.duration_ms),
            peak_bytes: run.and_then(|it| it.peak_bytes),
        }
    }
}

impl WaveReport {
    /// The worst exit of all waves.
    pub(super) fn exit(&self) -> Exit {
        self.waves.iter().map(WaveOutcome::exit).max_by_key(|it| it.code()).unwrap_or(Exit::Done)
    }
}

impl Report for WaveReport {
    fn text(&self, page: &mut Page) {
        self.waves.iter().for_each(|it| it.text(page));
    }
}

impl Report for WaveOutcome {
    fn text(&self, page: &mut Page) {
        let rows = self.runs.iter().map(|it| {
            vec![
                Visible(&it.batch_id).to_string(),
                it.agent_id.clone(),
                it.status.as_str().to_owned(),
                it.exit_code.map(|it| it.to_string()).unwrap_or_default(),
                it.peak_bytes.map(|it| bytes(it.unsigned_abs())).unwrap_or_default(),
            ]
        });
        page.table(&["batch", "agent", "state", "code", "memory"], rows);
        let states = [MemberState::Completed, MemberState::Failed, MemberState::Timeout, MemberState::Running];
        let counts = states.into_iter().map(|it| (it.as_str(), self.count(it))).filter(|it| it.1 > 0);
        let counts: Vec<_> = counts.map(|(state, count)| format!("{count} {state}")).collect();
        let manifest = Visible(self.manifest.to_string_lossy());
        page.line(format!("wave {}: {}; manifest {manifest}", self.wave_number, counts.join(", ")));
        if self.not_started > 0 {
            page.line(format!("{} not started", counted(self.not_started, "batch")));
        }
    }
}
