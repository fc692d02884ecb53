//! `cfn agent load-test`: agents that run again and again, and what they cost.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::load_page::page;
use super::load_report::{LoadReport, LoadSample};
use super::place::Place;
use super::starting::Starting;
use crate::agents::{self, Identity, Input, Request, RuntimeKind, SkillsAs, Starter, Supervised, Together};
use crate::cli::context::Context;
use crate::cli::document;
use crate::cli::failure::Failure;
use crate::cli::limits::{LimitArgs, pause, require_processors, seconds};
use crate::cli::output::Output;
use crate::model::{AgentId, AgentRun, AgentType, Exit, Visible};
use crate::ops::{self, Layout, Load};
use crate::process::Relay;
use crate::settings::CacheSettings;

/// How long Redis is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The time between asking the last agents to end and ending them.
const GRACE: Duration = Duration::from_secs(1);

/// Loads its skills, as agents do, and works for a second.
const USUAL: [&str; 3] = ["sh", "-c", "\"$CFN_LOAD_TEST\" load \"$AGENT_TYPE\" > /dev/null && sleep 1"];

/// Run agents for a while, so many at once, and measure it
///
/// When an agent ends, the next one starts, until the time is over. Shows what a spawn takes, and every 10 seconds the
/// number of agents that run, their memory as the kernel counts it, and the commands that Redis answers in a second. Exit 10
/// if an agent failed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent load-test --agents 10 --duration 300s
  cfn agent load-test tester --agents 10 --duration 60s --memory 512m --html load.html -- ./agent.sh")]
pub(super) struct Args {
    /// Agent type, whose skills they get
    #[arg(default_value = "load-test")]
    agent_type: AgentType,
    /// Number of agents at once
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u16).range(1..=1000))]
    agents: u16,
    /// How long: seconds, or a number with s, m or h
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = time)]
    duration: Duration,
    /// Seconds between two samples
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = pause)]
    every: Duration,
    #[command(flatten)]
    limits: LimitArgs,
    /// Write the figures as one self-contained HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The command and its arguments [default: loads its skills with cfn, and sleeps for a second]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, text.chars().last()),
        None => (text, None),
    };
    let factor = match unit {
        Some('m') => 60.0,
        Some('h') => 3600.0,
        _ => 1.0,
    };
    let wrong = || "a time is a number with s, m or h, such as 300s".to_owned();
    let given = seconds(number).map_err(|_| wrong())?.mul_f64(factor);
    if given.is_zero() { Err(wrong()) } else { Ok(given) }
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let place = Place::of(context)?;
    let starting = Starting::new(context, &place, None)?;
    let request = args.request(context)?;
    require_processors(&request.limits)?;
    starting.check(&request)?;
    let relay = Relay::listen().map_err(|error| Failure::internal(&error.to_string()))?;
    let begun = AtomicUsize::new(0);
    let mut testing = Testing {
        context,
        request,
        starting,
        begun: &begun,
        agents: Vec::new(),
        spawns_ms: Vec::new(),
        ends: Vec::new(),
    };
    let until = Some(Instant::now() + args.duration);
    let together = Together { count: usize::MAX, parallel: args.agents.into(), waits: true, until, relay: &relay };
    let (redis, output) = (redis(context)?, context.output);
    let (end, ended) = mpsc::channel::<()>();
    let (ran, samples) = thread::scope(|scope| {
        let (place, begun) = (&place, &begun);
        let sampling = scope.spawn(move || samples(place, begun, args.every, (redis, output), &ended));
        let ran = together.run(&mut testing);
        drop(end);
        (ran, sampling.join().unwrap_or_default())
    });
    ran?;
    let report =
        LoadReport::of(&args.agent_type, args.agents, args.duration, &testing.spawns_ms, &testing.ends, samples);
    if let Some(path) = &args.html {
        let path = context.absolute(path);
        document::publish(&path, &page(&report, context.clock.moment().as_str()), None)?;
        context.output.note(&format!("wrote the page to {}", Visible(path.to_string_lossy())));
    }
    context.output.answer(&report)?;
    Ok(match relay.signal() {
        Some(signal) => Exit::Signal(u8::try_from(signal).unwrap_or(0)),
        None => Exit::done_if(report.failed == 0, Exit::Target),
    })
}

impl Args {
    fn request(&self, context: &Context) -> Result<Request, Failure> {
        let usual = self.command.is_empty();
        let mut named = Vec::new();
        if usual {
            let own = std::env::current_exe().map_err(|error| Failure::internal(&error.to_string()))?;
            let database = context.settings.database()?.as_argument().to_owned();
            named = vec![
                ("CFN_LOAD_TEST".into(), Some(own.into_os_string())),
                ("CFN_SKILLS_DB_PATH".into(), Some(database)),
            ];
        }
        Ok(Request {
            load: Load { format: ops::Format::Names, ..Load::usual(self.agent_type.clone()) },
            skills: SkillsAs::Folders(vec![Layout::Claude]),
            task_id: None,
            identity: Identity::default(),
            environment: agents::passed(std::env::vars_os(), &named),
            runtime: RuntimeKind::Process,
            container: None,
            pool: None,
            command: if usual { USUAL.map(OsString::from).into() } else { self.command.clone() },
            workspace: None,
            limits: self.limits.limits(),
            timeout: self.duration + GRACE,
            grace: GRACE,
            input: Input::Nothing,
            wave: None,
        })
    }
}

/// The settings of the Redis server, if there is one.
fn redis(context: &Context) -> Result<Option<CacheSettings>, Failure> {
    let mut settings = context.settings.cache()?;
    settings.server = context.settings.coordination_server()?;
    Ok(Some(settings).filter(|it| it.server.is_some()))
}

/// Samples until the end.
fn samples(
    place: &Place,
    begun: &AtomicUsize,
    every: Duration,
    (redis, output): (Option<CacheSettings>, Output),
    ended: &Receiver<()>,
) -> Vec<LoadSample> {
    let since = Instant::now();
    let mut redis = redis.and_then(|it| {
        let connected = Context::connect_cache_within(PATIENCE, &it);
        connected.inspect_err(|error| output.warn(&format!("Redis is not measured: {error}"))).ok()
    });
    let mut commands = || redis.as_mut().and_then(|it| it.facts().ok()?.commands);
    let (mut before, mut at) = (commands(), Instant::now());
    let mut samples = Vec::new();
    while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        let running = agents::list(&place.runs, None, None, false).unwrap_or_default();
        let running: Vec<_> = running.iter().filter(|it| it.state == agents::RUNNING).collect();
        let now = commands();
        let elapsed = at.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a number of commands is far below 2^53")]
        let rate = now.zip(before).map(|(now, before)| now.saturating_sub(before) as f64 / elapsed);
        samples.push(LoadSample {
            seconds: since.elapsed().as_secs_f64(),
            running: running.len(),
            spawned: begun.load(Ordering::Relaxed),
            memory_bytes: running.iter().filter_map(|it| it.memory_bytes).sum(),
            redis_commands_per_s: rate,
        });
        (before, at) = (now, Instant::now());
    }
    samples
}

/// The agents of the test.
struct Testing<'a> {
    context: &'a Context,
    request: Request,
    starting: Starting<'a>,
    begun: &'a AtomicUsize,
    agents: Vec<AgentId>,
    spawns_ms: Vec<f64>,
    ends: Vec<AgentRun>,
}

impl Starter for Testing<'_> {
    type Error = Failure;

    fn start(&mut self, _: usize, relay: &Relay) -> Result<Option<Supervised>, Failure> {
        let agent = AgentId::new(&self.request.load.agent_type, self.context.clock.now().as_millisecond());
        let since = Instant::now();
        let Some((plan, supervised)) = self.starting.start(&self.request, agent, relay)? else { return Ok(None) };
        self.spawns_ms.push(since.elapsed().as_secs_f64() * 1e3);
        self.agents.push(plan.agent_id);
        self.begun.fetch_add(1, Ordering::Relaxed);
        Ok(Some(supervised))
    }

    fn ended(&mut self, number: usize, run: Option<AgentRun>) -> Result<(), Failure> {
        let run = self.starting.result(&self.agents[number], run)?;
        self.ends.push(run);
        Ok(())
    }
}
