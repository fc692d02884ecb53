//! A program that stands for something that runs elsewhere, such as the client of a container engine.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::bounded::Ending;
use super::bounded::{Event, Waiting, on_terminal, passed_on};

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
    /// A terminal, which is that of its session.
    Terminal(&'a File),
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
    stream: Option<UnixStream>,
}

impl Attending {
    /// Signals are noticed from here on.
    pub fn new() -> io::Result<Self> {
        Ok(Self { waiting: Waiting::new()?, client: None, stream: None })
    }

    /// From here on, the end of this stream is as a SIGHUP to this process.
    pub fn hangs_up_with(&mut self, stream: UnixStream) {
        self.waiting.hangs_up_with(stream);
    }

    /// Starts a client, in a process group of its own.
    pub fn start(&mut self, client: &Client<'_>) -> io::Result<()> {
        let mut command = match client.stdin {
            ClientInput::Terminal(_) => on_terminal(client.program), // a group cannot begin a session
            ClientInput::Nothing | ClientInput::File(_) => {
                let mut command = Command::new(client.program);
                command.process_group(0);
                command
            }
        };
        command.args(client.arguments).envs(client.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(match client.stdin {
            ClientInput::Nothing => Stdio::null(),
            ClientInput::File(file) | ClientInput::Terminal(file) => file.try_clone()?.into(),
        });
        command.stdout(client.stdout.try_clone()?).stderr(client.stderr.try_clone()?);
        self.client = Some(Pid::from_child(&command.spawn()?));
        self.waiting.begin();
        Ok(())
    }

    /// Waits for another process from here on, which is no child of this one: it sends its exit code as one byte, or ends
    /// the stream.
    pub fn attend(&mut self, stream: UnixStream) {
        self.stream = Some(stream);
    }

    /// Waits until something happens.
    pub fn next(&mut self, deadline: Option<Instant>) -> io::Result<Happened> {
        if let Some(mut stream) = self.stream.take() {
            let event = self.waiting.next_of(stream.as_fd(), deadline, true)?;
            let mut code = [0];
            return Ok(match event {
                None if stream.read(&mut code).is_ok_and(|it| it > 0) => Happened::Ended(Ending::Exited(code[0])),
                None => Happened::Ended(Ending::Signaled(Signal::KILL.as_raw())),
                Some(event) => {
                    self.stream = Some(stream);
                    event.into()
                }
            });
        }
        let client = self.client.ok_or_else(|| io::Error::other("no client runs"))?;
        let event = self.waiting.next(client, deadline, true)?;
        if let Event::Ended(_) = event {
            self.client = None;
        }
        Ok(event.into())
    }

    /// Ends the client, but not what it stands for.
    pub fn end_client(&mut self) {
        if let Some(client) = self.client {
            // Not waited for yet: its number is its own. It may have no group yet.
            let _ = kill_process_group(client, Signal::KILL).or_else(|_| kill_process(client, Signal::KILL));
        }
        if let Some(stream) = &self.stream {
            let _ = stream.shutdown(Shutdown::Both); // or it has ended already
        }
    }
}

impl From<Event> for Happened {
    fn from(event: Event) -> Self {
        match event {
            Event::Ended(ending) => Self::Ended(ending),
            Event::Deadline => Self::Deadline,
            Event::Signal(number) => passed_on(number).map_or(Self::Look, Self::Signal),
            Event::Look => Self::Look,
        }
    }
}
