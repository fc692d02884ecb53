//! `cfn agent logs`.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::place::Place;
use crate::agents::{AgentError, RunFolder, log_before};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::model::Exit;

/// Interval for looking for more.
const LOOKS: Duration = Duration::from_millis(50);

/// Print what an agent wrote: its stdout to stdout, and its stderr to stderr
///
/// The last 16 to 32 MiB of each are kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent logs agent-tester-1764201600000-a1b2c3d -f")]
pub(super) struct Args {
    /// Id of the agent
    #[arg(value_name = "ID")]
    agent: String,
    /// Go on until it has ended
    #[arg(short, long)]
    follow: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let place = Place::of(context)?;
    let unknown = || AgentError::Unknown(args.agent.clone());
    let folder = place.runs.find(&args.agent).ok_or_else(unknown)?;
    let mut streams = ["stdout", "stderr"].map(|it| Stream::of(&folder, it));
    loop {
        // Before reading: what is written before the end is read then.
        let is_over = !args.follow || folder.is_recorded || !folder.is_alive();
        let mut some = streams[0].next()?;
        context.output.raw(&some)?;
        let errors = streams[1].next()?;
        context.output.stderr_bytes(&errors);
        some.extend(errors);
        if some.is_empty() {
            if is_over {
                return Ok(Exit::Done);
            }
            thread::sleep(LOOKS);
        }
    }
}

/// A log that may grow, and may be begun anew.
struct Stream {
    path: PathBuf,
    /// The one to read last is the first.
    files: Vec<File>,
}

impl Stream {
    fn of(folder: &RunFolder, stream: &str) -> Self {
        let path = folder.log(stream);
        let files = [File::open(&path), File::open(log_before(&path))];
        Self { files: files.into_iter().flatten().collect(), path }
    }

    /// What comes next; empty if there is nothing yet.
    fn next(&mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(file) = self.files.last_mut() {
            file.take(1 << 20).read_to_end(&mut bytes).map_err(|error| Failure::output(&error))?;
            if !bytes.is_empty() {
                break;
            }
            if self.files.len() == 1 {
                match self.begun_anew() {
                    Some(next) => self.files.insert(0, next),
                    None => break,
                }
            }
            self.files.pop();
        }
        Ok(bytes)
    }

    /// The log that took the place of the one that was read to its end.
    fn begun_anew(&self) -> Option<File> {
        let next = File::open(&self.path).ok()?;
        let number = |it: &File| it.metadata().ok().map(|it| it.ino());
        (number(&next) != number(self.files.first()?)).then_some(next)
    }
}
