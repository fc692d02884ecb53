//! `cfn agent ps` and `cfn agent show`.

use serde::Serialize;

use super::place::{Place, history};
use crate::agents::{self, EnginePlace, RunStatus};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::numbers::{bytes, duration};
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Visible};
use crate::store::AgentRuns;

/// List runs of agents
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent ps
  cfn agent ps --all --task task-100")]
pub(super) struct Args {
    /// Also list runs that ended
    #[arg(long)]
    all: bool,
    /// Only those of a task
    #[arg(long, value_name = "ID")]
    task: Option<String>,
}

/// Show what is known of a run
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent show agent-tester-1764201600000-a1b2c3d")]
pub(super) struct ShowArgs {
    /// Id of the agent
    #[arg(value_name = "ID")]
    agent: String,
}

#[derive(Serialize)]
struct Listed {
    runs: Vec<RunStatus>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let place = Place::of(context)?;
    place.look_after(context);
    let mut history = history(context);
    let history = history.as_mut().map(|it| &mut **it as &mut dyn AgentRuns);
    let runs = agents::list(&place.runs, history, args.task.as_deref(), args.all)?;
    context.output.answer(&Listed { runs })?;
    Ok(Exit::Done)
}

pub(super) fn show(context: &Context, args: &ShowArgs) -> Result<Exit, Failure> {
    let place = Place::of(context)?;
    place.look_after(context);
    let mut history = history(context);
    let history = history.as_mut().map(|it| &mut **it as &mut dyn AgentRuns);
    context.output.answer(&agents::status_of(&place.runs, history, &args.agent)?)?;
    Ok(Exit::Done)
}

impl Report for Listed {
    fn text(&self, page: &mut Page) {
        if self.runs.is_empty() {
            return page.line("no agent runs");
        }
        let rows = self.runs.iter().map(|it| {
            let result = it.result.as_ref();
            vec![
                it.agent_id.clone(),
                it.task_id.clone().unwrap_or_default(),
                it.state.to_owned(),
                result.and_then(|it| it.exit_code).map(|it| it.to_string()).unwrap_or_default(),
                it.spawned_at.clone(),
                took(it),
                peak(it),
            ]
        });
        page.table(&["agent", "task", "state", "code", "spawned", "took", "memory"], rows);
    }
}

impl Report for RunStatus {
    fn text(&self, page: &mut Page) {
        let mut line = |name: &str, value: String| {
            if !value.is_empty() {
                page.line(format!("{name:<12} {}", Visible(value)));
            }
        };
        line("agent", self.agent_id.clone());
        line("type", self.agent_type.clone());
        line("task", self.task_id.clone().unwrap_or_default());
        line("state", self.state.to_owned());
        if self.engine == Some(EnginePlace::AnotherMachine) {
            line("container", "on another machine".to_owned());
        }
        line("command", self.command.join(" "));
        line("workspace", self.workspace.as_ref().map(|it| it.display().to_string()).unwrap_or_default());
        line("skills", self.skills.join(", "));
        line("spawned", self.spawned_at.clone());
        line("timeout", self.timeout_seconds.map(|it| format!("{it} s")).unwrap_or_default());
        line("memory now", self.memory_bytes.map(bytes).unwrap_or_default());
        line("processes", self.processes.map(|it| it.to_string()).unwrap_or_default());
        line("supervisor", self.supervisor.map(|it| it.to_string()).unwrap_or_default());
        let Some(result) = &self.result else { return };
        line("ended", result.ended_at.clone());
        line("exit code", result.exit_code.map(|it| it.to_string()).unwrap_or_default());
        line("took", took(self));
        line("memory", peak(self));
        line("processor", result.cpu_ms.map(milliseconds).unwrap_or_default());
        line("limited by", result.limited_by.clone().unwrap_or_default());
        line("note", result.detail.clone().unwrap_or_default());
    }
}

fn took(it: &RunStatus) -> String {
    it.result.as_ref().and_then(|it| it.duration_ms).map(milliseconds).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a run takes less than 2^53 milliseconds")]
fn milliseconds(it: i64) -> String {
    duration(it as f64)
}

/// The most memory that it had, or what it has now.
fn peak(it: &RunStatus) -> String {
    let most = it.result.as_ref().and_then(|it| it.peak_bytes).map(i64::unsigned_abs);
    most.or(it.memory_bytes).map(bytes).unwrap_or_default()
}
