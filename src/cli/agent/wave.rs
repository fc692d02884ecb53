//! `cfn agent wave`: the batches of the fleet's planner, each by an agent.

use std::path::PathBuf;
use std::time::Duration;

use super::given::GivenArgs;
use super::place::Place;
use super::spawn::parallel;
use super::starting::Starting;
use super::wave_report::{PlannedWave, PlannedWaves, WaveOutcome, WaveReport};
use crate::agents::{Batch, Plan, Request, Starter, Supervised, Together, Wave, WaveManifest, WavePlan};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::limits::{seconds, size};
use crate::model::{AgentId, AgentRun, AgentType, Exit};
use crate::process::Relay;

/// The time for a batch.
const USUAL_TIME: Duration = Duration::from_secs(1800);

/// Maximum number of agents at once.
const USUALLY_AT_ONCE: u16 = 5;

/// Exit code where a plan cannot be run.
pub(super) const BROKEN: Exit = Exit::Command(3);

/// Run a wave plan: one wave after the other, and for each batch an agent
///
/// A plan is what the fleet's planner writes: {"task_id": "t1", "waves": [{"wave_number": 1, "batches": [{"batch_id": "b1",
/// "tier": 1, "task_prompt": "…", "agent_type": "tester"}]}]}. An agent has 512, 600, 800 or 1,024 MiB by its tier
/// (CFN_TIER_1_MEMORY and so on), and BATCH_ID, WAVE_NUMBER, TASK_PROMPT and TASK_TIMEOUT in its environment.
///
/// The manifest of each wave says what was started and what became of it; 'cfn agent monitor' and 'cfn agent cleanup
/// --manifest' read it. Exit codes: 0 all are completed, 1 some failed, 2 some were ended by their deadline, 3 the plan could
/// not be run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent wave plan.json --wave 1 --agent-type backend-developer -- ./agent.sh
  cfn agent wave plan.json --wave all --budget 40g -- sh -c 'claude -p \"$TASK_PROMPT\"'")]
pub(super) struct Args {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Number of the wave to run, or 'all'
    #[arg(long, value_name = "N|all", value_parser = number)]
    wave: Number,
    /// Agent type of batches for which the plan has none
    #[arg(long, value_name = "TYPE")]
    agent_type: Option<AgentType>,
    /// Maximum number of agents at once [default: CFN_MAX_PARALLEL_AGENTS, else 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    parallel: Option<u16>,
    /// Memory that all agents of this project may have together; one that does not fit waits its turn [default:
    /// CFN_MEMORY_BUDGET, else no limit]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    budget: Option<u64>,
    /// End an agent after this many seconds [default: by --mode, --phase or --complexity, else 1800]
    #[arg(long, visible_alias = "task-timeout", value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// File for the manifest of the wave [default: .cfn-workspaces/.waves/TASK-wave-N.json]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Say what would be started
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    given: GivenArgs,
}

/// Which waves to run.
#[derive(Debug, Clone, Copy)]
struct Number(Option<u32>);

fn number(text: &str) -> Result<Number, String> {
    if text == "all" {
        return Ok(Number(None));
    }
    text.parse().map(|it| Number(Some(it))).map_err(|_| "a wave is a number, or 'all'".to_owned())
}

/// Any error is 3 here, as it is to the fleet's scripts.
pub(super) fn run(context: &Context, args: &Args) -> Exit {
    waves(context, args).unwrap_or_else(|failure| {
        context.output.failure(&failure);
        BROKEN
    })
}

fn waves(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let plan = WavePlan::read(&context.absolute(&args.plan))?;
    let no_wave = |what| Failure::input(what, "Name a wave of the plan, or 'all'.");
    let waves = plan.waves_of(args.wave.0).map_err(no_wave)?;
    if args.output.is_some() && waves.len() > 1 {
        return Err(Failure::input("several waves have several manifests", "Name one wave, or leave out --output."));
    }
    let mut requests = Vec::new();
    for wave in &waves {
        let of_batch = |it| args.request(context, &plan.task_id, wave.wave_number, it);
        requests.push(wave.batches.iter().map(of_batch).collect::<Result<Vec<_>, _>>()?);
    }
    if args.dry_run {
        let waves = waves.iter().zip(&requests).map(|(wave, requests)| PlannedWave::of(wave, requests));
        context.output.answer(&PlannedWaves { task_id: plan.task_id.clone(), waves: waves.collect() })?;
        return Ok(Exit::Done);
    }
    args.given.require(requests.iter_mut().flatten())?;
    let place = Place::of(context)?;
    let starting = Starting::new(context, &place, args.budget)?;
    requests.iter().flatten().try_for_each(|it| starting.check(it))?;
    let relay = Relay::listen().map_err(|error| Failure::internal(&error.to_string()))?;
    let at_once = parallel(context, args.parallel, USUALLY_AT_ONCE.into())?;
    let mut running =
        Running { context, starting, requests: &[], manifest: None, path: PathBuf::new(), ends: Vec::new() };
    let mut report = WaveReport { task_id: plan.task_id.clone(), waves: Vec::new() };
    for (wave, requests) in waves.iter().zip(&requests) {
        let outcome = running.wave(wave, requests, args.path(context, &place, &plan, wave)?, (&relay, at_once))?;
        report.waves.push(outcome);
        if let Some(signal) = relay.signal() {
            context.output.answer(&report)?;
            return Ok(Exit::Signal(u8::try_from(signal).unwrap_or(0)));
        }
    }
    context.output.answer(&report)?;
    Ok(report.exit())
}

impl Args {
    fn request(&self, context: &Context, task: &str, wave: u32, batch: &Batch) -> Result<Request, Failure> {
        let invalid = |error: &dyn std::fmt::Display| Failure::input(error.to_string(), "Correct the plan.");
        let own = batch.agent_type().map_err(|error| invalid(&error))?;
        let Some(agent_type) = own.or_else(|| self.agent_type.clone()) else {
            let message = format!("batch {} has no agent type", crate::model::Visible(&batch.batch_id));
            return Err(Failure::input(message, "Name one with --agent-type, or as 'agent_type' in the plan."));
        };
        let timeout = self.timeout.map_or_else(|| self.given.time(context, &agent_type, USUAL_TIME), Ok)?;
        let mut request = self.given.request(context, &agent_type, Some(task), timeout)?;
        if request.limits.memory_bytes.is_none() {
            request.limits.memory_bytes = context.settings.tier_memory(batch.tier)?;
        }
        Ok(request.in_wave(wave, batch))
    }

    fn path(&self, context: &Context, place: &Place, plan: &WavePlan, wave: &Wave) -> Result<PathBuf, Failure> {
        match &self.output {
            Some(path) => Ok(context.absolute(path)),
            None => Ok(place.runs.manifest(&plan.task_id, wave.wave_number)?),
        }
    }
}

/// The wave that runs now.
struct Running<'a> {
    context: &'a Context,
    starting: Starting<'a>,
    requests: &'a [Request],
    manifest: Option<WaveManifest>,
    path: PathBuf,
    ends: Vec<(Plan, Option<AgentRun>)>,
}

impl<'a> Running<'a> {
    fn wave(
        &mut self,
        wave: &Wave,
        requests: &'a [Request],
        path: PathBuf,
        (relay, parallel): (&Relay, usize),
    ) -> Result<WaveOutcome, Failure> {
        let manifest = WaveManifest::new(wave.wave_number, self.context.clock.moment().as_str().to_owned());
        manifest.write(&path)?;
        (self.requests, self.manifest, self.path) = (requests, Some(manifest), path);
        Together { count: requests.len(), parallel, waits: true, until: None, relay }.run(self)?;
        let runs = std::mem::take(&mut self.ends);
        Ok(WaveOutcome::of(wave.wave_number, requests.len(), self.path.clone(), &runs))
    }

    /// Changes the manifest.
    fn note(&mut self, change: impl FnOnce(&mut WaveManifest)) -> Result<(), Failure> {
        if let Some(manifest) = &mut self.manifest {
            change(manifest);
            manifest.write(&self.path)?;
        }
        Ok(())
    }
}

impl Starter for Running<'_> {
    type Error = Failure;

    fn start(&mut self, number: usize, relay: &Relay) -> Result<Option<Supervised>, Failure> {
        let request = &self.requests[number];
        let agent = AgentId::new(&request.load.agent_type, self.context.clock.now().as_millisecond());
        let Some((plan, supervised)) = self.starting.start(request, agent, relay)? else { return Ok(None) };
        self.note(|it| it.add(&plan))?;
        self.ends.push((plan, None));
        Ok(Some(supervised))
    }

    fn ended(&mut self, number: usize, run: Option<AgentRun>) -> Result<(), Failure> {
        let result = self.starting.result(&self.ends[number].0.agent_id, run)?;
        self.note(|it| it.end(&result))?;
        self.ends[number].1 = Some(result);
        Ok(())
    }
}
