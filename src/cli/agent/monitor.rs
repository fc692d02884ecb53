//! `cfn agent monitor`.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::place::{Place, history};
use super::wave::BROKEN;
use super::wave_report::{TIMEOUT, WaveOutcome};
use crate::agents::{self, WaveManifest};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::limits::{pause, seconds};
use crate::model::Exit;
use crate::store::AgentRuns;

/// Wait for the end of a wave, by its manifest
///
/// The exit code is 0 if all are completed, 1 if some failed, 2 if some were ended by their deadline, or run on after
/// the timeout, and 3 if the manifest cannot be used.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent monitor .cfn-workspaces/.waves/t1-wave-1.json --timeout 600")]
pub(super) struct Args {
    /// The manifest
    #[arg(value_name = "MANIFEST")]
    manifest: PathBuf,
    /// Return after this many seconds, and leave the runs alone
    #[arg(long, value_name = "SECONDS", default_value = "1800", value_parser = seconds)]
    timeout: Duration,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = pause)]
    poll_interval: Duration,
}

/// Any error is 3 here, as it is to the fleet's scripts.
pub(super) fn run(context: &Context, args: &Args) -> Exit {
    monitor(context, args).unwrap_or_else(|failure| {
        context.output.failure(&failure);
        BROKEN
    })
}

fn monitor(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let place = Place::of(context)?;
    let path = context.absolute(&args.manifest);
    let until = Instant::now() + args.timeout;
    loop {
        place.look_after(context);
        let manifest = WaveManifest::read(&path)?; // the wave may have started more
        let outcome = WaveOutcome::of_manifest(path.clone(), &manifest, |agent| {
            let mut history = history(context);
            let history = history.as_mut().map(|it| &mut **it as &mut dyn AgentRuns);
            agents::status_of(&place.runs, history, agent).ok()?.result
        });
        let left = until.saturating_duration_since(Instant::now());
        if outcome.is_over() || left.is_zero() {
            context.output.answer(&outcome)?;
            return Ok(if outcome.is_over() { outcome.exit() } else { TIMEOUT });
        }
        thread::sleep(args.poll_interval.min(left));
    }
}
