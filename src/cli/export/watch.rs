//! `cfn export --watch`: exports again whenever the database has changed.

use std::thread;
use std::time::Duration;

use super::text;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::interruption::Interruption;
use crate::model::{Exit, Revision, Tables};
use crate::ops::{self, Export, ExportReport};
use crate::store::Store;

/// Pause between looks at the database: reading its revision takes microseconds.
const PAUSE: Duration = Duration::from_millis(200);

/// Maximum pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Runs until a signal ends it, which is a good end. After a first export nothing else ends it: not a busy, replaced or
/// damaged database, nor something in the way.
pub(super) fn run(context: &Context, request: &Export) -> Result<Exit, Failure> {
    let interruption = Interruption::listen()?;
    let mut watch = Watch { context, request, store: Some(context.open_long_lived(Access::Read)?), applied: None };
    let mut is_first = true;
    let (mut pause, mut said) = (PAUSE, String::new());
    while !interruption.stopped() {
        match watch.look() {
            Ok(()) => (pause, said, is_first) = (PAUSE, String::new(), false),
            Err(failure) if is_first && failure.code != Exit::Busy => return Err(failure),
            Err(failure) => {
                // The file may have been replaced, or be repaired.
                (watch.store, watch.applied) = (None, None);
                pause = (pause * 2).min(LONGEST_PAUSE);
                if failure.message != said {
                    context.output.warn(&failure.message);
                    said = failure.message;
                }
            }
        }
        sleep(pause, &interruption);
    }
    Ok(Exit::Done)
}

/// Sleeps, but not longer than a moment after a signal.
fn sleep(pause: Duration, interruption: &Interruption) {
    let mut left = pause;
    while !left.is_zero() && !interruption.stopped() {
        let part = left.min(PAUSE);
        thread::sleep(part);
        left -= part;
    }
}

struct Watch<'a> {
    context: &'a Context,
    request: &'a Export,
    store: Option<Box<dyn Store>>,
    /// The revision that is exported; `None` if none is.
    applied: Option<Revision>,
}

impl Watch<'_> {
    /// Exports if the database has changed.
    fn look(&mut self) -> Result<(), Failure> {
        let store = match &mut self.store {
            Some(store) => store,
            None => self.store.insert(self.context.open_long_lived(Access::Read)?),
        };
        // Before the export, so that a change meanwhile is seen next time.
        let revision = store.read()?.revision(Tables::Catalogue)?;
        if revision.is_some() && revision == self.applied {
            return Ok(());
        }
        let report = ops::export(store.as_mut(), self.request)?;
        self.report(&report)?;
        if let Some(refusal) = report.refusal() {
            return Err(refusal.into());
        }
        self.applied = revision;
        Ok(())
    }

    fn report(&self, report: &ExportReport) -> Result<(), Failure> {
        if report.changes() || !report.is_complete() && self.applied.is_none() {
            text::say(self.context.output, &report.left_out, &report.notes, &report.unmapped);
            text::remarks(self.context.output, report);
        }
        if report.changes() {
            self.context.output.answer(report)?;
        }
        Ok(())
    }
}
