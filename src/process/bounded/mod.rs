//! Runs a command within limits and a deadline, and ends all of it: also what it left behind, put into a session of its own,
//! or told to ignore signals.

mod apart;
mod early;
mod ending;
mod entering;
mod tree;
mod waiting;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use rustix::process::{Pid, Signal, getpid, set_child_subreaper};

pub use self::apart::Apart;
pub use self::early::{Early, become_what_is_told};
pub use self::ending::Ending;
pub(super) use self::entering::on_terminal;
pub use self::entering::{NotEntered, Session, become_command};
pub use self::tree::Limited;
use self::tree::Tree;
pub use self::waiting::Waiting;
pub(super) use self::waiting::{Event, passed_on};
use crate::linux::Limits;

/// A command, what it may have, and how long it may take.
#[derive(Debug)]
pub struct Bounded<'a> {
    /// The program, by its path or its name on the PATH.
    pub program: &'a OsStr,
    /// Its arguments.
    pub arguments: &'a [OsString],
    /// The limits of all its processes together.
    pub limits: Limits,
    /// When it is ended; `None`: never.
    pub timeout: Option<Duration>,
    /// The time between being asked to end and being ended.
    pub grace: Duration,
    /// What it has instead of this process's surroundings.
    pub apart: Option<Apart<'a>>,
    /// What was started to become the command, if it is to be apart.
    pub early: Option<Early>,
}

/// The end of what cannot end by itself.
const KILLED: Ending = Ending::Signaled(Signal::KILL.as_raw());

/// What became of a command.
#[derive(Debug, Clone)]
pub struct Finished {
    /// How it ended.
    pub ending: Ending,
    /// How long it ran.
    pub took: Duration,
    /// The most memory that it had, in bytes, where somebody counted it.
    pub peak_bytes: Option<u64>,
    /// The processors' time of all of it.
    pub cpu: Duration,
    /// What kept the limits, and which of them nothing keeps.
    pub limited: Limited,
}

impl Bounded<'_> {
    /// Runs it, and returns when nothing of it is left. This process must have no children but the early one. Signals that
    /// came before count.
    pub fn run(mut self, waiting: Waiting) -> io::Result<Finished> {
        set_child_subreaper(Some(getpid()))?;
        let tree = Tree::make(self.apart.as_ref().map(|it| it.group), &self.limits);
        let since = Instant::now();
        let early = self.early.take();
        let ending = self.start_and_wait(waiting, &tree, since, early);
        let (took, limited) = (since.elapsed(), tree.limited());
        let peak_bytes = tree.peak_bytes();
        tree.end()?;
        Ok(Finished { ending: ending?, took, peak_bytes, cpu: cpu_of_children()?, limited })
    }

    /// Starts it by what waits for it, or through the hidden mode.
    fn start(&self, doors: Vec<PathBuf>, early: Option<Early>) -> io::Result<Pid> {
        if let (Some(early), Some(apart)) = (early, &self.apart) {
            match early.tell((self.program, self.arguments), doors.clone(), apart) {
                Ok(process) => return Ok(process),
                Err(error) => tracing::debug!(%error, "what waits for the command is gone: another process becomes it"),
            }
        }
        entering::start(self.program, self.arguments, doors, self.apart.as_ref())
    }

    fn start_and_wait(
        &self,
        mut waiting: Waiting,
        tree: &Tree,
        since: Instant,
        early: Option<Early>,
    ) -> io::Result<Ending> {
        let child = self.start(tree.doors(), early)?;
        let mut deadline = self.timeout.map(|it| since + it);
        let mut asked: Option<Ending> = None;
        loop {
            match waiting.next(child, deadline, tree.is_watched())? {
                Event::Ended(ended) => {
                    // The kernel counts before the parent learns of the end.
                    let exceeded = tree.exceeded();
                    // A command that is asked to stop may still end as it wants.
                    let asked = asked.filter(|it| match it {
                        Ending::Stopped(signal) => [KILLED, Ending::Signaled(*signal)].contains(&ended),
                        _ => true,
                    });
                    return Ok(exceeded.or(asked).unwrap_or(ended));
                }
                Event::Deadline => {
                    if asked.is_some() {
                        tree.signal(Signal::KILL);
                        deadline = None;
                        continue;
                    }
                    asked = Some(Ending::Timeout);
                    tree.signal(Signal::TERM);
                    deadline = Some(Instant::now() + self.grace);
                }
                Event::Signal(signal) => {
                    asked = asked.or(Some(Ending::Stopped(signal)));
                    passed_on(signal).inspect(|it| tree.signal(*it));
                    deadline = Some(Instant::now() + self.grace);
                }
                Event::Look => {
                    if let Some(exceeded) = tree.exceeded() {
                        tree.signal(Signal::KILL);
                        asked = Some(exceeded);
                    }
                }
            }
        }
    }
}

/// The processors' time of the children that this process waited for, and of those that they waited for. `/proc` has it too, in
/// hundredths of a second, which is more than a short command takes.
fn cpu_of_children() -> io::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()].map(|it| {
        let part = |number: i64| u64::try_from(number).unwrap_or_default(); // a time is never negative
        Duration::from_secs(part(it.tv_sec())) + Duration::from_micros(part(it.tv_usec()))
    });
    Ok(times.into_iter().sum())
}

/// What would keep limits, without starting anything.
#[must_use]
pub fn limited(limits: &Limits) -> Limited {
    let tree = Tree::make(None, limits);
    let limited = tree.limited();
    let _ = tree.end(); // nothing was started in it
    limited
}
