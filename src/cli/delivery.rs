//! Starts a background delivery to the workflow database after a commit. The command never waits for it.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::context::Context;
use crate::database_note::DatabaseNote;
use crate::model::{Location, Visible};
use crate::ops::{self, NextStep};
use crate::process::start_in_background;
use crate::settings::{BadSetting, Queued};
use crate::store::Store;

/// Suffix of the lock file's name, after the database's.
const LOCK: &str = "-sync.lock";

/// The lock of the one process that delivers in the background. The kernel releases it when the process ends.
pub(super) struct Turn {
    _file: File,
}

impl Turn {
    /// Takes the lock. `None` if another process holds it or the file cannot be created; then nothing is delivered in
    /// the background.
    pub(super) fn take(database: &Location) -> Option<Self> {
        let file = DatabaseNote::of(database, LOCK)?.edit_or_create().ok()?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
        Some(Self { _file: file })
    }
}

/// Starts a delivery of the events that a command queued.
pub(super) fn start(context: &Context, store: &mut dyn Store) {
    Started::default().start(context, store);
}

/// The delivery started by a long-lived process, and whether it has warned that none can be started.
#[derive(Debug, Default)]
pub(super) struct Started {
    child: Option<Child>,
    warned: bool,
}

impl Started {
    /// Starts a delivery if events are queued. It cannot fail: the command's own work is already committed.
    pub(super) fn start(&mut self, context: &Context, store: &mut dyn Store) {
        let since = Instant::now();
        if self.still_runs() || matches!(context.settings.queued(), Ok(Queued::Nothing) | Err(_)) {
            return;
        }
        let usable = context.settings.sync_budget().and_then(|budget| {
            // In the background, the error would go unseen.
            context.settings.workflow_server().map(|_| budget)
        });
        match (usable, ops::next_step(store, context.clock)) {
            (_, Ok(NextStep::Nothing)) | (Ok(Duration::ZERO), _) => {}
            (Err(error), Ok(_)) => self.warn(context, &cannot_start(&error)),
            (Ok(_), Ok(NextStep::BackOff)) => {
                self.warn(context, "the workflow database cannot be reached; events are queued ('cfn sync status')");
            }
            (Ok(budget), Ok(NextStep::Deliver)) => {
                if since.elapsed() < budget {
                    self.spawn(context);
                }
            }
            (_, Err(error)) => tracing::debug!(%error, "no delivery was started"),
        }
    }

    /// Also reaps a child that ended: a long-lived process must not collect zombies.
    fn still_runs(&mut self) -> bool {
        let runs = self.child.as_mut().is_some_and(|it| matches!(it.try_wait(), Ok(None)));
        if !runs {
            self.child = None;
        }
        runs
    }

    /// Warns once per process, however many rows it logs.
    fn warn(&mut self, context: &Context, message: &str) {
        if !std::mem::replace(&mut self.warned, true) {
            context.output.warn(message);
        }
    }

    fn spawn(&mut self, context: &Context) {
        match spawn(context) {
            Ok(child) => self.child = child,
            Err(error) => tracing::debug!(%error, "no delivery could be started"),
        }
    }
}

fn cannot_start(error: &BadSetting) -> String {
    Visible(format!("cannot deliver to the workflow database: {error}; events are queued")).to_string()
}

/// `None` if another process is delivering: it looks again after it releases the lock, so it finds everything committed
/// before now.
fn spawn(context: &Context) -> io::Result<Option<Child>> {
    let settings = &context.settings;
    let database = settings.database().map_err(io::Error::other)?;
    if Turn::take(&database).is_none() {
        return Ok(None);
    }
    let arguments = [OsStr::new("--quiet"), OsStr::new("--db"), database.as_argument()];
    let arguments = arguments.into_iter().chain(["sync", "--detached"].map(OsStr::new));
    start_in_background(&env::current_exe()?, arguments, settings.for_delivery()).map(Some)
}
