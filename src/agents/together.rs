//! The runs of one command: so many at once, each as soon as there is room for it.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::error::AgentError;
use super::supervised::Supervised;
use crate::model::AgentRun;
use crate::process::Relay;

/// Interval for looking whether there is room now.
const LOOKS: Duration = Duration::from_millis(50);

/// How the runs of one command go.
#[derive(Debug)]
pub struct Together<'a> {
    /// How many there are.
    pub count: usize,
    /// Maximum number at once.
    pub parallel: usize,
    /// Whether to wait for their ends; else the command returns when the last one has started.
    pub waits: bool,
    /// When no more of them start, and those that run are asked to end; `None`: never.
    pub until: Option<Instant>,
    /// After a signal no more of them start, and those that are waited for get it too.
    pub relay: &'a Relay,
}

/// Who starts runs, and is told of their ends.
pub trait Starter {
    /// Why a run could not be started.
    type Error: From<AgentError>;

    /// Starts a run, by its number from 0; `None` if there is no room for it yet, or if there was a signal.
    fn start(&mut self, number: usize, relay: &Relay) -> Result<Option<Supervised>, Self::Error>;

    /// A run has ended; `None`: its supervisor was killed.
    fn ended(&mut self, number: usize, run: Option<AgentRun>) -> Result<(), Self::Error>;
}

/// The number of a run that ended, and its result.
type End = (usize, Option<AgentRun>);

impl Together<'_> {
    /// Starts the runs, and waits. After an error no more start, and it is returned when those that did have ended. Returns
    /// how many were started.
    pub fn run<S: Starter>(&self, starter: &mut S) -> Result<usize, S::Error> {
        let (tell, ends) = mpsc::channel();
        let (mut begun, mut running, mut failed) = (0, 0, None);
        let mut until = self.until;
        loop {
            if until.is_some_and(|it| Instant::now() >= it) {
                self.relay.end_all();
                until = None;
            }
            let is_over = until.is_none() && self.until.is_some();
            let is_more = begun < self.count && !is_over && failed.is_none() && self.relay.signal().is_none();
            let is_room = is_more && running < self.parallel;
            if is_room {
                let start = starter.start(begun, self.relay).and_then(|it| match it {
                    Some(run) => self.attend(begun, run, &tell).map(|()| true).map_err(S::Error::from),
                    None => Ok(false),
                });
                match start {
                    Ok(true) => {
                        (begun, running) = (begun + 1, running + 1);
                        continue;
                    }
                    Ok(false) => {}
                    Err(error) => {
                        failed = Some(error);
                        continue;
                    }
                }
            }
            if !is_more && (running == 0 || !self.waits) {
                return failed.map_or(Ok(begun), Err);
            }
            if let Some((number, run)) = next(&ends, is_room || until.is_some()) {
                running -= 1;
                failed = failed.or(starter.ended(number, run).err());
            }
        }
    }

    /// Waits for the end of a run on a thread of its own.
    fn attend(&self, number: usize, mut run: Supervised, tell: &Sender<End>) -> Result<(), AgentError> {
        let (process, agent, tell) = (run.process(), run.agent.clone(), tell.clone());
        let relay = self.waits.then(|| self.relay.clone());
        relay.as_ref().inspect(|it| it.add(process));
        let wait = move || {
            let ended = run.wait();
            relay.inspect(|it| it.remove(process));
            let _ = tell.send((number, ended)); // nobody may wait any more
        };
        let thread = thread::Builder::new().spawn(wait);
        thread.map(drop).map_err(|error| AgentError::Supervisor {
            agent,
            what: format!("was started, but could not be waited for: {error}"),
        })
    }
}

/// The next end; `None` if it is time to look at room and time.
fn next(ends: &Receiver<End>, looks: bool) -> Option<End> {
    if looks { ends.recv_timeout(LOOKS).ok() } else { ends.recv().ok() }
}
