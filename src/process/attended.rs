//! A program that stands for something that runs elsewhere, such as the client of a container engine.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{ChildStdin, Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process_group};

use super::bounded::Ending;
use super::bounded::{Event, Waiting, passed_on};

/// A program, its arguments, and what its environment has beside this process's.
#[derive(Debug)]
pub struct Client<'a> {
    /// The program, by its path or its name on the PATH.
    pub program: &'a str,
    /// Its arguments.
    pub arguments: &'a [OsString],
    /// Variables beside those of this process.
    pub environment: &'a [(OsString, OsString)],
    /// Its stdin.
    pub stdin: ClientInput<'a>,
    /// Its stdout.
    pub stdout: &'a File,
    /// Its stderr.
    pub stderr: &'a File,
}

/// What a client reads.
#[derive(Debug, Clone, Copy)]
pub enum ClientInput<'a> {
    /// Nothing.
    Nothing,
    /// A file.
    File(&'a File),
    /// What this process writes.
    Pipe,
}

/// What happened first.
#[derive(Debug)]
pub enum Happened {
    /// The client ended.
    Ended(Ending),
    /// The deadline is over.
    Deadline,
    /// This process got a signal, which is to be passed on.
    Signal(Signal),
    /// It is time to look how things are.
    Look,
}

/// Waits for clients, one after the other, for deadlines and for signals to this process.
pub struct Attending {
    waiting: Waiting,
    client: Option<Pid>,
}

impl Attending {
    /// Signals are noticed from here on.
    pub fn new() -> io::Result<Self> {
        Ok(Self { waiting: Waiting::new()?, client: None })
    }

    /// Starts a client, in a process group of its own. Returns what it reads, if that is a pipe.
    pub fn start(&mut self, client: &Client<'_>) -> io::Result<Option<ChildStdin>> {
        let mut command = Command::new(client.program);
        command.args(client.arguments).envs(client.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(match client.stdin {
            ClientInput::Nothing => Stdio::null(),
            ClientInput::File(file) => file.try_clone()?.into(),
            ClientInput::Pipe => Stdio::piped(),
        });
        command.stdout(client.stdout.try_clone()?).stderr(client.stderr.try_clone()?).process_group(0);
        let mut child = command.spawn()?;
        self.client = Some(Pid::from_child(&child));
        self.waiting.begin();
        Ok(child.stdin.take())
    }

    /// Waits until something happens.
    pub fn next(&mut self, deadline: Option<Instant>) -> io::Result<Happened> {
        let client = self.client.ok_or_else(|| io::Error::other("no client runs"))?;
        Ok(match self.waiting.next(client, deadline, true)? {
            Event::Ended(ending) => {
                self.client = None;
                Happened::Ended(ending)
            }
            Event::Deadline => Happened::Deadline,
            Event::Signal(number) => passed_on(number).map_or(Happened::Look, Happened::Signal),
            Event::Look => Happened::Look,
        })
    }

    /// Ends the client, but not what it stands for.
    pub fn end_client(&mut self) {
        if let Some(client) = self.client {
            let _ = kill_process_group(client, Signal::KILL); // not waited for yet: its number is its own
        }
    }
}
