//! Passes signals on to another process, while this one waits for it.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::thread;

use rustix::process::Signal;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use crate::linux::ProcessStatus;

/// Calls `pass` with each SIGINT and SIGTERM that this process gets from now on, unless its caller ignores them. SIGHUP still
/// ends this process.
pub fn relay_signals(pass: impl Fn(Signal) + Send + Clone + 'static) -> io::Result<()> {
    let own = ProcessStatus::own();
    for (number, signal) in [(SIGINT, Signal::INT), (SIGTERM, Signal::TERM)] {
        if own.ignores(number) {
            continue;
        }
        let (mut reader, writer) = UnixStream::pair()?;
        pipe::register(number, writer)?;
        let pass = pass.clone();
        thread::Builder::new().spawn(move || {
            while reader.read(&mut [0; 64]).is_ok_and(|it| it > 0) {
                pass(signal);
            }
        })?;
    }
    Ok(())
}
