//! `cfn agent wait`, `stop` and `cleanup`.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::place::{Place, history};
use super::said::{Stopped, Waited, exit_of};
use crate::agents::{self, AgentError, Cleaned, LeftContainers, Past, RunFolder, WaveManifest};
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::limits::seconds;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{AgentRun, Exit, TaskId, Visible};
use crate::ops;
use crate::store::AgentRuns;

/// Exit code after a timeout, as `timeout` has it.
const TIMEOUT: Exit = Exit::Command(124);

/// How long the end of a run may take beyond its grace.
const ENDING: Duration = Duration::from_secs(15);

/// Wait for the end of runs
///
/// The exit code is that of the agent; of several, theirs if all have the same, else 1; 124 after the timeout.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent wait --task task-100 --timeout 600")]
pub(super) struct WaitArgs {
    #[command(flatten)]
    which: Which,
    /// Return after this many seconds, and leave the runs alone
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

/// End runs, and all that belongs to them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent stop agent-tester-1764201600000-a1b2c3d
  cfn agent stop --all")]
pub(super) struct StopArgs {
    #[command(flatten)]
    which: Which,
    /// End all runs of this project
    #[arg(long, conflicts_with_all = ["agents", "task"])]
    all: bool,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Ids of agents
    #[arg(value_name = "ID")]
    agents: Vec<String>,
    /// All runs of a task
    #[arg(long, value_name = "ID", conflicts_with = "agents")]
    task: Option<String>,
}

/// Remove logs, results and workspaces of runs that ended long ago
///
/// What supervisors left that were killed is ended first, as each command about agents does it. A workspace that was given
/// with --workspace is never removed. The keys in Redis of tasks of which no run is left are removed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent cleanup --older 24h --dry-run")]
pub(super) struct CleanupArgs {
    /// How long ago: a number with s, m, h or d
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = age)]
    older: Duration,
    /// Remove the runs of a wave instead, by its manifest, however long ago they ended
    #[arg(long, value_name = "FILE", conflicts_with = "older")]
    manifest: Option<PathBuf>,
    /// Say what would be removed
    #[arg(long)]
    dry_run: bool,
}

fn age(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is a number with s, m, h or d, such as 24h".to_owned();
    let (number, unit) = text.split_at(text.find(|it: char| it.is_ascii_alphabetic()).ok_or_else(wrong)?);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86400,
        _ => return Err(wrong()),
    };
    number.parse::<u32>().map(|it| Duration::from_secs(u64::from(it) * seconds)).map_err(|_| wrong())
}

impl Which {
    /// The agents that are meant, running or not.
    fn agents(&self, place: &Place, context: &Context) -> Result<Vec<String>, Failure> {
        let mut history = history(context);
        let mut history = history.as_mut().map(|it| &mut **it as &mut dyn AgentRuns);
        if let Some(task) = &self.task {
            let runs = agents::list(&place.runs, history, Some(task), true)?;
            if runs.is_empty() {
                return Err(AgentError::NoneOfTask(task.clone()).into());
            }
            return Ok(runs.into_iter().map(|it| it.agent_id).collect());
        }
        if self.agents.is_empty() {
            return Err(Failure::input("no run is named", "Name agents by their ids, or a task with --task."));
        }
        for agent in &self.agents {
            agents::status_of(&place.runs, history.as_mut().map(|it| &mut **it as &mut dyn AgentRuns), agent)?;
        }
        Ok(self.agents.clone())
    }
}

pub(super) fn wait(context: &Context, args: &WaitArgs) -> Result<Exit, Failure> {
    let place = Place::of(context)?;
    place.look_after(context);
    let until = args.timeout.map(|it| Instant::now() + it);
    let named = args.which.agents(&place, context)?;
    let is_over = named.iter().all(|it| agents::wait_for_end(&place.runs, it, until));
    if is_over {
        place.look_after(context); // their supervisors may have been killed meanwhile
    }
    let mut waited = Waited { timeout: !is_over, ..Waited::default() };
    let mut exits = Vec::new();
    for agent in named {
        let result = result_of(&place, context, &agent)?;
        exits.push(result.as_ref().map_or(Exit::Input, exit_of));
        match result {
            Some(result) => waited.ended.push(result),
            None => waited.others.push(agent),
        }
    }
    context.output.answer(&waited)?;
    Ok(if is_over { joined(&exits) } else { TIMEOUT })
}

fn result_of(place: &Place, context: &Context, agent: &str) -> Result<Option<AgentRun>, Failure> {
    let mut history = history(context);
    let history = history.as_mut().map(|it| &mut **it as &mut dyn AgentRuns);
    match agents::status_of(&place.runs, history, agent) {
        Err(AgentError::Unknown(_)) => Ok(None),
        found => Ok(found?.result),
    }
}

/// The exit of several runs: theirs if all have the same, else 1.
pub(super) fn joined(exits: &[Exit]) -> Exit {
    let code = |it: &Exit| it.code();
    match exits.split_first() {
        None => Exit::Done,
        Some((first, others)) if others.iter().all(|it| code(it) == code(first)) => *first,
        Some(_) => Exit::Input,
    }
}

pub(super) fn stop(context: &Context, args: &StopArgs) -> Result<Exit, Failure> {
    let place = Place::of(context)?;
    place.look_after(context);
    let open = place.runs.open();
    let chosen: Vec<&RunFolder> = if args.all {
        open.iter().collect()
    } else {
        let named = args.which.agents(&place, context)?;
        open.iter().filter(|it| named.contains(&it.agent())).collect()
    };
    let (mut alone, mut asked, mut stopped) = (Vec::new(), Vec::new(), Vec::new());
    for folder in chosen.into_iter().filter(|it| it.result().is_none()) {
        if agents::stop(folder) {
            asked.push(folder);
            stopped.push(folder.agent());
        } else {
            alone.push(folder.agent());
        }
    }
    for folder in asked {
        let grace = folder.plan().map(|it| it.grace).unwrap_or_default();
        if !agents::wait_for_end(&place.runs, &folder.agent(), Some(Instant::now() + grace + ENDING)) {
            alone.push(folder.agent());
        }
    }
    alone.retain(|it| place.runs.find(it).is_some_and(|it| it.result().is_none()));
    match alone.first() {
        None => {
            context.output.answer(&Stopped { stopped })?;
            Ok(Exit::Done)
        }
        Some(agent) => {
            let message = format!("the run of {agent} was not ended: whether it is of this machine is not known");
            let hint = "Run the command where the run was spawned; 'cfn agent ps' lists what runs.";
            Err(Failure::new(FailureKind::ProgramFailed, message, hint))
        }
    }
}

pub(super) fn cleanup(context: &Context, args: &CleanupArgs) -> Result<Exit, Failure> {
    let place = Place::of(context)?;
    place.look_after(context);
    let path = args.manifest.as_deref().map(|it| context.absolute(it));
    let mut cleaned = match &path {
        None => agents::clean_up(&place.runs, &Past::Older(args.older), args.dry_run)?,
        Some(path) => {
            let manifest = WaveManifest::read(path)?;
            let agents: Vec<_> = manifest.containers.iter().map(|it| it.container_id.to_string()).collect();
            require_ended(&place, &agents)?;
            agents::clean_up(&place.runs, &Past::Of(&agents), args.dry_run)?
        }
    };
    if let Some(owner) = place.owner_of_containers(context)? {
        let LeftContainers { names, failed } = LeftContainers::clean_up(&place.runs, &owner, args.dry_run);
        cleaned.containers = names;
        for why in failed {
            context.output.warn(&format!("containers may be left: {}", Visible(why)));
        }
    }
    if !args.dry_run {
        if let Some(path) = path.filter(|it| it.starts_with(place.runs.manifests())) {
            let _ = fs::remove_file(path); // another command may have removed it
        }
        cleaned.removed_keys = clear_tasks(context, &cleaned.tasks);
    }
    context.output.answer(&cleaned)?;
    Ok(Exit::Done)
}

/// Refuses to remove runs that have not ended.
fn require_ended(place: &Place, agents: &[String]) -> Result<(), Failure> {
    let running = |it: &&String| place.runs.find(it).is_some_and(|it| !it.is_recorded && it.is_alive());
    match agents.iter().find(running) {
        None => Ok(()),
        Some(agent) => Err(Failure::new(
            FailureKind::ProgramFailed,
            format!("the run of {agent} has not ended"),
            "Wait for it with 'cfn agent monitor', or end it with 'cfn agent stop'.",
        )),
    }
}

/// Removes what Redis has of these tasks. Without Redis, it expires there by itself.
fn clear_tasks(context: &Context, tasks: &[String]) -> Option<u64> {
    let tasks: Vec<TaskId> = tasks.iter().filter_map(|it| it.parse().ok()).collect();
    if tasks.is_empty() || !matches!(context.settings.coordination_server(), Ok(Some(_))) {
        return None;
    }
    let cleared = context.coordination().and_then(|mut redis| {
        let mut removed = 0;
        for task in tasks {
            removed += ops::clear_task(&mut redis, task, None)?.removed;
        }
        Ok(removed)
    });
    cleared.inspect_err(|it| context.output.warn(&format!("the keys of tasks were left: {}", it.message))).ok()
}

impl Report for Cleaned {
    fn text(&self, page: &mut Page) {
        let done = if self.dry_run { "would remove" } else { "removed" };
        let containers = match self.containers.len() {
            0 => String::new(),
            count => format!(" and {}", counted(count, "container")),
        };
        page.line(format!("{done} the folders of {}{containers}", counted(self.removed.len(), "run")));
        if let Some(keys) = self.removed_keys {
            page.line(format!("removed {} of {} from Redis", counted(keys, "key"), counted(self.tasks.len(), "task")));
        }
    }
}
