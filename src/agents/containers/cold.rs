//! A container made for one run, and removed after it.

use std::ffi::OsString;
use std::fs::File;
use std::io;

use rustix::process::Signal;

use super::arguments::{Made, Reads, create};
use super::copied::{copy_in, copy_out};
use super::engine::{Engine, EngineError};
use super::labels::Owner;
use super::main_process::MainProcess;
use super::watched::{CommandEnd, Outcome, Reached, Watched};
use crate::agents::container_plan::{ContainerPlan, EnginePlace};
use crate::agents::plan::Order;
use crate::agents::runtime::{ContainerProcess, Logs};
use crate::process::{Attending, Client, ClientInput, Ending};
use crate::regular_file;

/// Exit code where the container could not be made, as the clients have it.
const NOT_MADE: u8 = 125;

/// The keys that leave a container, which a client must have: none that a person presses. A client holds the first of the
/// usual ones, Ctrl-P, back from the agent.
const LEAVING: &str = "ctrl-^,ctrl-_,ctrl-^,ctrl-_";

/// What engines call a container that never ran.
const NEVER_STARTED: &str = "created";

/// Makes the container, and runs it to its end. `Err`: nothing is known of its end.
pub(super) fn run(
    engine: &Engine,
    (order, container): (&Order, &ContainerPlan),
    (owner, run): (&Owner, &str),
    logs: &Logs,
    attending: &mut Attending,
    found: &mut dyn FnMut(&ContainerProcess),
) -> io::Result<Result<Outcome, CommandEnd>> {
    let input = order.input.as_deref().map(regular_file::open).transpose()?;
    let reads = match (&logs.terminal, &input) {
        (Some(_), _) => Reads::Terminal,
        (None, Some(_)) => Reads::File,
        (None, None) => Reads::Nothing,
    };
    let command = (order.command.as_slice(), order.environment.as_slice(), reads);
    let Made { arguments, environment } = create(&order.plan, container, (owner, run), command);
    let is_elsewhere = container.place == EnginePlace::AnotherMachine;
    let workspace = &order.plan.workspace;
    let made = engine.tell(&arguments, &environment);
    match made.and_then(|_| if is_elsewhere { copy_in(engine, &container.name, workspace) } else { Ok(()) }) {
        Ok(()) => {}
        Err(error @ EngineError::Refused(..)) => {
            return Ok(Err(CommandEnd { code: NOT_MADE, detail: Some(error.to_string()), ..CommandEnd::default() }));
        }
        Err(error) => return Err(io::Error::other(error)),
    }
    let mut attached = Attached { engine, name: &container.name, logs };
    attached.start(attending, input.as_ref())?;
    let (timeout, grace) = (order.plan.timeout, order.plan.grace);
    let watched = Watched { engine, name: &container.name, timeout, grace };
    let mut outcome = watched.until_end(attending, &mut attached, MainProcess::of_engine(container.place), found)?;
    if is_elsewhere && let Err(error) = copy_out(engine, &container.name, workspace, outcome.reason) {
        outcome.detail.get_or_insert(format!("its workspace was not copied back: {error}"));
    }
    Ok(Ok(outcome))
}

/// A container whose output its client writes to the logs.
struct Attached<'a> {
    engine: &'a Engine,
    name: &'a str,
    logs: &'a Logs,
}

impl Attached<'_> {
    fn start(&self, attending: &mut Attending, input: Option<&File>) -> io::Result<()> {
        match (&self.logs.terminal, input) {
            (Some(terminal), _) => {
                let options = ["start", "--attach", "--interactive", "--detach-keys", LEAVING];
                self.client(attending, &options, ClientInput::Terminal(&terminal.file))
            }
            (None, Some(input)) => {
                self.client(attending, &["start", "--attach", "--interactive"], ClientInput::File(input))
            }
            (None, None) => self.client(attending, &["start", "--attach"], ClientInput::Nothing),
        }
    }

    fn client(&self, attending: &mut Attending, options: &[&str], stdin: ClientInput<'_>) -> io::Result<()> {
        let arguments: Vec<OsString> = options.iter().chain([&self.name]).map(Into::into).collect();
        let Engine { program, environment, .. } = self.engine;
        let (stdout, stderr) = match stdin {
            ClientInput::Terminal(terminal) => (terminal, terminal),
            ClientInput::Nothing | ClientInput::File(_) => (&self.logs.stdout, &self.logs.stderr),
        };
        attending.start(&Client { program, arguments: &arguments, environment, stdin, stdout, stderr })
    }
}

impl Reached for Attached<'_> {
    fn signal(&mut self, signal: Signal) -> Result<(), EngineError> {
        self.engine.signal(self.name, &signal.as_raw().to_string())
    }

    fn client_ended(&mut self, _: Ending, attending: &mut Attending) -> Result<Option<CommandEnd>, EngineError> {
        match self.engine.state(self.name)? {
            None => {
                Err(EngineError::Refused(self.engine.program, "the container was removed by somebody else".to_owned()))
            }
            Some((_, state)) if state.running => {
                // Somebody ended the client, or the engine was away: what comes from now on is logged, and the terminal
                // that it had is lost.
                self.logs.terminal.as_ref().inspect(|it| it.hang_up());
                let options = ["logs", "--follow", "--tail=0"];
                let started = self.client(attending, &options, ClientInput::Nothing);
                started.map(|()| None).map_err(|error| EngineError::NotRun(self.engine.program, error))
            }
            Some((_, state)) if state.status == NEVER_STARTED => {
                let detail =
                    if state.error.is_empty() { "the container was not started".to_owned() } else { state.error };
                let code = u8::try_from(state.exit_code).ok().filter(|it| *it != 0).unwrap_or(NOT_MADE);
                Ok(Some(CommandEnd { code, detail: Some(detail), ..CommandEnd::default() }))
            }
            Some((_, state)) => Ok(Some(state.into())),
        }
    }
}
