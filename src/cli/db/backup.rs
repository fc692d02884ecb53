//! `cfn db backup`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::numbers::bytes;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Visible};
use crate::store::{BackupReport, file_care};

/// Copy the database, even while others write to it
///
/// Unlike a copy of skills.db alone, a backup includes the write-ahead log. It appears complete or not at all.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db backup backups/skills-$(date +%F).db
  cfn db backup --all backups/skills.db
  cfn db backup --to backups --keep 7")]
pub(super) struct Args {
    /// File to write; an existing file is replaced
    #[arg(required_unless_present = "to", conflicts_with = "to")]
    path: Option<PathBuf>,
    /// Write to a new file of this folder, named after the database and the time
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Remove all but the newest N of those files, and of the copies that restores and migrations saved beside the
    /// database
    #[arg(long, value_name = "N", requires = "to", conflicts_with = "path")]
    keep: Option<NonZeroUsize>,
    /// Also copy skills-work.db, which holds data that can be made again
    #[arg(long)]
    all: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let typed = args.path.as_ref().or(args.to.as_ref()).map(|it| it.as_os_str()).unwrap_or_default();
    let to = context.settings.file_of_a_database("the backup", typed)?;
    let mut store = context.open(Access::Read)?;
    let care = file_care(store.as_mut())?;
    let mut report = if args.to.is_some() { care.backup_into(&to, args.keep)? } else { care.backup(&to)? };
    if args.all {
        report.work_file = care.backup_work_file(&report.path)?;
    }
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for BackupReport {
    fn text(&self, page: &mut Page) {
        page.line(format!("{} ({})", Visible(self.path.to_string_lossy()), bytes(self.size_bytes)));
        if let Some(work_file) = &self.work_file {
            page.line(Visible(work_file.to_string_lossy()).to_string());
        }
        for removed in &self.removed {
            page.line(format!("removed {}", Visible(removed.to_string_lossy())));
        }
    }
}
