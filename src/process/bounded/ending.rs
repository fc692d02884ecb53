//! The end of a command.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this exit code.
    Exited(u8),
    /// By a signal.
    Signaled(i32),
    /// By its deadline.
    Timeout,
    /// By its limit of memory.
    Memory,
    /// By its limit of processes, where nothing but samples keeps it.
    Processes,
    /// By being ended after this process got a signal, and the command did not end by it.
    Stopped(i32),
}
