//! `cfn db restore`.

use std::path::{Path, PathBuf};

use crate::cli::context::{Access, Context};
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Visible};
use crate::store::{RestoreReport, StoreError, file_care};

/// Replace the database with a backup, even while others read it
///
/// The backup is checked first, and the previous database is saved beside the new one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db restore backups/skills-2026-01-31.db
  cfn db restore backups/skills-2026-01-31.db --replace-damaged")]
pub(super) struct Args {
    /// Backup file
    path: PathBuf,
    /// Replace a missing or damaged database; a damaged one is saved under another name
    #[arg(long)]
    replace_damaged: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let from = context.settings.file_of_a_database("the backup", args.path.as_os_str())?;
    let report = match context.open(Access::Write) {
        Ok(mut store) => file_care(store.as_mut()).and_then(|it| it.restore(&from)),
        Err(failure) if args.replace_damaged && failure.may_be_replaced() => context.replace(&from)?,
        Err(failure) => return Err(failure),
    };
    let report = report.map_err(|error| about_backup(error, &from))?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

/// Replaces the usual hint, which is about the database and not about the backup.
fn about_backup(error: StoreError, from: &Path) -> Failure {
    let hint = "The database was not changed; name a file that 'cfn db backup' wrote.";
    match &error {
        StoreError::Missing { location } if location.file() == Some(from) => {
            let message = format!("there is no backup at {}", from.display());
            Failure::new(FailureKind::FileUnreadable, message, hint)
        }
        StoreError::NotADatabase { location, .. } | StoreError::Damaged { location, .. }
            if location.file() == Some(from) =>
        {
            Failure::from(error).with_hint(hint)
        }
        _ => error.into(),
    }
}

impl Report for RestoreReport {
    fn text(&self, page: &mut Page) {
        page.line(format!("restored from {}", Visible(self.from.to_string_lossy())));
        if let Some(previous) = &self.previous {
            page.line(format!("the previous database was saved to {}", Visible(previous.to_string_lossy())));
        }
    }
}
