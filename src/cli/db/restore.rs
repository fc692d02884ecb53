//! `cfn db restore`.

use std::path::PathBuf;

use crate::cli::Verdict;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::Visible;
use crate::store::{Maintenance, RestoreReport};

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
    let from = context.settings.current_folder.join(&args.path);
    let report = match context.open(Access::Write) {
        Ok(mut store) => store.restore(&from)?,
        Err(failure) if args.replace_damaged && failure.may_be_replaced() => context.replace(&from)?,
        Err(failure) => return Err(failure),
    };
    context.output.answer(&report)?;
    Ok(Verdict::Done)
}

impl Report for RestoreReport {
    fn text(&self, page: &mut Page) {
        page.line(format!("restored from {}", Visible(self.from.to_string_lossy())));
        if let Some(previous) = &self.previous {
            page.line(format!("the state before is in {}", Visible(previous.to_string_lossy())));
        }
    }
}
