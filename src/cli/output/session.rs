//! A session of another program on a terminal of its own, for which this terminal stands: what is typed goes there, what is for
//! the screen comes from there, and both have one size.

use std::io::{self, IsTerminal as _, PipeReader, PipeWriter, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::stdio::stdin;
use signal_hook::consts::{SIGALRM, SIGCONT, SIGHUP, SIGQUIT, SIGTSTP, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::low_level::emulate_default_handler;

use super::raw::Raw;
use super::{Output, Terminal};
use crate::agents::RunTerminal;
use crate::cli::failure::Failure;
use crate::linux::PseudoTerminal;
use crate::process::{First, Noticed};

/// What concerns the terminal: a new size, and what ends or halts this process, which gives the terminal back before.
const SIGNALS: [i32; 8] = [SIGWINCH, SIGCONT, SIGTSTP, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM];

/// A screen that takes nothing for so long after the end does not take the rest.
const PATIENCE: Duration = Duration::from_secs(1);

type Own = Raw<rustix::fd::BorrowedFd<'static>>;

/// A session that has not begun.
pub(in crate::cli) struct Session {
    output: Output,
    keys: PseudoTerminal,
    link: UnixStream,
}

impl Output {
    /// Opens a terminal like this one for another program.
    pub(in crate::cli) fn session(self) -> Result<(Session, RunTerminal), Failure> {
        if !io::stdin().is_terminal() || Terminal::of_stderr().is_none() {
            let hint = "Run it at a terminal, and redirect stdout alone; or leave out --tty, and give it --stdin.";
            return Err(Failure::input("--tty needs a terminal as stdin and as stderr", hint));
        }
        let fail = |error: io::Error| {
            let message = format!("no terminal could be opened for the agent: {error}");
            Failure::input(message, "See whether /dev/ptmx is there, and how many terminals there may be.")
        };
        let (terminal, link) = RunTerminal::like(stdin()).map_err(fail)?;
        let session = Session { output: self, keys: terminal.keys().map_err(fail)?, link };
        Ok((session, terminal))
    }
}

/// A session; the terminal is given back when it is dropped.
pub(in crate::cli) struct Begun {
    raw: Arc<Mutex<Option<Own>>>,
    shown: Arc<AtomicU64>,
    screen: Receiver<()>,
    _stop: PipeWriter,
}

impl Session {
    /// Begins when the other program does.
    pub(in crate::cli) fn begin(self) -> io::Result<Begun> {
        let Self { output, keys, link } = self;
        let (stop, over) = io::pipe().map(|(reader, writer)| (writer, reader))?;
        let noticed = Noticed::listen(&SIGNALS)?;
        keys.resize_like(stdin())?; // to the size that it got meanwhile
        let raw = Arc::new(Mutex::new(Some(Raw::of_all(stdin())?)));
        let (shown, told) = (Arc::new(AtomicU64::new(0)), link.try_clone()?);
        let (tell, screen) = mpsc::channel();
        let begun = Begun { raw: Arc::clone(&raw), shown: Arc::clone(&shown), screen, _stop: stop };
        let (resized, ended) = (keys.try_clone()?, over.try_clone()?);
        thread::Builder::new().spawn(move || follow_signals(noticed, &ended, &resized, &raw))?;
        thread::Builder::new().spawn(move || {
            send_keys(&keys, &over);
            let _ = told.shutdown(Shutdown::Write); // this terminal has hung up, and so has the other one
        })?;
        thread::Builder::new().spawn(move || {
            show(output, link, &shown);
            let _ = tell.send(()); // nobody may wait any more
        })?;
        Ok(begun)
    }
}

impl Begun {
    /// Waits until all is shown, and gives the terminal back. The other program has ended.
    pub(in crate::cli) fn end(self) {
        let mut before = None;
        while before != Some(self.shown.load(Ordering::Relaxed)) {
            before = Some(self.shown.load(Ordering::Relaxed));
            if self.screen.recv_timeout(PATIENCE).is_ok() {
                break;
            }
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        taken(&self.raw).take();
    }
}

fn taken(raw: &Mutex<Option<Own>>) -> MutexGuard<'_, Option<Own>> {
    raw.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends what is typed, until the session is over or this terminal hangs up.
fn send_keys(keys: &PseudoTerminal, over: &PipeReader) {
    let mut bytes = [0; 4096];
    loop {
        let mut all = [PollFd::new(over, PollFlags::IN), PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
        match poll(&mut all, None) {
            Err(Errno::INTR) => continue,
            Ok(_) if all[0].revents().is_empty() => {}
            _ => return,
        }
        match rustix::io::read(stdin(), &mut bytes) {
            Err(Errno::INTR) => {}
            Ok(count @ 1..) if keys.file().write_all(&bytes[..count]).is_ok() => {}
            _ => return,
        }
    }
}

/// Shows what comes, until its end.
fn show(output: Output, mut link: UnixStream, shown: &AtomicU64) {
    let mut bytes = vec![0; 64 << 10];
    loop {
        match link.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(count @ 1..) => {
                output.stderr_bytes(&bytes[..count]);
                shown.fetch_add(1, Ordering::Relaxed);
            }
            _ => return,
        }
    }
}

/// Follows the size of this terminal. What ends or halts this process does so with the terminal as it was before.
fn follow_signals(mut noticed: Noticed, over: &PipeReader, resized: &PseudoTerminal, raw: &Mutex<Option<Own>>) {
    loop {
        let signal = match noticed.next(over.as_fd(), None) {
            Ok(First::Signal(signal)) => signal,
            Ok(First::Nothing) => continue,
            Ok(First::Ready) | Err(_) => return,
        };
        let mut raw = taken(raw);
        match signal {
            SIGWINCH => drop(resized.resize_like(stdin())), // one that has hung up has none
            SIGCONT => {
                let _ = raw.as_ref().map(Raw::resume);
                let _ = resized.resize_like(stdin());
            }
            SIGTSTP => {
                raw.as_ref().inspect(|it| it.pause());
                let _ = emulate_default_handler(signal); // until SIGCONT
            }
            _ => {
                raw.take();
                let _ = emulate_default_handler(signal); // the end
            }
        }
    }
}
