//! `cfn agent spawn`.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::end::joined;
use super::following::Following;
use super::given::GivenArgs;
use super::place::Place;
use super::said::{Described, Ends, exit_of, say_end};
use super::starting::Starting;
use crate::agents::{Input, Plan, Request, Starter, Supervised, Together};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::limits::{seconds, size};
use crate::cli::output::{Begun, Session};
use crate::model::{AgentId, AgentRun, AgentType, Exit};
use crate::process::Relay;
use crate::regular_file::is_null_device;

/// Without anything that says it, an agent is ended after this time.
const USUAL_TIME: Duration = Duration::from_secs(300);

/// Maximum number of runs of one command.
const MOST: i64 = 10_000;

/// Start an agent with its approved skills, within limits and a deadline
///
/// Prints the agent's id. Waits for its end, passes SIGINT and SIGTERM on, and ends with its exit code: 124 after the
/// timeout, 137 if it had more memory than it may, 128 + N after signal N, 127 if there is no such command. A supervisor
/// of its own keeps the deadline and writes the result, whatever becomes of this command.
///
/// With --count, it prints an id a line as the agents start, and ends with the code of all, or 1 if their codes differ; a
/// table on stderr says which.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent spawn backend-developer --task task-100 -- ./agent.sh
  cfn agent spawn tester --memory 1g --cpus 1.5 --timeout 600 --env API_KEY -- node agent.js
  cfn agent spawn tester --count 20 --parallel 4 --memory 1g --budget 8g -- ./agent.sh
  cfn agent spawn tester --tty --timeout 3600 -- claude
  cfn agent spawn reviewer --skills prompt --detach -- sh -c 'claude -p \"$(cat $CFN_SKILLS_PROMPT)\"'")]
pub(super) struct Args {
    /// Agent type, whose skills it gets
    agent_type: AgentType,
    /// Id of its task
    #[arg(long, visible_alias = "task-id", value_name = "ID")]
    task: Option<String>,
    /// Id of the agent [default: agent-TYPE-MILLISECONDS-RANDOM]
    #[arg(long, value_name = "ID", conflicts_with = "count")]
    agent_id: Option<AgentId>,
    /// Number of agents to start
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=MOST))]
    count: u16,
    /// Maximum number of them at once [default: CFN_MAX_PARALLEL_AGENTS, else twice the processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MOST))]
    parallel: Option<u16>,
    /// Memory that all agents of this project may have together; one that does not fit waits its turn [default:
    /// CFN_MEMORY_BUDGET, else no limit]
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "memory")]
    budget: Option<u64>,
    /// End it after this many seconds [default: by --mode (mvp 1800, standard 3600, enterprise 7200) and --phase (phase-2
    /// half as much more, phase-3 twice as much), else by --complexity, else 300]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// File for its stdin; '-' copies that of this command [default: nothing]
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,
    /// Show what it writes on stderr, while this command waits
    #[arg(long, conflicts_with = "detach")]
    follow: bool,
    /// Run it on a terminal of its own, which this one stands for: a person can work with it. What it writes is on stderr,
    /// and in the log of its stdout; it is stopped if this terminal hangs up
    #[arg(long, conflicts_with_all = ["detach", "count", "parallel", "stdin", "follow"])]
    tty: bool,
    /// Return when it has started, and do not wait for its end
    #[arg(long)]
    detach: bool,
    #[command(flatten)]
    given: GivenArgs,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let place = Place::of(context)?;
    let mut request = args.request(context)?;
    args.given.require([&mut request])?;
    let (session, terminal) = args.tty.then(|| context.output.session()).transpose()?.unzip();
    let mut starting = Starting::new(context, &place, args.budget)?;
    starting.check(&request)?;
    starting.set_terminal(terminal);
    let relay = Relay::listen().map_err(|error| Failure::internal(&error.to_string()))?;
    let usual = thread::available_parallelism().map_or(1, usize::from).saturating_mul(2);
    let (count, parallel) = (usize::from(args.count), parallel(context, args.parallel, usual)?);
    let (runs, ends) = (Vec::new(), Vec::new());
    let mut spawning = Spawning { context, place: &place, args, request, starting, session, begun: None, runs, ends };
    let started = Together { count, parallel, waits: !args.detach, until: None, relay: &relay }.run(&mut spawning)?;
    let interrupted = relay.signal().filter(|_| started < count).map(|it| Exit::Signal(u8::try_from(it).unwrap_or(0)));
    Ok(spawning.exit(interrupted))
}

/// Maximum number of runs at once.
pub(super) fn parallel(context: &Context, given: Option<u16>, usual: usize) -> Result<usize, Failure> {
    match given {
        Some(given) => Ok(usize::from(given)),
        None => Ok(context.settings.parallel_agents()?.unwrap_or(usual)),
    }
}

impl Args {
    fn request(&self, context: &Context) -> Result<Request, Failure> {
        let timeout = self.timeout.map_or_else(|| self.given.time(context, &self.agent_type, USUAL_TIME), Ok)?;
        let request = self.given.request(context, &self.agent_type, self.task.as_deref(), timeout)?;
        if self.tty && request.pool.is_some() {
            tracing::info!("a container that waits cannot be given a terminal: the agent gets a new one");
        }
        let pool = request.pool.filter(|_| !self.tty);
        let input = match &self.stdin {
            None => Input::Nothing,
            Some(path) if path.as_os_str() == "-" && self.count > 1 => {
                let hint = "Write it to a file, and name that with --stdin.";
                return Err(Failure::input("the input of this command is for one agent only", hint));
            }
            Some(path) if path.as_os_str() == "-" => Input::Stdin,
            Some(path) => match context.absolute(path) {
                path if is_null_device(&path) => Input::Nothing,
                path => Input::File(path),
            },
        };
        Ok(Request { pool, input, ..request })
    }
}

/// The runs of this command.
struct Spawning<'a> {
    context: &'a Context,
    place: &'a Place,
    args: &'a Args,
    request: Request,
    starting: Starting<'a>,
    /// On the terminal of the only run, until it starts, and then until it ends.
    session: Option<Session>,
    begun: Option<Begun>,
    runs: Vec<Running>,
    ends: Vec<AgentRun>,
}

/// A run that this command started.
struct Running {
    plan: Plan,
    process: u32,
    following: Option<Following>,
}

impl Spawning<'_> {
    fn describe(&self, running: &Running, result: Option<&AgentRun>) -> Result<(), Failure> {
        let described = Described { plan: &running.plan, identity: &self.request.identity, process: running.process };
        described.say(self.context.output, result)
    }

    fn following(&self, agent: &AgentId) -> Result<Option<Following>, Failure> {
        let Some(folder) = self.place.runs.find(agent.as_str()).filter(|_| self.args.follow) else { return Ok(None) };
        let name = (self.args.count > 1).then(|| agent.to_string());
        let following = Following::start(&folder, name, self.context.output);
        following.map(Some).map_err(|error| Failure::internal(&error.to_string()))
    }

    /// The exit of all; `interrupted` is that of those that were not started.
    fn exit(self, interrupted: Option<Exit>) -> Exit {
        let exits: Vec<_> = self.ends.iter().map(exit_of).chain(interrupted).collect();
        let differ = exits.iter().any(|it| it.code() != exits[0].code());
        if differ && !self.context.output.json() {
            self.context.output.on_stderr(&Ends(self.ends));
        }
        joined(&exits)
    }
}

impl Starter for Spawning<'_> {
    type Error = Failure;

    fn start(&mut self, _: usize, relay: &Relay) -> Result<Option<Supervised>, Failure> {
        let now = self.context.clock.now().as_millisecond();
        let agent = self.args.agent_id.clone().unwrap_or_else(|| AgentId::new(&self.args.agent_type, now));
        let Some((plan, supervised)) = self.starting.start(&self.request, agent, relay)? else { return Ok(None) };
        let following = self.following(&plan.agent_id)?;
        let running = Running { plan, process: supervised.process(), following };
        if self.args.detach || !self.context.output.json() {
            self.describe(&running, None)?;
        }
        self.runs.push(running);
        let begun = self.session.take().map(Session::begin).transpose();
        self.begun = begun.map_err(|error| Failure::internal(&format!("the terminal is none any more: {error}")))?;
        if self.runs.len() == usize::from(self.args.count) {
            self.starting.close();
        }
        Ok(Some(supervised))
    }

    fn ended(&mut self, number: usize, run: Option<AgentRun>) -> Result<(), Failure> {
        if let Some(begun) = self.begun.take() {
            begun.end();
        }
        let result = self.starting.result(&self.runs[number].plan.agent_id, run)?;
        if let Some(following) = self.runs[number].following.take() {
            following.end();
        }
        if self.args.detach {
            return Ok(());
        }
        if self.context.output.json() {
            self.describe(&self.runs[number], Some(&result))?;
        }
        say_end(self.context.output, &self.runs[number].plan, &result, self.args.count > 1);
        self.ends.push(result);
        Ok(())
    }
}
