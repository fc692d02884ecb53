//! The hidden mode of cfn that waits in a container of a pool for the command of a run. It is told signals through the
//! connection, one byte each; at the end of it, it ends the command and all that it left.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread;

use rustix::process::{Signal, getpid, kill_process};

use crate::agents::InnerOrder;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind};
use crate::linux::Limits;
use crate::model::Exit;
use crate::process::{Apart, Bounded, Ending, Waiting, take_over};

/// The code of a command that did not end when it was asked to.
const ENDED: u8 = 137;

/// Wait in a container of a pool
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to wait
    #[arg(long)]
    socket: PathBuf,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let done = serve(args, &context.settings.current_folder).map_err(|error| {
        let message = format!("the command could not be run to its end: {error}");
        Failure::new(FailureKind::ProgramFailed, message, "Its container is removed.")
    });
    done.map(|()| Exit::Done)
}

fn serve(args: &Args, folder: &std::path::Path) -> io::Result<()> {
    let listener = UnixListener::bind(&args.socket)?;
    let (mut stream, _) = listener.accept()?;
    fs::remove_file(&args.socket)?; // one run only
    let (message, files) = take_over(&mut stream)?;
    let order: InnerOrder = serde_json::from_slice(&message)?;
    let mut files = files.into_iter().map(File::from);
    let (Some(stdout), Some(stderr), stdin) = (files.next(), files.next(), files.next()) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let (told, waiting) = (stream.try_clone()?, Waiting::new()?);
    thread::spawn(move || pass_on(told));
    let code = run_to_end(&order, folder, (stdin.as_ref(), &stdout, &stderr), waiting)?;
    stream.write_all(&[code])
}

fn run_to_end(
    order: &InnerOrder,
    folder: &std::path::Path,
    (stdin, stdout, stderr): (Option<&File>, &File, &File),
    waiting: Waiting,
) -> io::Result<u8> {
    let (program, arguments) = order.command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    environment.extend(order.environment.iter().cloned());
    let (group, environment) = ("cfn-agent", &environment);
    let apart = Apart { group, folder, environment, stdin, stdout, stderr, is_on_terminal: false };
    let (limits, grace) = (Limits::default(), order.grace);
    let bounded = Bounded { program, arguments, limits, timeout: None, grace, apart: Some(apart), early: None };
    Ok(match bounded.run(waiting)?.ending {
        Ending::Exited(code) => code,
        Ending::Signaled(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        Ending::Stopped(_) => ENDED,
        Ending::Timeout | Ending::Memory | Ending::Processes => u8::MAX, // it has no such limits
    })
}

/// Passes on what it is told as if this process had got it.
fn pass_on(mut stream: UnixStream) {
    let mut byte = [0];
    loop {
        let is_told = stream.read(&mut byte).is_ok_and(|it| it > 0);
        let signal = [Signal::INT, Signal::HUP].into_iter().find(|it| i32::from(byte[0]) == it.as_raw());
        let _ = kill_process(getpid(), signal.filter(|_| is_told).unwrap_or(Signal::TERM)); // this process is there
        if !is_told {
            return;
        }
    }
}
