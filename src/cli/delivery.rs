//! What a command does about the workflow database after its commit: it starts a delivery in the background, and never waits
//! for it.

use std::env;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::context::{Context, Database};
use crate::model::Visible;
use crate::ops::{self, NextStep};
use crate::process::start_in_background;
use crate::regular_file;
use crate::settings::{BadSetting, Queued};

/// What the name of the lock has after that of the database.
const LOCK: &str = "-sync.lock";

/// Held while a process delivers in the background; given back when it ends, however it ends.
pub(super) struct Turn {
    _file: File,
}

impl Turn {
    /// The turn, unless another process has it, or there can be no such file: then nothing is delivered in the background.
    pub(super) fn take(database: &Path) -> Option<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push(LOCK);
        let file = regular_file::open_beside(Path::new(&path), OpenOptions::new().create(true).append(true)).ok()?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
        Some(Self { _file: file })
    }
}

/// Sees to it that what a command queued is delivered.
pub(super) fn start(context: &Context, store: &mut Database) {
    Started::default().start(context, store);
}

/// The delivery that a process started which stays, and whether it said already that there is none.
#[derive(Debug, Default)]
pub(super) struct Started {
    child: Option<Child>,
    warned: bool,
}

impl Started {
    /// Sees to it that what waits is delivered. The command has done what it was asked, so nothing here can make it fail.
    pub(super) fn start(&mut self, context: &Context, store: &mut Database) {
        let since = Instant::now();
        if self.still_runs() || matches!(context.settings.queued(), Ok(Queued::Nothing) | Err(_)) {
            return;
        }
        let usable = context.settings.sync_budget().and_then(|budget| {
            // It would fail where nobody sees it.
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

    /// Also takes note of one that ended: a process that stays must not collect them.
    fn still_runs(&mut self) -> bool {
        let runs = self.child.as_mut().is_some_and(|it| matches!(it.try_wait(), Ok(None)));
        if !runs {
            self.child = None;
        }
        runs
    }

    /// Once is enough, however many rows a process logs.
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
    Visible(format!("nothing is delivered to the workflow database: {error}; events are queued")).to_string()
}

/// None where another process delivers: it looks again after giving the turn back, and finds what was committed before this moment.
fn spawn(context: &Context) -> io::Result<Option<Child>> {
    let settings = &context.settings;
    let database = settings.database().map_err(io::Error::other)?;
    if Turn::take(&database).is_none() {
        return Ok(None);
    }
    let arguments = [OsStr::new("--quiet"), OsStr::new("--db"), database.as_os_str()];
    let arguments = arguments.into_iter().chain(["sync", "--detached"].map(OsStr::new));
    start_in_background(&env::current_exe()?, arguments, settings.for_delivery()).map(Some)
}
