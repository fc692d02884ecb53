//! `cfn skill validate`.

use std::path::PathBuf;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Visible};
use crate::ops::{self, ValidateReport};
use crate::skill_file::Severity;

/// Validate a skill file, or all below a folder, against the Agent Skills format
///
/// By default, only files that cannot be used are errors. Files beside SKILL.md are checked too: what belongs to the
/// skill must be regular files, or links inside its folder. Exits 1 on an error.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill validate skills/pdf/SKILL.md
  cfn skill validate skills --strict")]
pub(super) struct Args {
    /// File or folder
    path: PathBuf,
    /// Report every deviation from the specification as an error
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let report = ops::validate(&context.files()?, &args.path, args.strict)?;
    context.output.answer(&report)?;
    Ok(Exit::done_if(report.invalid == 0, Exit::Input))
}

impl Report for ValidateReport {
    fn text(&self, page: &mut Page) {
        for file in &self.files {
            let path = Visible(file.path.to_string_lossy());
            for finding in &file.findings {
                let label = if finding.kind == Severity::Error { "error" } else { "warning" };
                let line = finding.line.map_or_else(String::new, |it| format!(":{it}"));
                page.line(format!("{path}{line}: {label}: {}", Visible(&finding.reason)));
            }
            if let Some(why) = &file.unreadable {
                page.line(format!("{path}: error: {}", Visible(why)));
            }
        }
        page.line(format!("{}, {} with errors", counted(self.files.len(), "file"), self.invalid));
    }
}
