//! Watches a container until its command has ended, and ends it at its deadline, also where the engine hangs.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::engine::{Engine, EngineError, State};
use super::main_process::MainProcess;
use crate::agents::runtime::ContainerProcess;
use crate::linux::Counted;
use crate::model::RunReason;
use crate::process::{Attending, Ending, Happened};

/// How long an engine may be away, as for a restart, while a container runs.
const AWAY: Duration = Duration::from_secs(10);

/// Interval for asking whether it is back.
const ASKS: Duration = Duration::from_millis(250);

/// How long a container may take to be gone once it was ended, and how long its client without the engine.
const ENDING: Duration = Duration::from_secs(5);
const OF_SILENT: Duration = Duration::from_millis(200);

/// A container, and how its time is limited.
pub(super) struct Watched<'a> {
    pub(super) engine: &'a Engine,
    pub(super) name: &'a str,
    pub(super) timeout: Duration,
    pub(super) grace: Duration,
}

/// What the command of a container does when it is asked to end, or what becomes of it.
pub(super) trait Reached {
    /// Passes a signal on to the command.
    fn signal(&mut self, signal: Signal) -> Result<(), EngineError>;
    /// After the end of the client: how the command ended, or `None` if it still runs, and another client watches it.
    fn client_ended(&mut self, ending: Ending, attending: &mut Attending) -> Result<Option<CommandEnd>, EngineError>;
}

/// How a command ended.
#[derive(Debug, Clone, Default)]
pub(super) struct CommandEnd {
    pub(super) code: u8,
    pub(super) killed_for_memory: bool,
    pub(super) detail: Option<String>,
}

/// What became of a command.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) reason: RunReason,
    pub(super) code: u8,
    pub(super) took: Duration,
    pub(super) counted: Counted,
    pub(super) detail: Option<String>,
}

/// Why this process ends a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Timeout,
    Memory,
    Stopped(i32),
}

const TIMEOUT: u8 = 124;
pub(super) const KILLED: u8 = 137;

impl Watched<'_> {
    /// Watches from the start of the client to the end of the command, and tells `found` of the container's first process.
    pub(super) fn until_end(
        &self,
        attending: &mut Attending,
        reached: &mut dyn Reached,
        mut main: MainProcess,
        found: &mut dyn FnMut(&ContainerProcess),
    ) -> io::Result<Outcome> {
        let since = Instant::now();
        let mut told = main.process().inspect(|it| found(it)).is_some();
        let (mut deadline, mut asked, mut is_killed) = (Some(since + self.timeout), None, false);
        let end = loop {
            match attending.next(deadline)? {
                Happened::Ended(ending) => match Self::after_client(ending, attending, reached, (&mut main, asked)) {
                    Ok(Some(end)) => break end,
                    Ok(None) => {}
                    Err(error) => return Err(io::Error::other(error)),
                },
                Happened::Deadline if is_killed => {
                    attending.end_client(); // the engine hangs, and so does its client
                    deadline = None;
                }
                Happened::Deadline if asked.is_some() => {
                    (is_killed, deadline) = (true, Some(self.kill(&main)));
                }
                Happened::Deadline => {
                    (asked, deadline) = (Some(Asked::Timeout), Some(Instant::now() + self.grace));
                    passed(reached.signal(Signal::TERM));
                }
                Happened::Signal(signal) => {
                    asked = asked.or(Some(Asked::Stopped(signal.as_raw())));
                    deadline = Some(Instant::now() + self.grace);
                    passed(reached.signal(signal));
                }
                Happened::Look => {
                    let counted = main.look(self.engine, self.name);
                    told = told || main.process().inspect(|it| found(it)).is_some();
                    if counted.memory_kills > 0 && !is_killed {
                        asked = Some(Asked::Memory);
                        (is_killed, deadline) = (true, Some(self.kill(&main)));
                    }
                }
            }
        };
        let counted = main.last();
        Ok(outcome(end, asked, since.elapsed(), counted))
    }

    /// Asks again and again while the engine is away. What it does not say of a command that was ended, nobody needs.
    fn after_client(
        ending: Ending,
        attending: &mut Attending,
        reached: &mut dyn Reached,
        (main, asked): (&mut MainProcess, Option<Asked>),
    ) -> Result<Option<CommandEnd>, EngineError> {
        let until = Instant::now() + AWAY;
        loop {
            let error = match reached.client_ended(ending, attending) {
                Err(error @ (EngineError::Silent(..) | EngineError::Unreachable(..))) => error,
                answered => return answered,
            };
            if asked.is_some() || Instant::now() > until {
                // Nobody but the kernel can end it now.
                let is_gone = main.end();
                return match asked {
                    Some(_) if is_gone => Ok(Some(CommandEnd { code: KILLED, ..CommandEnd::default() })),
                    _ => Err(error),
                };
            }
            thread::sleep(ASKS);
        }
    }

    /// Ends the container; without the engine, where it does not answer. Returns when its client must have ended.
    fn kill(&self, main: &MainProcess) -> Instant {
        match self.engine.signal(self.name, "KILL") {
            Ok(()) => Instant::now() + ENDING,
            Err(error) => {
                tracing::debug!(%error, "the engine does not end a container");
                main.end();
                Instant::now() + OF_SILENT
            }
        }
    }
}

/// A command that cannot be asked to end is ended after its grace.
fn passed(done: Result<(), EngineError>) {
    if let Err(error) = done {
        tracing::debug!(%error, "a signal was not passed on");
    }
}

fn outcome(end: CommandEnd, asked: Option<Asked>, took: Duration, counted: Counted) -> Outcome {
    let is_memory = end.killed_for_memory && end.code == KILLED || counted.memory_kills > 0;
    let by_signal = |signal: i32| u8::try_from(128 + signal).unwrap_or(u8::MAX);
    let (reason, code) = match asked {
        _ if is_memory => (RunReason::Memory, KILLED),
        Some(Asked::Memory) => (RunReason::Memory, KILLED),
        Some(Asked::Timeout) => (RunReason::Timeout, TIMEOUT),
        // A command that is asked to stop may still end as it wants.
        Some(Asked::Stopped(signal)) if [KILLED, by_signal(signal)].contains(&end.code) => {
            (RunReason::Stopped, by_signal(signal))
        }
        Some(Asked::Stopped(_)) | None => (RunReason::Exited, end.code),
    };
    Outcome { reason, code, took, counted, detail: end.detail }
}

impl From<State> for CommandEnd {
    fn from(state: State) -> Self {
        let detail = Some(state.error).filter(|it| !it.is_empty());
        let code = u8::try_from(state.exit_code).unwrap_or(u8::MAX);
        Self { code, killed_for_memory: state.killed_for_memory, detail }
    }
}
