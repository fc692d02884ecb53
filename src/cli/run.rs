//! `cfn run`, and the hidden mode through which a command gets into its control group.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use super::context::Context;
use super::failure::{Failure, FailureKind};
use super::limits::{LimitArgs, require_processors, seconds};
use super::numbers::bytes;
use crate::linux::Limits;
use crate::model::Exit;
use crate::process::{
    Bounded, Ending, Finished, NotEntered, Session, Waiting, become_command, become_what_is_told, limited,
};

/// Exit code of a command that its deadline ended, as `timeout` has it.
const TIMEOUT: u8 = 124;

/// Exit code of a command that a limit ended: that of the signal by which the kernel does it.
const EXCEEDED: u8 = 137;

/// Exit code where the command is not there.
const NOT_FOUND: u8 = 127;

/// Exit code where the command may not be run.
const NOT_RUNNABLE: u8 = 126;

/// Run a command within limits, and leave nothing of it behind
///
/// The limits hold for all processes of the command together. When it ends, what it left running is ended too. The exit
/// code is that of the command; 124 after the timeout, 137 if it had more memory than it may, 128 + N for a signal N,
/// 127 if there is no such command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn run --memory 6G -- npm test
  cfn run --memory 512m --timeout 300 -- ./build.sh
  cfn run --cpus 1.5 --cpuset 0,1 --pids 512 -- make -j8")]
pub(super) struct Args {
    #[command(flatten)]
    limits: LimitArgs,
    /// End the command after this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Seconds between asking it to end and ending it
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    grace: Duration,
    /// Exit 7 where the kernel cannot keep the limits, instead of watching them
    #[arg(long)]
    require_limits: bool,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    require_processors(&args.limits.limits())?;
    let (program, arguments) = args.command.split_first().ok_or_else(|| Failure::internal("there is no command"))?;
    let bounded = Bounded {
        program,
        arguments,
        limits: args.limits.limits(),
        timeout: args.timeout,
        grace: args.grace,
        apart: None,
        early: None,
    };
    if args.require_limits {
        require_limits(&bounded.limits)?;
    }
    let finished = Waiting::new().and_then(|it| bounded.run(it)).map_err(|error| {
        let message = format!("the command could not be run to its end: {error}");
        Failure::new(FailureKind::ProgramFailed, message, "Look for what is left of it with 'ps'.")
    })?;
    say(context, args, &finished);
    Ok(match finished.ending {
        Ending::Exited(code) => Exit::Command(code),
        Ending::Signaled(signal) | Ending::Stopped(signal) => Exit::Signal(u8::try_from(signal).unwrap_or(0)),
        Ending::Timeout => Exit::Command(TIMEOUT),
        Ending::Memory | Ending::Processes => Exit::Command(EXCEEDED),
    })
}

/// Refuses limits that the kernel cannot keep here.
pub(super) fn require_limits(limits: &Limits) -> Result<(), Failure> {
    let limited = limited(limits);
    if limited.by_kernel && limited.not.is_empty() {
        return Ok(());
    }
    let what = if limited.by_kernel { limited.not.join(", ") } else { "the command".to_owned() };
    let message = format!("the kernel cannot limit {what} here: there are only {}", limited.by);
    Err(Failure::new(
        FailureKind::NoLimits,
        message,
        "Run where control groups may be made, or leave out --require-limits.",
    ))
}

/// What a person must know beyond the exit code.
fn say(context: &Context, args: &Args, finished: &Finished) {
    let limits = args.limits.limits();
    if limits != Limits::default() && !finished.limited.not.is_empty() {
        context.output.warn(&format!("not limited here: {}", finished.limited.not.join(", ")));
    }
    match finished.ending {
        Ending::Timeout => {
            let after = args.timeout.unwrap_or_default().as_secs_f64();
            context.output.note(&format!("the command was ended after {after} seconds"));
        }
        Ending::Memory => {
            let most = limits.memory_bytes.map(bytes).unwrap_or_default();
            context.output.note(&format!("the command was ended: it needs more than {most} of memory"));
        }
        Ending::Processes => context.output.note("the command was ended: it has more processes than it may"),
        Ending::Exited(_) | Ending::Signaled(_) | Ending::Stopped(_) => {}
    }
    let peak = finished.peak_bytes.map_or_else(|| "unknown".to_owned(), bytes);
    tracing::debug!(limited_by = finished.limited.by, peak, took = ?finished.took, "the command ended");
}

/// Join control groups, and become a command
#[derive(Debug, clap::Args)]
pub(super) struct BecomeArgs {
    /// A file by which a group is joined
    #[arg(long)]
    join: Vec<PathBuf>,
    /// Begin a session, without new rights
    #[arg(long)]
    apart: bool,
    /// Begin a session on the terminal that is stdin
    #[arg(long)]
    on_terminal: bool,
    /// Wait to be told a command on stdin
    #[arg(long)]
    told: bool,
    #[arg(required_unless_present = "told", trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// Returns only if the command cannot be started.
pub(super) fn run_become(context: &Context, args: &BecomeArgs) -> Exit {
    if args.told {
        return not_become(context, &become_what_is_told());
    }
    let (program, arguments) = args.command.split_first().map_or((OsStr::new(""), &[][..]), |it| (it.0, it.1));
    let session = Session { is_apart: args.apart, is_on_terminal: args.on_terminal };
    not_become(context, &become_command(&args.join, session, program, arguments))
}

fn not_become(context: &Context, error: &NotEntered) -> Exit {
    let code = match error {
        NotEntered::Program { source, .. } if source.kind() == std::io::ErrorKind::NotFound => NOT_FOUND,
        NotEntered::Group { .. }
        | NotEntered::Untold(_)
        | NotEntered::Apart(_)
        | NotEntered::Terminal(_)
        | NotEntered::Program { .. } => NOT_RUNNABLE,
    };
    context.output.warn(&error.to_string());
    Exit::Command(code)
}
