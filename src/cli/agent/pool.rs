//! `cfn agent pool …`.

use std::ffi::OsStr;

use clap::Subcommand;

use super::container::ContainerArgs;
use super::engine::{self, require_image};
use super::place::{Place, database_id};
use crate::agents::{AgentError, EnginePlace, Owner, Pool, PoolCare, PoolPlan, PoolStatus};
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::limits::LimitArgs;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::linux::OWN_PROGRAM;
use crate::model::{AgentType, Exit, Visible};
use crate::process::start_in_background;

/// Keep containers ready for agents, which 'cfn agent spawn --pool' takes
///
/// Each is for one run, and removed after it: no agent sees what the one before left.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent pool start --size 4 --image cfn-agent:latest --memory 1g --keep
  cfn agent pool status
  cfn agent pool stop")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Start(Box<StartArgs>),
    Status(StatusArgs),
    Stop(StopArgs),
    Keep(KeepArgs),
}

/// Start containers that wait for agents
///
/// They run 'sleep infinity' of the image until an agent takes them, and cfn itself, which is mounted there: it must be
/// built with CFN_STATIC=1 where the image has another C library. The engine must be on this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent pool start --size 4 --image cfn-agent:latest --memory 1g --keep
  cfn agent pool start --size 2 --image cfn-agent:latest --type reviewer")]
struct StartArgs {
    /// How many wait
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    size: u16,
    /// Keep them for agents of this type
    #[arg(long = "type", value_name = "TYPE")]
    agent_type: Option<AgentType>,
    #[command(flatten)]
    container: ContainerArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// Leave a process that starts a new one for each that was taken
    #[arg(long)]
    keep: bool,
}

/// Show how many containers wait
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent pool status --json")]
struct StatusArgs {}

/// End the containers that wait
///
/// Those that agents have taken are left to them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent pool stop
  cfn agent pool stop --type reviewer")]
struct StopArgs {
    /// Only those for agents of this type
    #[arg(long = "type", value_name = "TYPE")]
    agent_type: Option<AgentType>,
}

/// Start a new container for each that was taken, until the pool is stopped
///
/// One process does it for all pools of a project; a second one ends at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent pool keep")]
struct KeepArgs {}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let place = Place::of(context)?;
    let pool = Pool::of(&place.runs);
    match &args.command {
        Command::Start(args) => start(context, &place, &pool, args)?,
        Command::Status(_) => {}
        Command::Stop(args) => {
            with_care(context, &pool, |care| Ok(care.stop(args.agent_type.as_ref().map(AgentType::as_str))?))?;
        }
        Command::Keep(_) => {
            let mut warn = |error: &AgentError| {
                context.output.warn(&format!("the pool is not filled: {}", Visible(error.to_string())));
            };
            return with_care(context, &pool, |care| Ok(care.keep(&mut warn)?)).map(|()| Exit::Done);
        }
    }
    context.output.answer(&Pools { pools: pool.status() })?;
    Ok(Exit::Done)
}

fn with_care<T>(
    context: &Context,
    pool: &Pool,
    work: impl FnOnce(PoolCare<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let database = database_id(context.open(Access::Read)?.as_mut())?;
    pool.runs().ensure()?;
    let owner = Owner { database, place: pool.runs().place() };
    work(PoolCare { pool, owner: &owner })
}

fn start(context: &Context, place: &Place, pool: &Pool, args: &StartArgs) -> Result<(), Failure> {
    let (runtime, Some(container)) = args.container.plan(context)? else {
        return Err(Failure::input("a pool needs an image", "Name it with --image."));
    };
    require_image(runtime, &container)?;
    if engine::place(runtime, &container)? == EnginePlace::AnotherMachine {
        let message = "the engine is on another machine, and a pool needs folders of this one";
        return Err(Failure::input(message, "Leave out the pool: 'cfn agent spawn --image' starts containers there."));
    }
    let agent_type = args.agent_type.as_ref().map(|it| it.as_str().to_owned());
    let limits = args.limits.limits();
    pool.set_plan(&PoolPlan { size: usize::from(args.size), agent_type, runtime, container, limits })?;
    with_care(context, pool, |care| {
        care.take_up()?;
        Ok(care.fill()?)
    })?;
    if args.keep { keep_in_background(context, place) } else { Ok(()) }
}

fn keep_in_background(context: &Context, place: &Place) -> Result<(), Failure> {
    let location = context.settings.database()?;
    let database = location.as_argument().to_owned();
    let arguments = ["--quiet", "--db"].map(OsStr::new).into_iter().chain([database.as_os_str()]);
    let arguments = arguments.chain(["agent", "pool", "keep"].map(OsStr::new));
    let variables = ["PATH", "HOME", "CFN_CONFIG"].map(|name| (name, std::env::var_os(name)));
    let variables = variables.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    debug_assert!(place.project.is_dir());
    start_in_background(OWN_PROGRAM.as_ref(), arguments, variables)
        .map(drop)
        .map_err(|error| Failure::internal(&format!("the process that keeps the pool could not be started: {error}")))
}

/// All pools of the project.
#[derive(Debug, serde::Serialize)]
struct Pools {
    pools: Vec<PoolStatus>,
}

impl Report for Pools {
    fn text(&self, page: &mut Page) {
        if self.pools.is_empty() {
            page.line("no pool");
        }
        for it in &self.pools {
            let of_type =
                it.agent_type.as_ref().map_or_else(|| "all agents".to_owned(), |it| format!("agents of type {it}"));
            let waiting = counted(it.waiting, "container");
            page.line(format!(
                "{waiting} of {} waiting for {of_type}: {} ({})",
                it.size,
                Visible(&it.image),
                it.runtime
            ));
        }
    }
}
