//! `cfn bench` without a subcommand.

mod markdown;
pub(super) mod text;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::html;
use super::publish::publish;
use super::scratch::{Scratch, own_program, place_database};
use crate::bench::suite::{Comparison, Recorder, Run, Suite, SuiteReport, measure};
use crate::bench::workload::Workload;
use crate::cli::agent::engine_variables;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::interruption::Interruption;
use crate::model::{Exit, Visible};
use crate::process::Program;

/// Rounds and time limit of a full run: with its setup, it stays below a minute even on a slow machine.
const FULL: (u32, Duration) = (200, Duration::from_secs(45));

/// Rounds and time limit of a quick run, which stays below 10 s.
const QUICK: (u32, Duration) = (20, Duration::from_secs(6));

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Take 20 samples instead of 200, in less than 10 s
    #[arg(long)]
    quick: bool,
    /// Maximum number of measured rounds, within 45 s (--quick: 6 s)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: Option<u32>,
    /// Number of skills in a generated database
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    skills: u32,
    /// Number of rows in its usage log
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    usage_rows: u32,
    /// Image of agents, which has 'true': to measure the start of a container in docker
    #[arg(long, value_name = "IMAGE")]
    agent_image: Option<String>,
    /// Print Markdown, for the summary of a CI job
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Also write an HTML page with charts to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Compare with an earlier run on this machine: its --json output or --samples file
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Maximum slowdown of an operation against the baseline
    #[arg(long, default_value = "10%", value_name = "PERCENT", value_parser = percent, requires = "baseline")]
    max_regression: f64,
    /// Exit 0 even if a target or the baseline was missed
    #[arg(long)]
    no_fail: bool,
    /// Also write each sample to this file immediately, as JSON lines
    #[arg(long, value_name = "FILE")]
    samples: Option<PathBuf>,
    /// Show an earlier run, from its --samples file or --json output, without measuring
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "runs", "skills", "usage_rows", "samples", "agent_image"])]
    from: Option<PathBuf>,
}

/// Parses a percentage as a fraction.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end().parse::<f64>().ok();
    number
        .filter(|it| (0.0..=1000.0).contains(it))
        .map(|it| it / 100.0)
        .ok_or_else(|| "expected a percentage such as 10%".to_owned())
}

pub(super) fn run(context: &Context, args: &Options, stop: &Interruption) -> Result<Exit, Failure> {
    let read = |it: &Path| Run::read(&context.absolute(it));
    // Fail before a minute of measuring, not after it.
    let before = args.baseline.as_deref().map(read).transpose()?;
    let run = match &args.from {
        Some(path) => read(path)?,
        None => measured(context, args, stop)?,
    };
    let baseline = before.map(|it| Comparison::of(&it, &run, args.max_regression));
    let report = SuiteReport::of(run, baseline);
    if args.markdown {
        context.output.raw(markdown::write(&report).as_bytes())?;
    } else {
        context.output.answer(&report)?;
    }
    warn(context, &report);
    if let Some(path) = &args.html {
        publish(context, path, &html::suite(&report, context.clock.moment().as_str()))?;
    }
    Ok(Exit::done_if(report.passed || args.no_fail, Exit::Target))
}

/// Warns of missed targets and regressions.
fn warn(context: &Context, report: &SuiteReport) {
    for line in report.failures() {
        context.output.warn(&Visible(line).to_string());
    }
}

fn measured(context: &Context, args: &Options, stop: &Interruption) -> Result<Run, Failure> {
    let scratch = Scratch::new()?;
    let own = context.with_database(&scratch.database());
    let mut recorder = match &args.samples {
        Some(path) => Recorder::create(&context.absolute(path))?,
        None => Recorder::none(),
    };
    let workload =
        Workload { skills: args.skills as usize, usage_rows: args.usage_rows as usize, used_skills: usize::MAX };
    place_database(context, &own, &scratch, workload, stop)?;
    let open = own.opening(Access::Write)?.opener();
    let cfn = Program::new(&own_program()?, scratch.path()).args(["--db"]).args([scratch.database()]);
    let (rounds, limit) = if args.quick { QUICK } else { FULL };
    let redis = context.redis()?;
    let response = || redis.as_ref()?.response_time();
    if redis.is_some() && response().is_none() {
        context.output.warn("Redis does not answer; its response time is not measured");
    }
    // The client is on the PATH, and finds the engine by its own variables.
    let found = std::env::var_os("PATH").map(|it| ("PATH".to_owned(), it));
    let variables = engine_variables().map(|(name, value)| (name, value.into())).chain(found);
    let in_container = variables.fold(cfn.clone(), |cfn, (name, value)| cfn.env(name, value));
    let suite = Suite {
        cfn: &cfn,
        folder: scratch.path(),
        origin: if context.names_database { "copy" } else { "generated" },
        open: &open,
        redis: redis.is_some().then_some(&response),
        image: args.agent_image.as_deref().map(|it| (&in_container, it)),
        rounds: args.runs.unwrap_or(rounds) as usize,
        limit,
        clock: context.clock,
        stop: stop.flag(),
    };
    let mut progress = context.output.progress("measuring");
    Ok(measure(&suite, &mut recorder, &mut |done, all| progress.at(done, all))?)
}
