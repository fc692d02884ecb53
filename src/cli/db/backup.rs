//! `cfn db backup`.

use std::path::PathBuf;

use crate::cli::Verdict;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::Visible;
use crate::store::{BackupReport, Maintenance};

/// Copy the database, safely under writers
///
/// Copying skills.db alone loses what is in its write-ahead log; this does not. The copy appears whole or not at all.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db backup backups/skills-$(date +%F).db")]
pub(super) struct Args {
    /// Where the copy goes; a file that is there is replaced
    path: PathBuf,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    let to = context.settings.file_of_a_database("the backup", args.path.as_os_str())?;
    let report = context.open(Access::Read)?.backup(&to)?;
    context.output.answer(&report)?;
    Ok(Verdict::Done)
}

impl Report for BackupReport {
    fn text(&self, page: &mut Page) {
        page.line(format!("{} ({} bytes)", Visible(self.path.to_string_lossy()), self.size_bytes));
    }
}
