//! `cfn agent spawn`.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use super::container::{ContainerArgs, meant_inside, require_image};
use super::place::{Place, database_id, history};
use super::said::{Described, exit_of, say_end, say_skills};
use crate::agents::{self, Identity, Input, Prepared, Request, SkillsAs, Supervised};
use crate::cli::argument::words;
use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::delivery;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::limits::{LimitArgs, seconds};
use crate::linux::send_signal;
use crate::model::{AgentId, AgentRun, AgentType, Exit, Visible};
use crate::ops::{self, Layout, Load};
use crate::process::relay_signals;

/// Start an agent with its approved skills, within limits and a deadline
///
/// Prints the agent's id. Waits for its end, passes SIGINT and SIGTERM on, and ends with its exit code: 124 after the
/// timeout, 137 if it had more memory than it may, 128 + N after signal N, 127 if there is no such command. A supervisor
/// of its own keeps the deadline and writes the result, whatever becomes of this command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent spawn backend-developer --task task-100 -- ./agent.sh
  cfn agent spawn tester --memory 1g --cpus 1.5 --timeout 600 --env API_KEY -- node agent.js
  cfn agent spawn reviewer --skills prompt --detach -- sh -c 'claude -p \"$(cat $CFN_SKILLS_PROMPT)\"'")]
pub(super) struct Args {
    /// Agent type, whose skills it gets
    agent_type: AgentType,
    /// Id of its task
    #[arg(long, visible_alias = "task-id", value_name = "ID")]
    task: Option<String>,
    /// Id of the agent [default: agent-TYPE-MILLISECONDS-RANDOM]
    #[arg(long, value_name = "ID")]
    agent_id: Option<AgentId>,
    /// Iteration of its task, for its environment
    #[arg(long, value_name = "N")]
    iteration: Option<u32>,
    /// Mode of its task, for its environment
    #[arg(long)]
    mode: Option<String>,
    /// Phase of its task; excludes skills for other phases
    #[arg(long)]
    phase: Option<String>,
    /// Provider of its model, for its environment
    #[arg(long)]
    provider: Option<String>,
    /// Its model, for its environment
    #[arg(long)]
    model: Option<String>,
    /// Keywords of its task, separated by commas; excludes skills for other tasks
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    context: Vec<String>,
    #[command(flatten)]
    container: ContainerArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// End it after this many seconds [default: by --mode (mvp 1800, standard 3600, enterprise 7200) and --phase (phase-2
    /// half as much more, phase-3 twice as much), else by --complexity]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// End it after 150, 300 or 600 seconds, or twice the time that 95 of 100 earlier runs stayed below [default: medium]
    #[arg(long, conflicts_with = "timeout")]
    complexity: Option<Complexity>,
    /// Seconds between asking it to end and ending it
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    grace: Duration,
    /// A variable for its environment: NAME=VALUE, or NAME to pass this command's own; PATH, HOME, LANG, TERM, TZ and
    /// CFN_* pass without passwords
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<OsString>,
    /// Its current folder [default: one of its own, .cfn-workspaces/ID]
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// How it gets its skills: as folders, in a file that CFN_SKILLS_PROMPT names, or not at all
    #[arg(long, default_value = "folder")]
    skills: Skills,
    /// Where the folders of skills are, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "claude", value_parser = choice::layout())]
    layout: Vec<Layout>,
    /// File for its stdin; '-' copies that of this command [default: nothing]
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,
    /// Return when it has started, and do not wait for its end
    #[arg(long)]
    detach: bool,
    /// Exit 7 where the kernel cannot keep the limits, instead of watching them
    #[arg(long)]
    require_limits: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Complexity {
    /// 150 seconds
    Low,
    /// 300 seconds
    Medium,
    /// 600 seconds
    High,
    /// By earlier runs
    Auto,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Skills {
    /// As folders
    Folder,
    /// In a file
    Prompt,
    /// Not at all
    None,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let place = Place::of(context)?;
    let request = args.request(context)?;
    args.require(&request)?;
    let mut store = context.open(Access::Write)?;
    let database = database_id(store.as_mut())?;
    place.look_after_as(context, &database);
    let agent_type = &request.load.agent_type;
    let agent = args.agent_id.clone().unwrap_or_else(|| AgentId::new(agent_type, context.clock.now().as_millisecond()));
    let at = (&place.runs, place.project.as_path());
    let prepared = agents::prepare(store.as_mut(), context.clock, at, &request, agent)?;
    if prepared.loaded.is_some() {
        delivery::start(context, store.as_mut());
    }
    drop(store);
    say_skills(context.output, &prepared);
    let plan = prepared.plan().clone();
    let mut supervised = start(context, prepared, &database)?;
    let described = Described { plan: &plan, identity: &request.identity, process: supervised.process() };
    if args.detach {
        return described.say(context.output, None).map(|()| Exit::Done);
    }
    if !context.output.json() {
        described.say(context.output, None)?;
    }
    let run = wait(&mut supervised, &place, context)?;
    if context.output.json() {
        described.say(context.output, Some(&run))?;
    }
    say_end(context.output, &plan, &run);
    Ok(exit_of(&run))
}

/// Starts the supervisor, with this database.
fn start(context: &Context, prepared: Prepared, database: &str) -> Result<Supervised, Failure> {
    let location = context.settings.database()?;
    let state = prepared.folder.path().to_owned();
    let arguments = ["--quiet", "--db"].map(OsStr::new).into_iter().chain([location.as_argument()]);
    let arguments = arguments.chain(["agent", "supervise", "--state"].map(OsStr::new)).chain([state.as_os_str()]);
    let arguments: Vec<_> = arguments.chain(["--database-id", database].map(OsStr::new)).collect();
    Ok(prepared.start(arguments)?)
}

fn wait(supervised: &mut Supervised, place: &Place, context: &Context) -> Result<AgentRun, Failure> {
    let supervisor = i32::try_from(supervised.process()).unwrap_or(0);
    // It is this process's child, which nobody waits for but this process: its number stays its own.
    relay_signals(move |signal| send_signal(supervisor, signal))
        .map_err(|error| Failure::internal(&error.to_string()))?;
    if let Some(run) = supervised.wait() {
        return Ok(run);
    }
    place.look_after(context);
    let found = place.runs.find(supervised.agent.as_str()).and_then(|it| it.result());
    found.ok_or_else(|| {
        let message = format!("the supervisor of {} was killed, and its run is not settled yet", supervised.agent);
        Failure::new(FailureKind::ProgramFailed, message, "The next 'cfn agent' command looks after it.")
    })
}

impl Args {
    fn request(&self, context: &Context) -> Result<Request, Failure> {
        let load = Load {
            context: words(&self.context),
            phase: self.phase.clone(),
            format: ops::Format::Names,
            ..Load::usual(self.agent_type.clone())
        };
        let skills = match self.skills {
            Skills::Folder => SkillsAs::Folders(self.layout.clone()),
            Skills::Prompt => SkillsAs::Prompt,
            Skills::None => SkillsAs::None,
        };
        let identity = Identity {
            iteration: self.iteration,
            mode: self.mode.clone(),
            provider: self.provider.clone(),
            model: self.model.clone(),
        };
        let (runtime, container) = self.container.plan(context)?;
        if container.is_some() && self.layout.contains(&Layout::Plain) {
            let message = "a container cannot have its skills among the files of its workspace";
            return Err(Failure::input(message, "Name --layout claude or agents, or both."));
        }
        let named = self.named()?;
        let passed = agents::passed(std::env::vars_os(), &named);
        Ok(Request {
            load,
            skills,
            task_id: self.task.clone(),
            identity,
            environment: if container.is_some() { meant_inside(passed, &named) } else { passed },
            runtime,
            container,
            command: self.command.clone(),
            workspace: self.workspace.as_deref().map(|it| context.absolute(it)),
            limits: self.limits.limits(),
            timeout: self.time(context)?,
            grace: self.grace,
            input: match &self.stdin {
                None => Input::Nothing,
                Some(path) if path.as_os_str() == "-" => Input::Stdin,
                Some(path) => Input::File(context.absolute(path)),
            },
        })
    }

    fn time(&self, context: &Context) -> Result<Duration, Failure> {
        let by_mode = self.mode.as_deref().and_then(|it| agents::of_mode(it, self.phase.as_deref()));
        let by_mode = by_mode.filter(|_| self.complexity.is_none());
        if let Some(time) = self.timeout.or(by_mode) {
            return Ok(time);
        }
        let mut successes = Vec::new();
        let complexity = match self.complexity.unwrap_or(Complexity::Medium) {
            Complexity::Low => agents::Complexity::Low,
            Complexity::Medium => agents::Complexity::Medium,
            Complexity::High => agents::Complexity::High,
            Complexity::Auto => {
                let read = history(context).map(|mut it| it.successes(self.agent_type.as_str(), agents::RUNS));
                successes = read.transpose()?.unwrap_or_default();
                agents::Complexity::Auto
            }
        };
        Ok(complexity.timeout(&successes))
    }

    /// The variables that are named.
    fn named(&self) -> Result<Vec<(OsString, Option<OsString>)>, Failure> {
        use std::os::unix::ffi::OsStrExt as _;
        let split = |it: &OsString| {
            let mut parts = it.as_bytes().splitn(2, |byte| *byte == b'=');
            let name = parts.next().filter(|it| !it.is_empty() && !it.contains(&0))?;
            Some((OsStr::from_bytes(name).to_owned(), parts.next().map(|it| OsStr::from_bytes(it).to_owned())))
        };
        let wrong = |it: &OsString| {
            let message = format!("'{}' names no variable", Visible(it.to_string_lossy()));
            Failure::input(message, "Name it as NAME=VALUE, or as NAME.")
        };
        self.env.iter().map(|it| split(it).ok_or_else(|| wrong(it))).collect()
    }

    /// What must be there before anything is done.
    fn require(&self, request: &Request) -> Result<(), Failure> {
        match &request.container {
            Some(container) => require_image(request.runtime, container),
            None if self.require_limits => crate::cli::run::require_limits(&request.limits),
            None => Ok(()),
        }
    }
}
