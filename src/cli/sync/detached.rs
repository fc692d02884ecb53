//! The delivery that other commands start: in a session of its own, silent, one process at a time.

use std::fs::{File, OpenOptions};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::cli::Verdict;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::ops::{self, NextStep};
use crate::regular_file;

/// What the name of the lock has after that of the database.
const LOCK: &str = "-sync.lock";

/// Held while a process delivers in the background; given back when it ends, however it ends.
pub(in crate::cli) struct Turn {
    _file: File,
}

impl Turn {
    /// The turn, unless another process has it. Where there can be no file, everybody has it: that is slower, not wrong.
    pub(in crate::cli) fn take(context: &Context) -> Option<Self> {
        let mut path = context.settings.database.clone().into_os_string();
        path.push(LOCK);
        let file = regular_file::open_beside(Path::new(&path), OpenOptions::new().create(true).append(true)).ok()?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
        Some(Self { _file: file })
    }
}

/// Delivers as long as anything waits. The turn is given back before the last look: who queued something and found the turn
/// taken relies on it.
pub(super) fn run(context: &Context) -> Result<Verdict, Failure> {
    // A terminal that closes must not end it; where that fails, it leads a session already.
    let _ = rustix::process::setsid();
    let mut store = context.open_long_lived(Access::Write)?;
    while ops::next_step(&mut store, context.clock)? == NextStep::Deliver {
        let Some(turn) = Turn::take(context) else { break };
        ops::sync(&mut store, context.clock, &mut || context.workflow(), &mut |_| {})?;
        drop(turn);
    }
    Ok(Verdict::Done)
}
