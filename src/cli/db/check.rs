//! `cfn db check`.

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Visible};
use crate::ops::{self, CareReport};

/// Check for damage, orphaned rows, and missing or changed content
///
/// Exits 3 if the database is damaged; other problems are warnings. Months of the usage log on other servers are read and compared
/// with what was moved there; exits 9 if such a server cannot be reached.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db check
  cfn db check --json")]
pub(super) struct Args {}

pub(super) fn run(context: &Context, _args: &Args) -> Result<Exit, Failure> {
    let mut store = context.open(Access::Read)?;
    let mut progress = context.output.progress("checking");
    let mut at = |done, all| progress.at(done, all);
    let report = ops::check(store.as_mut(), &context.files()?, &context.project()?, &mut at)?;
    drop(progress);
    context.output.answer(&report)?;
    // Last, since a server may be down while everything here is well.
    ops::verify_months(store.as_mut(), |url, days| Ok::<_, Failure>(context.archive_server(url)?(days)?))?;
    Ok(Exit::done_if(report.database.damage.is_empty(), Exit::Database))
}

impl Report for CareReport {
    fn text(&self, page: &mut Page) {
        for damage in &self.database.damage {
            page.line(format!("damage: {}", Visible(damage)));
        }
        for warning in &self.database.warnings {
            page.line(format!("warning: {}", Visible(warning)));
        }
        for it in &self.differences {
            page.line(format!("warning: {}: {}", Visible(it.subject.to_string()), Visible(&it.reason)));
        }
        page.line(format!(
            "{} damaged, {}, {} hashed",
            self.database.damage.len(),
            counted(self.database.warnings.len() + self.differences.len(), "warning"),
            counted(self.database.contents_checked, "content")
        ));
    }
}
