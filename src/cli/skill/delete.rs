//! `cfn skill delete`.

use clap::builder::NonEmptyStringValueParser;

use crate::cli::approval::decider;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, SkillName, Visible};
use crate::ops::{self, Delete, DeleteReport, DeletedSkill};

/// Delete skills, with their versions, decisions, mappings and usage
///
/// The history of the name keeps who deleted what, and why. Bytes that were rejected or revoked remain refused, also
/// for other skills. To stop serving a skill and keep its record, use 'cfn skill archive'.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill delete mysql-tuning --yes --reason 'a copy of postgresql'
  cfn skill delete mysql-tuning old-style --dry-run
  cfn skill history mysql-tuning")]
pub(super) struct Args {
    /// Names of the skills
    #[arg(required = true, value_name = "SKILL_NAME")]
    skill_names: Vec<SkillName>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Reason, recorded in the history
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: Option<String>,
    /// Who deletes them [env: CFN_APPROVER] [default: git's global user.email, else the system user]
    #[arg(long, value_name = "WHO", value_parser = NonEmptyStringValueParser::new())]
    approver: Option<String>,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let actor = decider(context, args.approver.as_deref())?;
    let request =
        Delete { names: &args.skill_names, actor: &actor, reason: args.reason.as_deref(), dry_run: args.dry_run };
    let mut store = context.open(Access::Write)?;
    if !args.yes && !args.dry_run {
        let report = ops::delete(store.as_mut(), context.clock, &Delete { dry_run: true, ..request.clone() })?;
        let what: Vec<String> = report.skills.iter().map(described).collect();
        context.confirm(&format!("this would delete {}", what.join("; ")))?;
    }
    let report = ops::delete(store.as_mut(), context.clock, &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

/// `jwt: 2 versions, 1 decision, 3 mappings, 40 usage rows`
fn described(it: &DeletedSkill) -> String {
    format!(
        "{}: {}, {}, {}, {}",
        Visible(&it.name),
        counted(it.versions, "version"),
        counted(it.decisions, "decision"),
        counted(it.mappings, "mapping"),
        counted(it.usage_rows, "usage row")
    )
}

impl Report for DeleteReport {
    fn text(&self, page: &mut Page) {
        let dry = if self.dry_run { "dry run: " } else { "" };
        for it in &self.skills {
            page.line(format!("{dry}deleted {}", described(it)));
            for hash in &it.refused {
                let hash = hash.get(..12).unwrap_or(hash);
                page.line(format!("  - the rejected bytes {} remain refused", Visible(hash)));
            }
        }
    }
}
