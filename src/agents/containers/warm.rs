//! A container of a pool: it waits until a run claims it, and is of no use after that run.
//!
//! Its first process sleeps. cfn itself, which is mounted there, is started in it by `exec`, and waits at a socket in the
//! workspace for the order of a run: no client and no engine is on the way then. It passes signals on, which clients do not do
//! for what they start by `exec`, and ends all that the command leaves.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, chdir};
use serde::{Deserialize, Serialize};

use super::arguments::{Made, inside, waiting};
use super::engine::{Engine, EngineError};
use super::labels::Owner;
use super::main_process::MainProcess;
use super::watched::{CommandEnd, Outcome, Reached, Watched};
use crate::agents::container_plan::INSIDE;
use crate::agents::plan::Order;
use crate::agents::pool_member::PoolMember;
use crate::agents::runtime::{ContainerProcess, Logs};
use crate::linux::ProcessIdentity;
use crate::process::{Attending, Ending, hand_over};
use crate::regular_file;

/// Where a member has cfn.
pub(in crate::agents) const PROGRAM: &str = "/cfn/cfn";

/// The socket at which cfn waits, in the workspace.
const SOCKET: &str = ".cfn-socket";

/// Maximum time for cfn to wait there, and interval for looking whether it does.
const WAKING: Duration = Duration::from_secs(20);
const LOOKS: Duration = Duration::from_millis(20);

/// What cfn in a member is told to run. It comes with the files for the command's stdout, stderr and, if there is one,
/// stdin.
#[derive(Debug, Serialize, Deserialize)]
pub struct InnerOrder {
    /// The command and its arguments.
    pub command: Vec<OsString>,
    /// What its environment has beside that of the container.
    pub environment: Vec<(OsString, OsString)>,
    /// The time between being asked to end and being ended.
    pub grace: Duration,
}

impl PoolMember {
    /// Its engine.
    #[must_use]
    pub fn engine(&self) -> Option<Engine> {
        Engine::of(self.runtime, &self.container.engine)
    }

    /// Makes its container, with this workspace, and has cfn wait in it.
    pub fn start(&mut self, engine: &Engine, owner: &Owner, workspace: &Path) -> Result<(), EngineError> {
        let Made { arguments, environment } = waiting(self, owner);
        engine.tell(&arguments, &environment)?;
        self.wake(engine, workspace)
    }

    /// Has cfn wait in its container, which runs.
    pub fn wake(&mut self, engine: &Engine, workspace: &Path) -> Result<(), EngineError> {
        let socket = workspace.join(SOCKET);
        let _ = fs::remove_file(&socket); // of an earlier start
        let seen = format!("{INSIDE}/{SOCKET}");
        engine.ask(&["exec", "--detach", &self.name, PROGRAM, "agent", "within", "--socket", &seen])?;
        let until = Instant::now() + WAKING;
        while !socket.exists() {
            if Instant::now() > until {
                let image = &self.container.image;
                let why = format!("cfn does not run in a container of {image}: build it with CFN_STATIC=1");
                return Err(EngineError::Refused(engine.program, why));
            }
            thread::sleep(LOOKS);
        }
        let (id, state) = engine.state(&self.name)?.unwrap_or_default();
        self.process = ProcessIdentity::of(state.pid).filter(|_| state.pid != 0);
        self.id = id;
        Ok(())
    }

    /// Gives it other limits, where they are not those that it has.
    fn limit(&self, engine: &Engine, order: &Order) -> Result<(), EngineError> {
        if order.plan.limits == self.limits {
            return Ok(());
        }
        let mut arguments = vec!["update".to_owned()];
        arguments.extend(super::arguments::limited(&order.plan.limits));
        arguments.push(self.name.clone());
        engine.tell(&arguments, &[]).map(drop)
    }
}

/// Runs a command in a member to its end.
pub(super) fn run(
    engine: &Engine,
    member: &PoolMember,
    order: &Order,
    logs: &Logs,
    attending: &mut Attending,
    found: &mut dyn FnMut(&ContainerProcess),
) -> io::Result<Outcome> {
    member.limit(engine, order).map_err(io::Error::other)?;
    let input = order.input.as_deref().map(regular_file::open).transpose()?;
    let inner =
        InnerOrder { command: order.command.clone(), environment: inside(&order.environment), grace: order.plan.grace };
    let message = serde_json::to_vec(&inner).map_err(io::Error::other)?;
    let mut stream = connect(&order.plan.workspace)?;
    let mut files = vec![logs.stdout.as_fd(), logs.stderr.as_fd()];
    files.extend(input.as_ref().map(File::as_fd));
    hand_over(&mut stream, &message, &files)?;
    attending.attend(stream.try_clone()?);
    let mut told = Told { engine, stream };
    let watched = Watched { engine, name: &member.name, timeout: order.plan.timeout, grace: order.plan.grace };
    watched.until_end(attending, &mut told, MainProcess::of(member.process.clone(), &member.id), found)
}

/// The path of a socket may have 107 bytes only, so this process goes there.
fn connect(workspace: &Path) -> io::Result<UnixStream> {
    chdir(workspace)?;
    let stream = UnixStream::connect(SOCKET);
    chdir("/")?;
    stream
}

/// A command under cfn in a member. cfn there is told signals, one byte each; at the end of the stream, it ends the command.
struct Told<'a> {
    engine: &'a Engine,
    stream: UnixStream,
}

impl Reached for Told<'_> {
    fn signal(&mut self, signal: Signal) -> Result<(), EngineError> {
        let number = u8::try_from(signal.as_raw()).unwrap_or_default();
        self.stream.write_all(&[number]).map_err(|error| EngineError::NotRun(self.engine.program, error))
    }

    fn client_ended(&mut self, ending: Ending, _: &mut Attending) -> Result<Option<CommandEnd>, EngineError> {
        let code = match ending {
            Ending::Exited(code) => code,
            _ => super::watched::KILLED, // its container, or cfn there, was ended
        };
        Ok(Some(CommandEnd { code, ..CommandEnd::default() }))
    }
}
