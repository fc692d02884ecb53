//! `cfn db migrate`.

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Visible};
use crate::ops::CaptureReport;
use crate::store::MigrateReport;

/// Migrate an older database to the current schema, in place
///
/// Every command does this when it opens an older database: in one transaction, after a backup beside the file.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db migrate
  cfn db migrate --db old-project/.claude/skills-database/skills.db --json")]
pub(super) struct Args {}

#[derive(Debug, Serialize)]
struct Migrated {
    #[serde(flatten)]
    schema: MigrateReport,
    contents: CaptureReport,
}

pub(super) fn run(context: &Context, _args: &Args) -> Result<Exit, Failure> {
    let (schema, contents) = context.adopt()?;
    context.output.answer(&Migrated { schema, contents })?;
    Ok(Exit::Done)
}

impl Report for Migrated {
    fn text(&self, page: &mut Page) {
        let Some(from) = &self.schema.from else {
            return page.line(format!("the schema is {} already", self.schema.to));
        };
        page.line(format!("schema {from} to {}", self.schema.to));
        if let Some(backup) = &self.schema.backup {
            page.line(format!("backup: {}", Visible(backup.to_string_lossy())));
        }
        for added in &self.schema.added {
            page.line(format!("added {added}"));
        }
        for dropped in &self.schema.dropped {
            page.line(format!("dropped redundant index {dropped}"));
        }
        if self.schema.carried_forward > 0 {
            page.line(format!("{} active skills carried forward with an approval", self.schema.carried_forward));
        }
        super::capture::text(&self.contents, page);
    }
}
