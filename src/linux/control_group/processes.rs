//! Signals to processes that may end meanwhile.

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// Sends a signal to a process; does nothing if it is gone. The kernel holds the process by a descriptor, so that a new one
/// with its number is never meant.
pub fn send_signal(process: i32, signal: Signal) {
    let Some(process) = Pid::from_raw(process) else { return };
    if let Ok(held) = pidfd_open(process, PidfdFlags::empty()) {
        let _ = pidfd_send_signal(held, signal);
    }
}
