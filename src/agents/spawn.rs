//! Spawning a run: its folder, its skills and its order, and then its supervisor.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::container_plan::ContainerPlan;
use super::environment::{self, Identity, Variables};
use super::error::{AgentError, Result};
use super::files;
use super::left_containers;
use super::places::{Places, own_folder};
use super::plan::{InWave, Order, Plan};
use super::pool::{Pool, Wanted};
use super::pool_member::PoolMember;
use super::run_folder::{RunFolder, Runs};
use super::runtime_kind::RuntimeKind;
use super::skills::{self, SkillsAs, Target};
use super::supervised::Supervised;
use super::terminal::RunTerminal;
use super::wave_plan::Batch;
use crate::clock::Clock;
use crate::linux::Limits;
use crate::model::{AgentId, size_text};
use crate::ops::{Load, LoadReport, UsageOf};
use crate::process::{Detached, Relay, hand_over, start_detached};
use crate::regular_file;
use crate::store::Store;

/// The copy of an input that only the spawning command can read.
pub(super) const INPUT: &str = "input";

/// Number of bytes of it to read at once.
const COPIED_AT_ONCE: usize = 64 * 1024;

/// What is to be run. Each spawn of it is a run of its own.
#[derive(Debug, Clone)]
pub struct Request {
    /// The skills to load; its agent type is that of the run.
    pub load: Load,
    /// How the agent gets them.
    pub skills: SkillsAs,
    /// Its task.
    pub task_id: Option<String>,
    /// What is said about it in its environment.
    pub identity: Identity,
    /// What passes of the environment.
    pub environment: Variables,
    /// What runs the command.
    pub runtime: RuntimeKind,
    /// The container of a command that runs in one; a run without a name gets one.
    pub container: Option<ContainerPlan>,
    /// What it wants of a pool, if it may take a container of one. If none waits, it gets a new one.
    pub pool: Option<Wanted>,
    /// The command and its arguments.
    pub command: Vec<OsString>,
    /// Its current folder; none for one of its own.
    pub workspace: Option<PathBuf>,
    /// The limits of all its processes together.
    pub limits: Limits,
    /// When it is ended.
    pub timeout: Duration,
    /// The time between being asked to end and being ended.
    pub grace: Duration,
    /// What it reads.
    pub input: Input,
    /// Where it is in a wave plan, if it is in one.
    pub wave: Option<InWave>,
}

impl Request {
    /// The same for a batch of a wave, in the variables of the fleet's scripts.
    #[must_use]
    pub fn in_wave(mut self, wave_number: u32, batch: &Batch) -> Self {
        let seconds = self.timeout.as_secs().to_string();
        let number = wave_number.to_string();
        for (name, value) in [
            ("BATCH_ID", batch.batch_id.as_str()),
            ("WAVE_NUMBER", &number),
            ("TASK_PROMPT", &batch.task_prompt),
            ("TASK_TIMEOUT", &seconds),
        ] {
            environment::set(&mut self.environment, name, value);
        }
        let wave = InWave { wave_number, batch_id: batch.batch_id.clone(), tier: batch.tier };
        if let Some(container) = &mut self.container {
            container.name = wave.name();
            let labels = [("cfn.wave.number", number), ("cfn.batch.id", wave.batch_id.clone())];
            let memory = self.limits.memory_bytes.map(|it| ("cfn.memory.limit", size_text(it)));
            let labels = labels.into_iter().chain([("cfn.tier", wave.tier.to_string())]).chain(memory);
            container.labels.extend(labels.map(|(name, value)| (name.to_owned(), value)));
        }
        self.wave = Some(wave);
        self
    }
}

/// What a command reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Nothing.
    Nothing,
    /// A file.
    File(PathBuf),
    /// What this process reads, which is copied for it. A signal ends the copying.
    Stdin,
}

impl Input {
    /// Refuses a file that a supervisor could not open, or that would keep it from looking at its deadline.
    fn check(&self) -> Result<()> {
        let Self::File(path) = self else { return Ok(()) };
        let opened = regular_file::open(path);
        opened.map(drop).map_err(|source| AgentError::File { what: "read", path: path.clone(), source })
    }
}

/// How cfn starts itself as the supervisor of a run.
pub struct Supervision<'a> {
    /// Its arguments, by the folder of the run.
    pub arguments: &'a dyn Fn(&RunFolder) -> Vec<OsString>,
    /// Variables beside those of this process.
    pub environment: &'a [(&'static str, OsString)],
    /// The signals to this process.
    pub relay: &'a Relay,
}

/// A run whose supervisor waits for its order.
#[derive(Debug)]
pub struct Prepared {
    /// Its folder.
    pub folder: RunFolder,
    /// What was loaded; none if nothing was to be.
    pub loaded: Option<LoadReport>,
    order: Order,
    supervisor: Detached,
}

/// Makes a run's folder, starts its supervisor, which has the folder's lock from there on, and meanwhile loads its skills
/// and lays them into its workspace. Whatever fails, nothing is left: a supervisor without an order has done nothing. Input
/// that ends late delays the loading: until then, nobody has got a skill.
pub fn prepare(
    store: &mut dyn Store,
    clock: Clock,
    (runs, project): (&Runs, &Path),
    request: &Request,
    agent_id: AgentId,
    supervision: &Supervision<'_>,
) -> Result<Prepared> {
    let began = SystemTime::now();
    request.input.check()?;
    let (folder, lock) = runs.make(&agent_id)?;
    let needs_own = request.workspace.is_none() || request.container.is_some();
    let member = request.pool.as_ref().and_then(|it| Pool::of(runs).claim(it, &agent_id));
    let mut own = None;
    let started = start_detached((supervision.arguments)(&folder), supervision.environment, lock)
        .map_err(|error| not_supervised(&agent_id, "could not be started", &error));
    let prepared = started.and_then(|supervisor| {
        let filled = own_folder(runs, &agent_id, needs_own).and_then(|made| {
            own = made;
            let input = input(&request.input, &folder, supervision.relay)?;
            fill(store, clock, (runs, project), (request, began, input), (agent_id, member.clone(), &folder))
        });
        match filled {
            Ok((order, loaded)) => Ok(Prepared { folder: folder.clone(), loaded, order, supervisor }),
            Err(error) => {
                supervisor.end();
                Err(error)
            }
        }
    });
    prepared.inspect_err(|_| {
        own.map(fs::remove_dir_all);
        // 'cleanup' removes it if its engine does not do so now.
        let _ = member.and_then(|it| it.engine().map(|engine| engine.remove(&it.name)));
        let _ = folder.discard(); // the next command that looks after runs removes it
    })
}

fn fill(
    store: &mut dyn Store,
    clock: Clock,
    (runs, project): (&Runs, &Path),
    (request, began, input): (&Request, SystemTime, Option<PathBuf>),
    (agent_id, member, folder): (AgentId, Option<PoolMember>, &RunFolder),
) -> Result<(Order, Option<LoadReport>)> {
    let (own, given) = (runs.workspace(&agent_id), request.workspace.as_deref());
    let mut places = match &request.container {
        None => Places::of_process(project, &own, given, folder)?,
        Some(container) => {
            left_containers::note(runs, request.runtime, &container.engine)?;
            Places::of_container(&own, given, &agent_id, &named_like(container, member.as_ref()))?
        }
    };
    let mut variables = request.environment.clone();
    let mut loaded = None;
    if request.skills != SkillsAs::None {
        let usage = UsageOf { agent_id: agent_id.to_string(), task_id: request.task_id.clone() };
        let to = Target { workspace: &places.skills, is_own: places.skills == own, prompt: &places.prompt };
        let (report, said) = skills::give(store, clock, &request.load, &usage, &request.skills, &to)?;
        loaded = Some(report);
        if said {
            places.show_prompt();
            environment::set(&mut variables, "CFN_SKILLS_PROMPT", &places.prompt_seen);
        }
    }
    let skills = loaded.iter().flat_map(|it| &it.skills).map(|it| format!("{} {}", it.picked.name, it.picked.version));
    let plan = Plan {
        agent_id,
        agent_type: request.load.agent_type.to_string(),
        task_id: request.task_id.clone(),
        iteration: request.identity.iteration.unwrap_or(1),
        runtime: request.runtime,
        command: request.command.iter().map(|it| it.to_string_lossy().into_owned()).collect(),
        workspace: places.workspace.clone(),
        container: places.container.take(),
        member,
        limits: request.limits.clone(),
        timeout: request.timeout,
        grace: request.grace,
        spawned_at: clock.moment().as_str().to_owned(),
        skills: skills.map(|it| it.trim_end().to_owned()).collect(),
        wave: request.wave.clone(),
    };
    environment::identify(&mut variables, &plan, &request.identity, (&places.workspace_seen, &places.project_seen));
    folder.set_plan(&plan)?;
    Ok((Order { plan, command: request.command.clone(), began, environment: variables, input }, loaded))
}

/// The plan of a container, with the name of the member that it is.
fn named_like(container: &ContainerPlan, member: Option<&PoolMember>) -> ContainerPlan {
    let name = member.map_or_else(|| container.name.clone(), |it| it.name.clone());
    ContainerPlan { name, ..container.clone() }
}

fn input(input: &Input, folder: &RunFolder, relay: &Relay) -> Result<Option<PathBuf>> {
    let path = folder.path().join(INPUT);
    match input {
        Input::Nothing => Ok(None),
        Input::File(path) => Ok(Some(path.clone())),
        Input::Stdin => match files::create(&path).and_then(|to| copy_stdin(to, relay)) {
            Ok(true) => Ok(Some(path)),
            Ok(false) => Err(AgentError::Interrupted),
            Err(source) => Err(AgentError::File { what: "copy the input to", path, source }),
        },
    }
}

/// Copies what this process reads; `false` if a signal ended that.
fn copy_stdin(mut to: File, relay: &Relay) -> io::Result<bool> {
    let mut from = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut buffer = vec![0; COPIED_AT_ONCE];
    while relay.lets_read(from.as_fd())? {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(count) => to.write_all(&buffer[..count])?,
            Err(error) if [io::ErrorKind::Interrupted, io::ErrorKind::WouldBlock].contains(&error.kind()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

impl Prepared {
    /// The plan of the run.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.order.plan
    }

    /// Gives the supervisor its order, and the terminal of the command. Returns when the command is about to start, or has
    /// ended.
    pub fn start(self, terminal: Option<&RunTerminal>) -> Result<Supervised> {
        let (agent, has_member) = (self.order.plan.agent_id.clone(), self.order.plan.member.is_some());
        let order = serde_json::to_vec(&self.order).map_err(|error| not_supervised(&agent, "got no order", &error))?;
        let Detached { process, mut input, output } = self.supervisor;
        let files = terminal.map(RunTerminal::files);
        // One that was killed meanwhile reads nothing, and says nothing.
        let _ = hand_over(&mut input, &order, files.as_ref().map_or(&[], |it| it));
        drop(input);
        Ok(Supervised::started((agent, self.folder), (process, output), has_member))
    }
}

fn not_supervised(agent: &AgentId, what: &str, error: &dyn std::fmt::Display) -> AgentError {
    AgentError::Supervisor { agent: agent.clone(), what: format!("{what}: {error}") }
}
