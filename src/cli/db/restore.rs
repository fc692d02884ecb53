//! `cfn db restore`.

use std::path::{Path, PathBuf};

use crate::cli::Verdict;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::Visible;
use crate::store::{Maintenance, RestoreReport, StoreError};

/// Replace the database by a backup, safely under readers
///
/// The backup is checked first, and the state before is kept beside the database.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db restore backups/skills-2026-01-31.db
  cfn db restore backups/skills-2026-01-31.db --replace-damaged")]
pub(super) struct Args {
    /// The backup
    path: PathBuf,
    /// Put the backup in the place of a database that is missing or damaged; a damaged one is kept under another name
    #[arg(long)]
    replace_damaged: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    let from = context.settings.file_of_a_database("the backup", args.path.as_os_str())?;
    let report = match context.open(Access::Write) {
        Ok(mut store) => store.restore(&from),
        Err(failure) if args.replace_damaged && failure.may_be_replaced() => context.replace(&from)?,
        Err(failure) => return Err(failure),
    };
    let report = report.map_err(|error| about_backup(error, &from))?;
    context.output.answer(&report)?;
    Ok(Verdict::Done)
}

/// The table's hints are about the database of the run; a backup that is not there or is none needs another.
fn about_backup(error: StoreError, from: &Path) -> Failure {
    let hint = "Name a file that 'cfn db backup' wrote; the database was not changed.";
    match &error {
        StoreError::Missing { path } if path == from => {
            let message = format!("there is no backup at {}", path.display());
            Failure::new(2, "file_unreadable", message, hint)
        }
        StoreError::NotADatabase { path, .. } | StoreError::Corrupt { path, .. } if path == from => {
            let failure = Failure::from(error);
            Failure::new(failure.code, failure.kind, failure.message, hint)
        }
        _ => error.into(),
    }
}

impl Report for RestoreReport {
    fn text(&self, page: &mut Page) {
        page.line(format!("restored from {}", Visible(self.from.to_string_lossy())));
        if let Some(previous) = &self.previous {
            page.line(format!("the state before is in {}", Visible(previous.to_string_lossy())));
        }
    }
}
