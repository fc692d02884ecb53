//! `cfn db restore`.

use std::path::{Path, PathBuf};

use crate::cli::context::{Access, Context};
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Argument, Exit, OptionWith, Visible};
use crate::store::{LostDecisions, RestoreReport, StoreError, file_care};

/// Replace the database with a backup, even while others read it
///
/// The backup is checked first, and the previous database is saved beside the new one. Decisions that the backup does not
/// have are lost: bytes that were revoked since then are served again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db restore backups/skills-2026-01-31.db --dry-run
  cfn db restore backups/skills-2026-01-31.db
  cfn db restore backups/skills-2026-01-31.db --replace-damaged")]
pub(super) struct Args {
    /// Backup file
    path: PathBuf,
    /// Replace a missing or damaged database; a damaged one is saved under another name
    #[arg(long)]
    replace_damaged: bool,
    /// Only check the backup, and count the decisions that would be lost
    #[arg(long, conflicts_with = "replace_damaged")]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let from = context.settings.file_of_a_database("the backup", args.path.as_os_str())?;
    let report = match context.open(if args.dry_run { Access::Read } else { Access::Write }) {
        Ok(mut store) => file_care(store.as_mut()).and_then(|it| it.restore(&from, args.dry_run)),
        Err(failure) if args.replace_damaged && failure.may_be_replaced() => context.replace(&from)?,
        Err(failure) => return Err(failure),
    };
    let report = report.map_err(|error| about_backup(error, &from))?;
    context.output.answer(&report)?;
    if let Some(lost) = report.lost_decisions.as_ref().filter(|it| **it != LostDecisions::default()) {
        context.output.warn(&about_lost(context, lost, &report));
    }
    Ok(Exit::Done)
}

/// What is lost, and where one can still look at it.
fn about_lost(context: &Context, lost: &LostDecisions, report: &RestoreReport) -> String {
    let counts = [
        (lost.revocations, "revocation"),
        (lost.rejections, "rejection"),
        (lost.approvals, "approval"),
        (lost.others, "other decision"),
    ];
    let counts: Vec<String> = counts.iter().filter(|it| it.0 > 0).map(|it| counted(it.0, it.1)).collect();
    let of =
        if lost.skills.is_empty() { String::new() } else { format!(" of {}", context.output.several(&lost.skills)) };
    let (what, database) = match &report.previous {
        None => ("would be lost", String::new()),
        Some(kept) => ("lost", format!("{} ", OptionWith("--db", kept.to_string_lossy()))),
    };
    let skill = lost.skills.first().map_or("SKILL", String::as_str);
    format!(
        "{what}: {}{of}, which the backup does not have; see 'cfn {database}skill history {}'",
        counts.join(", "),
        Argument(skill)
    )
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
        let done = if self.dry_run { "dry run: the backup can be restored from" } else { "restored from" };
        page.line(format!("{done} {}", Visible(self.from.to_string_lossy())));
        if let Some(previous) = &self.previous {
            page.line(format!("the previous database was saved to {}", Visible(previous.to_string_lossy())));
        }
    }
}
