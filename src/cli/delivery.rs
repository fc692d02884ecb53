//! What a command does about the workflow database after its commit: it starts a delivery in the background, and never waits
//! for it.

use std::cell::{Cell, RefCell};
use std::env;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::context::{Context, Database};
use super::sync::Turn;
use crate::ops::{self, NextStep};

/// The delivery that this process started, and whether it said already that there is none.
#[derive(Debug, Default)]
pub(super) struct Started {
    child: RefCell<Option<Child>>,
    warned: Cell<bool>,
}

impl Context {
    /// Sees to it that what waits is delivered. The command has done what it was asked, so nothing here can make it fail.
    pub(super) fn deliver_later(&self, store: &mut Database) {
        let workflow = &self.settings.workflow;
        let since = Instant::now();
        if !workflow.enabled || workflow.budget.is_zero() || self.started.still_runs() {
            return;
        }
        match ops::next_step(store, self.clock) {
            Ok(NextStep::LeaveAlone) => self.started.warn(self),
            // Who has the turn looks again after giving it back, and finds what was committed before this moment.
            Ok(NextStep::Deliver) if since.elapsed() < workflow.budget && Turn::take(self).is_some() => {
                self.started.start(self);
            }
            Ok(NextStep::Nothing | NextStep::Deliver) => {}
            Err(error) => tracing::debug!(%error, "no delivery was started"),
        }
    }
}

impl Started {
    /// Also takes note of one that ended: a process that stays must not collect them.
    fn still_runs(&self) -> bool {
        let mut child = self.child.borrow_mut();
        let runs = child.as_mut().is_some_and(|it| matches!(it.try_wait(), Ok(None)));
        if !runs {
            *child = None;
        }
        runs
    }

    /// Once is enough, however many rows a process logs.
    fn warn(&self, context: &Context) {
        if !self.warned.replace(true) {
            let message = "the workflow database cannot be reached; what it is to be told waits ('cfn sync status')";
            context.output.warn(message);
        }
    }

    fn start(&self, context: &Context) {
        let started = env::current_exe().and_then(|program| {
            let mut command = Command::new(program);
            command.arg("--quiet").arg("--db").arg(&context.settings.database).args(["sync", "--detached"]);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
        });
        match started {
            Ok(child) => *self.child.borrow_mut() = Some(child),
            Err(error) => tracing::debug!(%error, "no delivery could be started"),
        }
    }
}
